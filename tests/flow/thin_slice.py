#!/usr/bin/env python3
"""Socket to Kafka to verify: Kraken and Binance from the simulator, every stream arrives and every book is right."""
from flow import Flow, expect, wait_for

with Flow("thin_slice") as flow:
    flow.sim("--instruments", 5, "--rate", 500, "--seed", 1)
    worker = flow.ingest()
    wait_for("5,000 records", lambda: flow.metric(worker, "millrace_records_total") > 5000)
    expect(worker.stop() == 0, "the worker ends cleanly")
    report = flow.verify()
    expect(report["records"] > 5000 and report["books_checked"] > 0, f"enough was checked: {report}")
    expect(report["lost"] == 0 and report["declared_gaps"] == 0, f"nothing is missing: {report}")
    print({key: value for key, value in report.items() if not isinstance(value, (list, dict))})
