#!/usr/bin/env python3
"""1,000 Binance instruments on one worker: books become live at the pace that the venue's request weight allows, quotes
and trades of all flow at once, and no limit is broken. Until 100 books are live; until all are in the long run."""
import json
import time

from flow import LONG, Flow, expect, wait_for

INSTRUMENTS = 1000
BOOKS = INSTRUMENTS if LONG else 100
A_MINUTE = 6000 // 50  # the venue's weight a minute over a snapshot's

with Flow("thousand_instruments") as flow:
    flow.sim("--instruments", INSTRUMENTS, "--rate", 3000, "--seed", 5, "--levels", 100, "--venues", "binance-spot")
    expect("snapshot_levels: 1000" in flow.config.read_text(), "snapshots weigh 50")
    worker = flow.ingest()
    started = time.monotonic()
    live = lambda: flow.metric(worker, "millrace_streams", state="LIVE")
    # Quotes and trades need no snapshot.
    wait_for("quotes and trades of all instruments", lambda: live() >= 2 * INSTRUMENTS, 120)
    print(f"all quotes and trades live after {time.monotonic() - started:.1f} s")
    wait_for(f"{BOOKS} books", lambda: live() >= 2 * INSTRUMENTS + BOOKS, 60 + 60 * BOOKS / A_MINUTE, step=0.5)
    took = time.monotonic() - started
    snapshots = flow.metric(worker, "millrace_rest_requests_total", status="200") - 1
    print(f"{BOOKS} books live after {took:.1f} s, {snapshots:.0f} snapshots")
    for status in ["429", "418", "403"]:
        expect(flow.metric(worker, "millrace_rest_requests_total", status=status) == 0, f"no answer {status}")
    expect(flow.metric(worker, "millrace_reconnects_total") == 0, "no connection was ended")
    expect(flow.metric(worker, "millrace_gaps_total", kind="VENUE") == 0, "no hole")
    venue = json.loads(flow.control("/stats"))["venues"]["binance-spot"]
    expect(venue["refused"] == 0 and venue["slow_clients"] == 0, f"no limit is broken: {venue}")
    expect(worker.stop(120) == 0, "the worker ends cleanly")
    report = flow.verify()
    expect(report["declared_gaps"] == 0 and report["lost"] == 0, f"nothing is missing: {report}")
    expect(report["streams"] >= 3 * INSTRUMENTS, f"every stream was seen: {report['streams']}")
    expect(report["books_checked"] >= BOOKS, f"the live books were checked: {report['books_checked']}")
    print({key: value for key, value in report.items() if not isinstance(value, (list, dict))})
