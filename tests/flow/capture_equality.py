#!/usr/bin/env python3
"""A recording played by the simulator through TLS, ingest and Kafka gives, per stream and in order, the bodies, venue
ids and venue times that `millrace normalize` gives for the same file and the same reference data.

Refreshes are left aside, and so are the records that only a live worker has (instruments served by the simulator).
"""
import collections
import json
import pathlib

from flow import ROOT, Flow, expect, skip, wait_for

CAPTURES = ROOT.parent / "shared/captures"
CASES = [
    ("kraken", "kraken/crossbook-btcusd-depth25"),
    ("kraken", "kraken/trading-system-btcusd-with-hole"),
    ("binance-spot", "binance/cryptofeed-2021-10-12"),
    ("binance-spot", "binance/hftbacktest-2024-08-08-btcusdt"),
    ("binance-usdm", "binance_usdm/cryptofeed-2021-07-22"),
]
ABOUT_THE_JOURNEY = {"epoch", "seq", "receive_time_ns", "publish_time_ns", "staleness_ns", "gap"}
REFRESH = "REFRESH"  # a word of meta.flags


def essence(line):
    """Stream and what must be equal of one JSON record; None for what is left aside."""
    record = json.loads(line)
    meta = record.get("meta")
    if record["type"] not in ("book", "bbo", "trade", "ticker", "candle") or REFRESH in meta.get("flags", []):
        return None
    kind = record["type"] + (record.get("interval") or "")
    stream = (meta["venue"], kind, meta["symbol"])
    record.pop("dataset", None)  # offline one file holds all datasets and says which; in Kafka the topic does
    record["meta"] = {key: value for key, value in meta.items() if key not in ABOUT_THE_JOURNEY}
    # The simulator waits for every subscription before it plays, so a live stream may begin stale.
    record["meta"]["flags"] = [flag for flag in meta.get("flags", []) if flag != "STALE"]
    return stream, json.dumps(record, sort_keys=True)


def by_stream(text):
    streams = collections.defaultdict(list)
    for line in text.splitlines():
        found = essence(line)
        if found:
            streams[found[0]].append(found[1])
    return streams


def difference(one, other):
    """The keys that differ, with both values, cut short."""
    flat = lambda text: {**(record := json.loads(text)), **record["meta"], "meta": None}
    want, got = flat(one), flat(other)
    return {key: (str(want.get(key))[:300], str(got.get(key))[:300])
            for key in sorted(want.keys() | got.keys()) if want.get(key) != got.get(key)}


def compare(offline, live, name):
    expect(set(offline) == set(live), f"{name}: other streams: only offline {set(offline) - set(live)}, "
                                      f"only live {set(live) - set(offline)}")
    for stream, want in offline.items():
        got = live[stream]
        for number, (one, other) in enumerate(zip(want, got)):
            expect(one == other, f"{name} {stream} record {number}: {difference(one, other)}")
        expect(len(want) == len(got), f"{name} {stream}: {len(want)} offline, {len(got)} live")


def play(flow, venue, name, number):
    capture = CAPTURES / f"{name}.capture.jsonl"
    instruments = flow.dir / f"instruments-{number}.json"
    flow.prefix = f"equality-{number}"
    flow.sim("--capture", capture, "--venue", venue, "--speed", "max", "--write-instruments", instruments)
    offline = flow.run("normalize", "--venue", venue, "--instruments", instruments, capture).stdout
    worker = flow.ingest(name=f"ingest-{number}")
    wait_for(f"{name} played", lambda: "has ended" in flow.simulator.tail(), 120)
    # What the simulator sent last is on its way through sockets and broker, and may ask for a snapshot: done when it was
    # read and nothing more is acknowledged.
    sent = json.loads(flow.control("/stats"))["venues"][venue]["messages"]
    wait_for(f"{name} read to its end", lambda: flow.metric(worker, "millrace_frames_total", via="ws") >= sent)
    seen = [-1.0]

    def quiet():
        now = flow.metric(worker, "millrace_records_total")
        same, seen[0] = now == seen[0], now
        return same
    wait_for(f"{name} acknowledged to its end", quiet, 60, step=1.5)
    expect(worker.stop() == 0, "the worker ends cleanly")
    flow.verify()
    live = flow.run("tail", "--brokers", flow.brokers, "--prefix", flow.prefix, "--from", "beginning", "--until-end",
                    "--json").stdout
    compare(by_stream(offline), by_stream(live), name)
    flow.simulator.stop()
    print(f"equal: {name}: {sum(map(len, by_stream(offline).values()))} records")


if not CAPTURES.is_dir():
    skip("no captures beside the repository")
with Flow("capture_equality") as flow:
    for number, (venue, name) in enumerate(CASES):
        play(flow, venue, name, number)
