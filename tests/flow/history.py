#!/usr/bin/env python3
"""History replay with a real broker: what the worker published comes back the same from the topics, twice and from under
another prefix; books as of a time are those that verify rebuilds; a range begins with whole books; clients of the
WebSocket get every record."""
import decimal
import json
import signal
import socket
import struct
from time import monotonic

from flow import Flow, expect, wait_for

flow = None


def replay(*options, **run_options):
    """Runs `millrace replay`: its output as parsed lines, and the closing summary."""
    done = flow.run("replay", *options, **run_options)
    return [json.loads(line) for line in done.stdout.splitlines()], json.loads(done.stderr.strip().splitlines()[-1])


def from_topics(*options):
    return replay("--topics", "--brokers", flow.brokers, "--prefix", flow.prefix, *options)


def without(record, *members):
    """The record as it would be without these members of its meta."""
    meta = {key: value for key, value in record["meta"].items() if key not in members}
    return {**record, "meta": meta}


def times(records):
    """When each record is due: at its receive time, but never before an earlier number of its stream."""
    latest = {}
    due = []
    for record in records:
        meta = record["meta"]
        key = record["dataset"], meta["venue"], meta["instrument"], meta["epoch"]
        latest[key] = max(latest.get(key, 0), meta["receive_time_ns"])
        due.append(latest[key])
    return due


def in_order(records):
    """By time, and each stream by its numbers."""
    last = {}
    for record in records:
        meta = record["meta"]
        key = record["dataset"], meta["venue"], meta["instrument"], meta["epoch"]
        if meta["seq"] != last.get(key, 0) + 1:
            return False
        last[key] = meta["seq"]
    due = times(records)
    return due == sorted(due)


def twice_from_topics():
    """The same range, the same hash, also from the journal; and nothing is missing of what verify counts."""
    records, first = from_topics()
    _, second = from_topics("--memory", 1, "--late", 1)
    report = flow.verify()
    expect(first["complete"] and first["records"] == report["records"] - report["duplicates"],
           f"every record is there: {first} against {report['records']}")
    expect(first["sha256"] == second["sha256"], f"twice the same: {first} {second}")
    expect(len(records) == first["records"] and in_order(records), "every record is written, in order")
    expect(not first["problems"], f"nothing is passed over: {first['problems']}")
    copies, archived = replay("--journal", journal)
    expect(archived["sha256"] == first["sha256"], f"the journal holds the same: {archived} {first}")
    expect([without(copy, "publish_time_ns") for copy in copies]
           == [without(record, "publish_time_ns") for record in records], "record by record")
    return records


def to_prefix(records):
    """Under another prefix the same events, but for origin and publish time."""
    target = "--to-prefix", flow.prefix + "-history"
    _, summary = from_topics(*target)
    expect(summary["records"] == len(records), f"all of it is published: {summary}")
    copies, _ = replay("--topics", "--brokers", flow.brokers, "--prefix", flow.prefix + "-history")
    expect({copy["meta"]["origin"] for copy in copies} == {"HISTORY"}, "its origin says what it is")
    changed = "origin", "publish_time_ns"
    expect([without(copy, *changed) for copy in copies] == [without(record, *changed) for record in records],
           "all else is as it was")
    again, _ = from_topics(*target)
    _, summary = replay("--topics", "--brokers", flow.brokers, "--prefix", flow.prefix + "-history")
    expect(summary["records"] == len(records) and summary["duplicates"] == len(records), f"twice is once: {summary}")
    refused = flow.run("replay", "--topics", "--brokers", flow.brokers, "--prefix", flow.prefix, "--to-prefix",
                       flow.prefix, check=False)
    expect(refused.returncode == 2 and "choose another" in refused.stderr, f"its own prefix is refused: {refused}")


def exact(levels):
    return [(decimal.Decimal(price), decimal.Decimal(quantity)) for price, quantity in levels]


def as_of(records):
    """Books at a time: equal to those of verify, level for level."""
    for share in (0.3, 0.7, 0.95):
        moment = records[int(len(records) * share)]["meta"]["receive_time_ns"]
        report = flow.verify("--books-at", moment)
        expected = {(one["venue"], one["instrument"]): one["book_as_of"] for one in report["per_stream"]
                    if "book_as_of" in one}
        books, summary = from_topics("--as-of", moment)
        named = {(book["meta"]["venue"], book["meta"]["instrument"]) for book in books}
        expect(named == set(expected) and len(books) == len(named) > 0 and summary["records"] == 0,
               f"each book once: {named ^ set(expected)} {summary}")
        for book in books:
            meta = book["meta"]
            theirs = expected[meta["venue"], meta["instrument"]]
            same = (meta["epoch"], meta["seq"]) == (theirs["epoch"], theirs["seq"])
            same = same and exact(book["bids"]) == exact(theirs["bids"]) and exact(book["asks"]) == exact(theirs["asks"])
            expect(same, f"{meta}: as verify rebuilds it: {theirs}")


