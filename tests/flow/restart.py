#!/usr/bin/env python3
"""A worker is killed under load and started again: a higher epoch, whose first record of each stream carries a RESTART
mark that names the venue id with which the epoch before ended; nothing is lost in silence."""
import json

from flow import Flow, expect, wait_for


def by_stream(flow):
    """The metas of every market record, by (dataset's topic, symbol), in the order of the topic."""
    streams = {}
    for topic in ("book", "bbo", "trade"):
        lines = flow.run("tail", "--brokers", flow.brokers, "--prefix", flow.prefix, "--topic", f".{topic}.v1",
                         "--from", "beginning", "--until-end", "--json").stdout
        for meta in (json.loads(line)["meta"] for line in lines.splitlines()):
            streams.setdefault((meta["venue"], topic, meta["symbol"]), []).append(meta)
    return streams


def check_beginning(name, metas, old, new):
    before = [meta for meta in metas if int(meta["epoch"]) == old]
    after = [meta for meta in metas if int(meta["epoch"]) == new]
    expect(before and after, f"{name} has records of both epochs: {len(before)}, {len(after)}")
    expect(int(after[0]["seq"]) == 1, f"{name} is numbered from 1 again: {after[0]}")
    marks = [mark for mark in after[0].get("gap", []) if mark["kind"] == "RESTART"]
    expect(len(marks) == 1, f"{name} declares the restart: {after[0]}")
    ids = [meta["venue_seq"] for meta in before if "venue_seq" in meta]
    expect(marks[0].get("from") == (ids[-1] if ids else None), f"{name} ended with id {ids[-1:]}: {marks[0]}")
    return bool(ids)


with Flow("restart") as flow:
    flow.sim("--instruments", 5, "--rate", 2000, "--seed", 11)
    first = flow.ingest(name="ingest-1")
    wait_for("a warm start", lambda: flow.metric(first, "millrace_lane_acks_total") > 10000)
    first.kill()
    second = flow.ingest(name="ingest-2")
    old, new = first.ready["epoch"], second.ready["epoch"]
    expect(new > old, f"the epoch rises: {old}, {new}")
    wait_for("records of the new epoch", lambda: flow.metric(second, "millrace_lane_acks_total") > 10000)
    expect(second.stop() == 0, "the worker ends cleanly")
    report = flow.verify()
    expect(report["lost"] == 0 and report["undeclared_gaps"] == 0, f"no silent loss: {report}")
    streams = by_stream(flow)
    named = sum(check_beginning(name, metas, old, new) for name, metas in streams.items())
    expect(named > 0, "streams with venue ids name the last one")
    print(f"epoch {old} -> {new}: {len(streams)} streams, {named} name the last venue id")
