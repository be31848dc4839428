#!/usr/bin/env python3
"""Worker, sidecar and broker are killed at random, each while records wait for their acknowledgement (how many, the log
says): after each kill verify finds every promise kept, and in the end the fills of the topic are the venue's ledger.

  chaos.py [--kills 10] [--seed 1] [--version 3.9.2]      200 and more by hand

Between everybody and the broker stands the simulator's proxy. Before a kill it makes the broker's answers late, so that
there is something to lose: of the worker always, of the sidecar once a sweep repairs what the stream did not tell."""
import argparse
import json
import random
import time

from account_flow import add_accounts, control, missing_and_extra, sidecar, watermark
from flow import Flow, expect, wait_for

ACCOUNT = "kraken:main"
LATE_MS = 150


def unacknowledged(flow, process):
    """Records that the lanes of a process have taken and the broker has not acknowledged."""
    values = flow.metrics(process)
    total = lambda name: sum(value for key, value in values.items() if key.startswith(name + "{"))
    lost = total("millrace_produce_errors_total")
    return int(total("millrace_lane_records_total") - total("millrace_lane_acks_total") - lost)


class Chaos:
    def __init__(self, flow, seed):
        self.flow = flow
        self.random = random.Random(seed)
        self.number = 0
        self.counts = {"worker": 0, "sidecar": 0, "broker": 0}
        self.in_flight = 0
        self.slowest = dict.fromkeys(self.counts, 0.0)
        self.worker = flow.ingest()
        self.watcher = sidecar(flow)

    def acked(self):
        return self.flow.metric(self.worker, "millrace_lane_acks_total")

    def run_on(self, records):
        """Until the broker has acknowledged so many more."""
        before = self.acked()
        wait_for(f"{records} more records", lambda: self.acked() >= before + records, 90)

    def answers_late(self, late):
        self.flow.control("/proxy/kafka", {"kind": "clear"})
        if late:
            self.flow.control("/proxy/kafka", {"kind": "delay", "direction": "down", "ms": LATE_MS})

    def something_to_lose(self, process, most):
        """Waits until it has a number of records in flight that chance chooses, and says how many there are."""
        wanted = self.random.randint(1, most)

        def enough():
            count = unacknowledged(self.flow, process)
            return count if count >= wanted else None
        return wait_for(f"{process.name} has {wanted} records in flight", enough, 60, step=0.01)

    def kill_worker(self):
        count = self.something_to_lose(self.worker, 60)
        self.worker.kill()
        self.answers_late(False)
        begun = time.monotonic()
        self.worker = self.flow.ingest(name=f"ingest-{self.number}")
        self.run_on(1)
        return count, time.monotonic() - begun

    def kill_sidecar(self):
        # Fills that the stream does not tell: the next sweep publishes them.
        control(self.flow, ACCOUNT, "knobs", lose=1)
        control(self.flow, ACCOUNT, "burst", count=50)
        control(self.flow, ACCOUNT, "knobs", lose=0)
        count = self.something_to_lose(self.watcher, 10)
        self.watcher.kill()
        self.answers_late(False)
        begun = time.monotonic()
        self.watcher = sidecar(self.flow, "--take-over", name=f"sidecar-{self.number}")
        known = watermark(self.flow, "kraken")
        wait_for("the watermark moves on", lambda: watermark(self.flow, "kraken") > known, 90, step=0.2)
        return count, time.monotonic() - begun

    def kill_broker(self):
        count = self.something_to_lose(self.worker, 60)
        self.flow.kafka("kill", 1)
        self.answers_late(False)
        begun = time.monotonic()
        self.flow.kafka("up")
        self.run_on(1)
        return count, time.monotonic() - begun

    def kill(self, victim):
        self.number += 1
        self.run_on(self.random.randrange(1, 400))
        self.answers_late(True)
        count, seconds = getattr(self, f"kill_{victim}")()
        self.run_on(100)
        report = self.flow.verify()
        expect(report["lost"] == 0 and report["undeclared_gaps"] == 0, f"after kill {self.number}: {report}")
        self.counts[victim] += 1
        self.in_flight += count
        self.slowest[victim] = max(self.slowest[victim], seconds)
        print(f"kill {self.number}: {victim}, {count} records in flight, back in {seconds:.1f} s; verify: "
              f"{report['records']} records, 0 lost, {report['duplicates']} twice", flush=True)

    def settle(self):
        """Quiet venue, one more sweep, then the comparison."""
        control(self.flow, ACCOUNT, "knobs", rate=0)
        last = control(self.flow, ACCOUNT, "ledger")["time_ns"]
        wait_for("a watermark past the last fill", lambda: watermark(self.flow, "kraken") > last, 120, step=0.5)
        missing, extra, fills = missing_and_extra(self.flow, "kraken", "main")
        expect(not missing and not extra, f"missing {missing[:3]} of {len(missing)}, extra {extra[:3]} of {len(extra)}")
        expect(self.worker.stop() == 0 and self.watcher.stop() == 0, "both end cleanly")
        return fills


def start(flow):
    """Everything by the proxy: the broker sends its clients there."""
    add_accounts(flow, ACCOUNT, knobs=["limits=0"], proxies=[f"kafka={flow.brokers}"],
                 market=("--venues", "kraken,binance-spot", "--instruments", 3, "--rate", 600))
    through = flow.venues["proxies"]["kafka"]
    flow.kafka("advertise", through.rsplit(":", 1)[1])
    flow.edit_config(lambda text: text.replace(flow.brokers, through).replace(
        "    sidecar_keys:", "    poll_healthy_s: 1\n    safety_lag_s: 1\n"
                             "    limits: {rest_weight_per_minute: 60000}\n    sidecar_keys:"))
    flow.brokers = through


parser = argparse.ArgumentParser()
parser.add_argument("--kills", type=int, default=10)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--version", default=None)
options = parser.parse_args()

with Flow("chaos", version=options.version) as flow:
    start(flow)
    chaos = Chaos(flow, options.seed)
    control(flow, ACCOUNT, "knobs", rate=10)
    wait_for("a first watermark", lambda: watermark(flow, "kraken"), 60)
    for number in range(options.kills):
        # Each once in the beginning, so that a short run has all three.
        first = ["worker", "sidecar", "broker"][number:number + 1]
        chaos.kill(first[0] if first else chaos.random.choice(list(chaos.counts)))
    fills = chaos.settle()
    report = flow.verify("--expect", "kraken/recovery/main")
    print(json.dumps({"kills": chaos.counts, "in_flight": chaos.in_flight, "records": report["records"],
                      "lost": report["lost"], "duplicates": report["duplicates"], "resent": report["resent"],
                      "fills": fills, "missing": 0, "extra": 0,
                      "slowest_s": {who: round(seconds, 1) for who, seconds in chaos.slowest.items()}}))