def part(records):
    """A range that begins in the middle: books first, then just what lies in it."""
    due = times(records)
    begin, end = due[len(due) // 3], due[2 * len(due) // 3]
    got, summary = from_topics("--from", begin, "--to", end, "--dataset", "book", "--dataset", "trade", "--venue", "kraken")
    wanted = [record for record, time in zip(records, due) if begin <= time <= end and record["dataset"] in ("book", "trade")
              and record["meta"]["venue"] == "kraken"]
    books = got[:summary["books"]]
    expect(summary["books"] == 5, f"a snapshot of each book: {summary}")
    expect(all({"SNAPSHOT", "REFRESH"} <= set(book["meta"]["flags"]) for book in books), "they say what they are")
    expect(got[summary["books"]:] == wanted, f"and then what lies in the range: {len(got)} {len(wanted)}")
    for book in books:
        later = [one["meta"]["seq"] for one in wanted if one["dataset"] == "book"
                 and one["meta"]["instrument"] == book["meta"]["instrument"]]
        expect(later and later[0] == book["meta"]["seq"] + 1, f"the first change follows the snapshot: {book['meta']}")
    return begin, end


def frames(port):
    """Text frames of a WebSocket until it is closed, by the protocol itself: no library of ours."""
    with socket.create_connection(("127.0.0.1", port), 30) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        stream = client.makefile("rb")
        while stream.readline() != b"\r\n":
            pass
        while True:
            kind, size = stream.read(2)
            if size >= 126:
                size = struct.unpack(">H" if size == 126 else ">Q", stream.read(2 if size == 126 else 8))[0]
            payload = stream.read(size)
            if kind & 15 == 8:
                return
            if kind & 15 == 1:
                yield payload


def websocket(begin, end, records):
    server = flow.start("server", "replay", "--topics", "--brokers", flow.brokers, "--prefix", flow.prefix, "--from",
                        begin, "--to", end, "--dataset", "bbo", "--websocket", 0)
    port = int(server.first_line()["websocket"].rsplit(":", 1)[1])
    got = [json.loads(frame) for frame in frames(port)]
    expect(server.wait(60) == 0, "it ends when everything is delivered")
    wanted = [record for record, time in zip(records, times(records)) if begin <= time <= end
              and record["dataset"] == "bbo"]
    expect(got == wanted, f"every record is a frame: {len(got)} of {len(wanted)}")


def paused(records):
    """Paused by a signal, nothing comes; stopped, the rest keeps its pace. In the end all of it has come."""
    speed = 4
    running = flow.start("paced", "replay", "--topics", "--brokers", flow.brokers, "--prefix", flow.prefix, "--dataset",
                         "trade", "--speed", speed)
    lines = lambda: running.out.read_bytes().count(b"\n")
    wait_for("first records", lambda: lines() > 10)
    running.child.send_signal(signal.SIGUSR1)
    still = [0.0, -1]  # since when the count is what it is

    def stands_still():
        if lines() != still[1]:
            still[:] = monotonic(), lines()
        return monotonic() - still[0] > 1.0
    wait_for("a pause", stands_still, 20)
    running.child.send_signal(signal.SIGUSR2)
    wait_for("more records", lambda: lines() > still[1])
    running.child.send_signal(signal.SIGSTOP)
    wait_for("it stands", stands_still, 20)
    trades = [record for record in records if record["dataset"] == "trade"]
    due = times(trades)
    expect(lines() + 1 < len(due), "it was stopped before the end")
    left = (due[-1] - due[lines()]) / 1e9 / speed
    begun = monotonic()
    running.child.send_signal(signal.SIGCONT)
    expect(running.wait(120) == 0, "it ends")
    expect(monotonic() - begun >= left, f"what a stop took is not made up: {monotonic() - begun:.3f} of {left:.3f} s")
    expect(lines() == len(trades), f"{lines()} of {len(trades)} trades")


with Flow("history") as flow:
    flow.sim("--instruments", 5, "--rate", 500, "--seed", 7)
    journal = flow.dir / "journal"
    flow.edit_config(lambda text: text + f"\njournal: {{dir: {journal}, archive: true}}\n")
    worker = flow.ingest()
    wait_for("8,000 records", lambda: flow.metric(worker, "millrace_records_total") > 8000)
    expect(worker.stop() == 0, "the worker ends cleanly")
    all_records = twice_from_topics()
    to_prefix(all_records)
    as_of(all_records)
    websocket(*part(all_records), all_records)
    paused(all_records)
    print({"records": len(all_records)})
