#!/usr/bin/env python3
"""A venue's connections are doubled (hot_standby): whichever of the two ends, and however, and whatever one of them
leaves out, no update is missing and none is published twice. verify says so, and a consumer that shares nothing with
it."""
import json

from flow import LONG, Flow, expect, wait_for
from independent import count

VENUE = "binance-spot"
INSTRUMENTS = 4
DATASETS = ("book", "bbo", "trade")
ENDS = [{"kind": "close"}, {"kind": "rst"}, {"kind": "rst"}] + [{"kind": "half_open"}] * LONG  # noticed after 25 s
LEFT_OUT = ({"kind": "drop"}, {"kind": "gap", "count": 20}, {"kind": "truncated_json"})
LEAST_TAKEN_OVER = 2  # of the ends; the others strike the connection that stands by


class Standby(Flow):
    def begin(self):
        self.sim("--venues", VENUE, "--instruments", INSTRUMENTS, "--rate", 400, "--seed", 5, "--turns")
        self.edit_config(lambda text: text.replace("    symbols:", "    hot_standby: true\n    symbols:"))
        self.worker = self.ingest()
        wait_for("every stream is live", lambda: self.of("millrace_streams", state="LIVE") == INSTRUMENTS * len(DATASETS))
        self.frames_flow()

    def of(self, name, **labels):
        return self.metric(self.worker, name, venue=VENUE, **labels)

    def event(self, name):
        return self.of("millrace_connection_events_total", event=name)

    def log(self):
        return [json.loads(line) for line in self.control("/log").splitlines()]

    def frames_flow(self):
        frames = lambda: self.of("millrace_frames_total", via="ws")
        before = frames()
        wait_for("frames flow", lambda: frames() > before + 800)

    def strike(self, fault):
        before = len(self.log())
        self.control("/fault", {"venue": VENUE, "symbol": "", **fault})
        wait_for(f"{fault} strikes", lambda: len(self.log()) > before)


with Standby("hot_standby") as flow:
    flow.begin()
    for fault in LEFT_OUT:
        for channel in ("book", "trade"):
            flow.strike({**fault, "channel": channel})
            flow.frames_flow()
    for fault in ENDS:
        connected = flow.of("millrace_reconnects_total")
        flow.strike(fault)
        wait_for(f"{fault} ends a connection", lambda: flow.of("millrace_reconnects_total") > connected)
        flow.frames_flow()
    flow.strike({"kind": "close", "code": 1008})  # the last one: the host is left alone for a while
    flow.frames_flow()
    expect(flow.event("taken_over") >= LEAST_TAKEN_OVER, f"the other one took over {flow.event('taken_over')} times")
    expect(flow.of("millrace_gaps_total", kind="VENUE") == 0, "no hole was declared, as there is none")
    expect(flow.worker.stop() == 0, f"the worker ends cleanly: {flow.worker.tail()}")
    report = flow.verify()
    expect(report["declared_gaps"] == 0 and report["duplicates"] == 0, f"verify finds {report}")
    seen = count(flow.brokers, [f"{flow.prefix}.market.{VENUE}.{dataset}.v1" for dataset in DATASETS])
    expect(seen["lost"] == 0, f"the independent consumer misses {seen}")
