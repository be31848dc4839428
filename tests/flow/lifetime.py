#!/usr/bin/env python3
"""Binance closes every connection after 20 s here: make-before-break rotations with the same epoch, no gap and no record
published twice. Three of them, ten in the long run."""
from flow import LONG, Flow, expect, wait_for

ROTATIONS = 10 if LONG else 3
SECONDS = 20

with Flow("lifetime") as flow:
    flow.sim("--instruments", 3, "--rate", 300, "--seed", 3, "--limit", f"lifetime_s={SECONDS}",
             "--venues", "binance-spot")
    worker = flow.ingest()
    rotated = lambda: flow.metric(worker, "millrace_connection_events_total", event="rotated")
    wait_for(f"{ROTATIONS} rotations", lambda: rotated() >= ROTATIONS,
             ROTATIONS * SECONDS + 60, step=0.5)
    expect(worker.stop() == 0, "the worker ends cleanly")
    report = flow.verify()
    expect(report["declared_gaps"] == 0 and report["undeclared_gaps"] == 0, f"no gap: {report}")
    expect(report["duplicates"] == 0 and report["out_of_order"] == 0, f"nothing twice: {report}")
    print({key: value for key, value in report.items() if not isinstance(value, (list, dict))})
