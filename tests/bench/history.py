#!/usr/bin/python3
"""Measures history replay: tests/bench/history.py [--events N] [--json] [--keep]

Ingests N market events of the mix into a real broker, then reads them: `kcat` from the topics, `millrace replay` from the
topics as protobuf. Each number is the best of --runs in this one run; ratios are what counts.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import time

from bench_paths import ROOT
import chain

sys.path.insert(0, str(ROOT / "tests/flow"))
from flow import BIN, Flow, expect, wait_for  # noqa: E402


def fill(flow, events):
    """So many events in the topics, through the worker."""
    worker = chain.mix_worker(flow, 0)
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


def replay(flow, *options):
    row = timed([BIN, "replay", "--brokers", flow.brokers, "--prefix", flow.prefix, "--format", "proto", *options])
    row["summary"] = json.loads(row.pop("error").strip().splitlines()[-1])
    return row


def best(runs, measure):
    return min((measure() for _ in range(runs)), key=lambda row: row["seconds"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with Flow("bench_history") as flow:
        fill(flow, options.events)
        print(flow.brokers, flow.prefix, file=sys.stderr)
        if os.environ.get("HOLD"):
            sys.stdin.read()
        bare = best(options.runs, lambda: kcat(flow))
        ours = best(options.runs, lambda: replay(flow, "--topics"))
    records = ours["summary"]["records"]
    print(json.dumps({"records": records, "kcat": bare, "replay": ours}, indent=1))


if __name__ == "__main__":
    main()
