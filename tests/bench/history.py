#!/usr/bin/python3
"""Measures history replay: tests/bench/history.py [--events N] [--runs N]

Ingests N market events of the mix into a real broker and a journal beside it, then reads them: `kcat` the topics, `cat`
the journal's files, `millrace replay` both as protobuf. Each number is the best of --runs; ratios are what counts. Then
it replays the first fifth and half of the range: peak memory must not grow with what is replayed.
"""
import argparse
import json
import os
import subprocess
import sys
import time

from bench_paths import ROOT
import chain

sys.path.insert(0, str(ROOT / "tests/flow"))
from flow import BIN, Flow, expect, wait_for  # noqa: E402


def fill(flow, events, journal):
    """So many events in the topics and the journal, through the worker."""
    chain.simulate(flow, 0)
    flow.edit_config(lambda text: text.replace("    symbols:", "    limits: {rest_weight_per_minute: 1000000}\n    symbols:")
                     + f"\njournal: {{dir: {journal}, archive: true}}\n")
    worker = flow.ingest()
    wait_for(f"{events} records", lambda: flow.metric(worker, "millrace_lane_acks_total") >= events, 1800, step=0.5)
    expect(worker.stop(120) == 0, "the worker ends cleanly")
    flow.simulator.stop()


def timed(command, **options):
    """Seconds, peak resident bytes and standard error of a child whose output goes nowhere."""
    begun = time.monotonic()
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
    error = child.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(child.pid, 0)
    expect(status == 0, f"{command[0]}: {error[-2000:]}")
    return {"seconds": time.monotonic() - begun, "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "resident_bytes": usage.ru_maxrss * 1024, "error": error}


def market_topics(flow):
    listed = json.loads(flow.run("topics", "list", "--brokers", flow.brokers, "--prefix", flow.prefix, "--json").stdout)
    return [row["topic"] for row in listed["topics"] if ".market." in row["topic"]]


def kcat(flow):
    """Reads every market topic, one after the other, as fast as kcat can print nothing but values."""
    rows = [timed(["kcat", "-C", "-q", "-e", "-b", flow.brokers, "-t", topic, "-o", "beginning", "-D", ""])
            for topic in market_topics(flow)]
    return {"seconds": sum(row["seconds"] for row in rows), "cpu_seconds": sum(row["cpu_seconds"] for row in rows)}


def replay(*options):
    row = timed([BIN, "replay", "--format", "proto", *options])
    row["summary"] = json.loads(row.pop("error").strip().splitlines()[-1])
    return row


def best(runs, measure):
    return min((measure() for _ in range(runs)), key=lambda row: row["seconds"])


def peaks(whole, *options):
    """Peak resident bytes of a replay by the number of its events: of the first fifth, the first half, and everything."""
    summary = whole["summary"]
    rows = [replay(*options, "--to", summary["first_ns"] + round(share * (summary["last_ns"] - summary["first_ns"])))
            for share in (0.2, 0.5)]
    return {row["summary"]["records"]: row["resident_bytes"] for row in [*rows, whole]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with Flow("bench_history") as flow:
        journal = flow.dir / "journal"
        fill(flow, options.events, journal)
        segments = sorted(path for path in journal.rglob("*") if ".journal" in path.name)
        topics = ("--topics", "--brokers", flow.brokers, "--prefix", flow.prefix)
        rows = {
            "kcat": best(options.runs, lambda: kcat(flow)),
            "cat": best(options.runs, lambda: timed(["cat", *segments])),
            "topics": best(options.runs, lambda: replay(*topics)),
            "journal": best(options.runs, lambda: replay("--journal", journal)),
        }
        rows["topics"]["resident_bytes_by_records"] = peaks(rows["topics"], *topics)
        rows["journal"]["resident_bytes_by_records"] = peaks(rows["journal"], "--journal", journal)
    slower = max(rows["kcat"]["seconds"], rows["cat"]["seconds"])
    records = rows["topics"]["summary"]["records"]
    expect(rows["topics"]["summary"]["sha256"] == rows["journal"]["summary"]["sha256"], "the same from both")
    for name, row in rows.items():
        row["events_per_second"] = round(records / row["seconds"])
        row["share_of_slower_read"] = round(slower / row["seconds"], 2)
    print(json.dumps({"records": records, **rows}, indent=1))


if __name__ == "__main__":
    main()
