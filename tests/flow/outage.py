#!/usr/bin/env python3
"""The broker is away for a while under load, and nothing is lost: what memory cannot hold waits in the journal, drains in
order when the broker is back, and the records are live again.

    tests/flow/outage.py [--seconds 45] [--rate 20000]     388 and 600 s by hand
"""
import argparse
import re
import time

from flow import Flow, expect, wait_for

MEMORY_MB = 32

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("--seconds", type=int, default=45, help="how long the broker is away")
options.add_argument("--rate", type=int, default=20000, help="frames a second")
options = options.parse_args()

with Flow("outage") as flow:
    flow.sim("--instruments", 50, "--rate", options.rate, "--seed", 11)
    journal = flow.dir / "journal"

    def configure(text):
        text = re.sub(r"^kafka:\n", f"kafka:\n  memory_limit_mb: {MEMORY_MB}\n", text, flags=re.M)
        return text + f"journal: {{dir: {journal}, limit_mb: 16384}}\n"

    flow.edit_config(configure)
    worker = flow.ingest()
    value = lambda name: flow.metric(worker, name, lane="market")
    wait_for("a warm start", lambda: value("millrace_lane_acks_total") > 2 * options.rate)
    expect(value("millrace_lane_disk_bytes") == 0, "nothing waits on disk while the broker is there")
    before = worker.resident_bytes()

    flow.kafka("kill", 1)
    began = time.monotonic()
    most = [0, 0]  # bytes resident, and on disk

    def is_over():
        most[0] = max(most[0], worker.resident_bytes())
        most[1] = max(most[1], value("millrace_lane_disk_bytes"))
        return time.monotonic() - began >= options.seconds

    wait_for("the outage", is_over, seconds=options.seconds + 60, step=1)
    away = value("millrace_lane_records_total") - value("millrace_lane_acks_total")
    expect(most[1] > 0, "memory did not hold it, so the disk was used")
    flow.kafka("up")
    back = time.monotonic()
    wait_for("the journal drains while the venue goes on", lambda: value("millrace_lane_disk_bytes") == 0,
             seconds=120 + 2 * options.seconds, step=0.5)
    drained = time.monotonic() - back
    spilled = value("millrace_lane_spilled_total")
    acked = value("millrace_lane_acks_total")
    wait_for("records go past the disk again", lambda: value("millrace_lane_acks_total") > acked + 2 * options.rate)
    expect(value("millrace_lane_spilled_total") == spilled, "and none goes by way of it")
    most[0] = max(most[0], worker.resident_bytes())
    resent = value("millrace_lane_resent_total")
    drops = {key: n for key, n in flow.metrics(worker).items() if key.startswith("millrace_drops_total{") and n > 0
             and ('reason="overflow"' in key or 'reason="awaiting_snapshot"' in key)}
    expect(not drops, f"no event was left out for want of room: {drops}")
    expect(flow.metric(worker, "millrace_gaps_total", kind="LOCAL") == 0, "no record of ours is missing")
    # The limit, librdkafka's bookkeeping for its queue (300 B a record), and what the allocator keeps.
    bound = before + MEMORY_MB * 2**20 + 200_000 * 300 + 64 * 2**20
    expect(most[0] < bound, f"memory is bounded: {most[0] / 1e6:.0f} MB, {before / 1e6:.0f} MB before")
    expect(worker.stop() == 0, "the worker ends cleanly")

    report = flow.verify(seconds=300 + 2 * options.seconds)
    summary = {key: value for key, value in report.items() if not isinstance(value, (list, dict))}
    expect(report["lost"] == 0 and report["undeclared_gaps"] == 0, f"no silent loss: {summary}")
    expect(report["out_of_order"] == 0, f"first occurrences in order: {summary}")
    expect(not list(journal.rglob("*.spill")), "the journal is empty again")
    print(f"broker away {options.seconds} s at {options.rate} frames/s: {away:.0f} records waited, {spilled:.0f} of them on "
          f"disk ({most[1] / 1e6:.0f} MB); 0 lost, {resent:.0f} re-sent with a header; drained in {drained:.1f} s; memory "
          f"{before / 1e6:.0f} -> {most[0] / 1e6:.0f} MB")
    print(summary)
