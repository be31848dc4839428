#!/usr/bin/env python3
"""Every fault of the simulator against one worker with Kraken, Binance spot and USD-M.

First the faults of single messages, each on an instrument of its own: the holes that verify finds declared are, stream
by stream, those that the simulator's log calls provable, and nothing else resynchronized. Then, under the next epoch,
the faults of connections and REST requests: only the venue that was hurt may declare anything, and the books are right
in the end.
"""
import collections
import json

from flow import Flow, expect, wait_for

INSTRUMENTS = 10
VENUES = ["kraken", "binance-spot", "binance-usdm"]
STREAMS = 3 * INSTRUMENTS  # a venue's: book, bbo and trade of each instrument
MESSAGE_FAULTS = ["drop", "gap", "reorder", "duplicate", "bad_json", "truncated_json", "wrong_type", "fragment"]


class Faults(Flow):
    """Orders faults and waits for what must follow."""

    ordered = 0

    def fault(self, kind, venue, **more):
        answer = json.loads(self.control("/fault", {"kind": kind, "venue": venue, **more}))
        expect(answer.get("ok"), f"the simulator takes {kind}: {answer}")
        self.ordered += 1

    def log(self):
        return [line for line in map(json.loads, self.control("/log").splitlines()) if "kind" in line]

    def wait_struck(self):
        wait_for("every fault strikes", lambda: len(self.log()) >= self.ordered, 30)

    def live(self, worker, *venues):
        return all(self.metric(worker, "millrace_streams", venue=venue, state="LIVE") == STREAMS for venue in venues)

    def wait_live(self, worker, *venues, seconds=30):
        wait_for(f"all streams of {', '.join(venues)} are live", lambda: self.live(worker, *venues), seconds)

    def gaps(self, worker, **labels):
        return self.metric(worker, "millrace_gaps_total", kind="VENUE", **labels)

    def symbols(self, venue):
        return self.venues["venues"][venue]["symbols"]


def key_of(line):
    return line["venue"], line["dataset"], line["symbol"]


def message_faults(flow):
    """One fault of each kind for a book, a trade and a quote stream of each venue."""
    worker = flow.ingest()
    flow.wait_live(worker, *VENUES)
    for venue in VENUES:
        for kind, symbol in zip(MESSAGE_FAULTS, flow.symbols(venue)):
            for channel in ["book", "bbo", "trade"]:
                flow.fault(kind, venue, symbol=symbol, channel=channel)
    flow.fault("bad_checksum", "kraken", symbol=flow.symbols("kraken")[len(MESSAGE_FAULTS)], channel="book")
    flow.wait_struck()
    provable = [line for line in flow.log() if line["shows"] == "yes"]
    wait_for("the holes are declared", lambda: flow.gaps(worker) >= len(provable), 30)
    flow.wait_live(worker, *VENUES)
    expect(flow.metric(worker, "millrace_reconnects_total") == 0, "no message costs a connection")
    expect(worker.stop() == 0, "the worker ends cleanly")
    return worker


def compare_with_log(flow, report):
    """Each stream has as many declared holes as its log shows; what only may show, at most."""
    least, most = collections.Counter(), collections.Counter()
    for line in flow.log():
        least[key_of(line)] += line["shows"] == "yes"
        most[key_of(line)] += line["shows"] in ("yes", "maybe")
    for stream in report["per_stream"]:
        key = stream["venue"], stream["dataset"], stream["symbol"]
        kinds = [line["kind"] for line in flow.log() if key_of(line) == key]
        expect(least[key] <= stream["declared_gaps"] <= most[key],
               f"{key} with {kinds}: {stream['declared_gaps']} holes declared, the log shows {least[key]} to {most[key]}")
    print(f"{sum(least.values())} holes can be shown, {report['declared_gaps']} are declared")


with Faults("faults") as flow:
    flow.sim("--instruments", INSTRUMENTS, "--rate", 1500, "--seed", 11)
    message_faults(flow)
    report = flow.verify()
    compare_with_log(flow, report)
