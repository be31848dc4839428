#!/usr/bin/env python3
"""Five minutes under load, in the long run only: after the first minute memory grows by less than 1 % a minute, and no
hole is declared or found."""
import time

from flow import LONG, Flow, expect, skip, wait_for

MINUTES = 5
if not LONG:
    skip("set MILLRACE_LONG=1")

with Flow("soak") as flow:
    flow.sim("--instruments", 50, "--rate", 5000, "--seed", 9)
    # Many refreshes belong to the load.
    flow.edit_config(lambda text: text.replace("refresh_s: 60", "refresh_s: 20"))
    worker = flow.ingest()
    records = lambda: flow.metric(worker, "millrace_records_total")
    sizes = []
    for minute in range(MINUTES):
        end, before = time.monotonic() + 60, records()
        wait_for("a minute", lambda: time.monotonic() >= end, 90, step=1)
        sizes.append(worker.resident_bytes())
        flowed = records() - before
        print(f"minute {minute + 1}: {sizes[-1] / 1e6:.1f} MB, {flowed:.0f} records", flush=True)
        expect(flowed > 60 * 1000, f"records flow: {flowed}")
    growth = (sizes[-1] / sizes[0]) ** (1 / (MINUTES - 1)) - 1
    expect(growth < 0.01, f"memory grows by {growth:.2%} a minute: {sizes}")
    expect(flow.metric(worker, "millrace_reconnects_total") == 0, "every connection holds")
    expect(worker.stop() == 0, "the worker ends cleanly")
    report = flow.verify()
    expect(report["declared_gaps"] == 0 and report["lost"] == 0, f"nothing is missing: {report}")
    print({key: value for key, value in report.items() if not isinstance(value, (list, dict))})
