#!/usr/bin/env python3
"""Binance closes every connection after 20 s here: ten make-before-break rotations with the same epoch, no gap and no
record published twice."""
from flow import LONG, Flow, expect, wait_for

ROTATIONS = 10
SECONDS = 20 if LONG else 8

with Flow("lifetime") as flow:
    flow.sim("--instruments", 3, "--rate", 300, "--seed", 3, "--lifetime", SECONDS, "--venues", "binance-spot")
    flow.edit_config(lambda text: text.replace("    symbols:", f"    limits: {{lifetime_s: {SECONDS}}}\n    symbols:"))
    worker = flow.ingest()
    wait_for("ten rotations", lambda: flow.metric(worker, "millrace_rotations_total") >= ROTATIONS,
             ROTATIONS * SECONDS + 60, step=0.5)
    expect(worker.stop() == 0, "the worker ends cleanly")
    report = flow.verify()
    expect(report["declared_gaps"] == 0 and report["undeclared_gaps"] == 0, f"no gap: {report}")
    expect(report["duplicates"] == 0 and report["out_of_order"] == 0, f"nothing twice: {report}")
    print({key: value for key, value in report.items() if not isinstance(value, (list, dict))})
