#!/usr/bin/env python3
"""A worker without a broker: its records go to a journal, over a SIGKILL and a new start; later they are replayed into Kafka,
all of them, each stream without a hole."""
import json
import re

from flow import Flow, expect, wait_for

with Flow("journal_sink") as flow:
    flow.sim("--instruments", 10, "--rate", 2000, "--seed", 5)
    flow.kafka("kill", 1)
    flow.edit_config(lambda text: re.sub(r"^  brokers:.*\n", "", text, flags=re.M))
    journal = flow.dir / "journal"
    written = lambda worker: flow.metric(worker, "millrace_journal_records_total", lane="market")

    worker = flow.ingest("--journal", journal)
    expect(worker.ready["epoch"] == 1, f"epochs are counted in the folder: {worker.ready}")
    wait_for("records in the journal", lambda: written(worker) > 10000)
    worker.kill()
    worker = flow.ingest("--journal", journal, name="second")
    expect(worker.ready["epoch"] == 2, f"and rise with each start: {worker.ready}")
    wait_for("more of them", lambda: written(worker) > 10000)
    acked = flow.metric(worker, "millrace_lane_acks_total", lane="market")
    expect(acked > 10000, f"what is in the file counts as written: {acked}")
    expect(worker.stop() == 0, "the worker ends cleanly")

    local = flow.run("replay", "--journal", journal)
    records = [json.loads(line) for line in local.stdout.splitlines()]
    last = {}
    for record in records:
        meta = record["meta"]
        key = record["dataset"], meta["venue"], meta["instrument"], meta["epoch"]
        expect(meta["seq"] == last.get(key, 0) + 1, f"a hole before {key} {meta['seq']}")
        last[key] = meta["seq"]
    expect({key[-1] for key in last} == {1, 2}, "both epochs are there")

    flow.kafka("up")
    target = flow.prefix + "-later"
    flow.run("replay", "--journal", journal, "--brokers", flow.brokers, "--to-prefix", target)
    copies = flow.run("replay", "--topics", "--brokers", flow.brokers, "--prefix", target)
    summary = json.loads(copies.stderr.strip().splitlines()[-1])
    expect(summary["records"] == len(records) and summary["duplicates"] == 0, f"all of it is in Kafka: {summary}")
    print(f"{len(records)} records of {len(last)} streams and epochs through the journal into Kafka")
