#!/usr/bin/env python3
"""Socket to Kafka to verify: Kraken and Binance from the simulator, every stream arrives and every book is right. Beside
it, verify follows: from before the first record until none has come for a while, and for a given time."""
import json

from flow import Flow, expect, wait_for


def read_report(follower):
    """The report of a verify that ended by itself."""
    status = follower.wait(60)
    expect(status == 0, f"{follower.name} finds nothing wrong: {follower.out.read_text()[:2000]}{follower.tail()}")
    return json.loads(follower.out.read_text())


with Flow("thin_slice") as flow:
    flow.sim("--instruments", 5, "--rate", 500, "--seed", 1)
    where = "--brokers", flow.brokers, "--prefix", flow.prefix, "--config", flow.config
    follower = flow.start("follower", "verify", *where, "--json", "--until-idle-ms", 15000)
    worker = flow.ingest()
    wait_for("5,000 records", lambda: flow.metric(worker, "millrace_records_total") > 5000)
    # What was there when reading began is read to its end, however short the time.
    soon = flow.verify("--until", 1)
    expect(soon["records"] > 4000, f"the verdict is on what was there: {soon['records']} records")
    expect(follower.child.poll() is None, "verify follows while records come")
    expect(worker.stop() == 0, "the worker ends cleanly")
    report = flow.verify()
    expect(report["records"] > 5000 and report["books_checked"] > 0, f"enough was checked: {report}")
    expect(report["lost"] == 0 and report["declared_gaps"] == 0, f"nothing is missing: {report}")
    expect(read_report(follower)["records"] == report["records"], "who followed has read the same")
    print({key: value for key, value in report.items() if not isinstance(value, (list, dict))})
