#!/usr/bin/env python3
"""Every fault of the simulator against one worker with Kraken, Binance spot and USD-M.

First the faults of single messages and of the snapshots that repair them, each on an instrument of its own: the holes
that verify finds declared are, stream by stream, those that the simulator's log calls provable; nothing else
resynchronized, changed its state or stood still. Then, under the next epoch, the faults of connections: each costs as
many connections as it must, and the books are right in the end.
"""
import collections
import concurrent.futures
import json

from flow import Flow, expect, wait_for
from isolation import SECOND, key_of, lines_of, only_the_hurt_resync, stories_of, the_rest_flowed

INSTRUMENTS = 10
VENUES = ["kraken", "binance-spot", "binance-usdm"]
STREAMS = 3 * INSTRUMENTS  # a venue's: book, bbo and trade of each instrument
SLOW_S = 3  # of slow_rest
FLOOR_S = 30  # after close code 1008
MESSAGE_FAULTS = ["drop", "gap", "reorder", "duplicate", "bad_json", "truncated_json", "wrong_type", "fragment"]


class Faults(Flow):
    """Orders faults and waits for what must follow."""

    ordered = 0

    def fault(self, kind, venue, **more):
        answer = json.loads(self.control("/fault", {"kind": kind, "venue": venue, **more}))
        expect(answer.get("ok"), f"the simulator takes {kind}: {answer}")
        self.ordered += 1

    def log(self, venue=""):
        lines = map(json.loads, self.control("/log").splitlines())
        return [line for line in lines if "kind" in line and line["venue"].startswith(venue)]

    def wait_struck(self):
        wait_for("every fault strikes", lambda: len(self.log()) >= self.ordered, 30)

    def live(self, worker, *venues):
        return all(self.metric(worker, "millrace_streams", venue=venue, state="LIVE") == STREAMS for venue in venues)

    def wait_live(self, worker, *venues, seconds=30):
        wait_for(f"all streams of {', '.join(venues)} are live", lambda: self.live(worker, *venues), seconds)

    def gaps(self, worker, **labels):
        return self.metric(worker, "millrace_gaps_total", kind="VENUE", **labels)

    def symbols(self, venue):
        return self.venues["venues"][venue]["symbols"]


def certain(line):
    """Does this loss show for sure? What a lost update of a book with checksums changed, the next one may set again
    before anything is compared: then the book is right and nobody can know."""
    return line["shows"] == "yes" and (line.get("evidence") != "checksum" or line["kind"] == "bad_checksum")


def message_faults(flow):
    """One fault of each kind for a book, a trade and a quote stream of each venue."""
    worker = flow.ingest()
    flow.wait_live(worker, *VENUES)
    for venue in VENUES:
        for kind, symbol in zip(MESSAGE_FAULTS, flow.symbols(venue)):
            for channel in ["book", "bbo", "trade"]:
                flow.fault(kind, venue, symbol=symbol, channel=channel)
    flow.fault("bad_checksum", "kraken", symbol=flow.symbols("kraken")[len(MESSAGE_FAULTS)], channel="book")
    flow.wait_struck()
    provable = [line for line in flow.log() if certain(line)]
    wait_for("the holes are declared", lambda: flow.gaps(worker) >= len(provable), 30)
    flow.wait_live(worker, *VENUES)
    for venue in ["binance-spot", "binance-usdm"]:
        lost_snapshots(flow, worker, venue)
    expect(flow.metric(worker, "millrace_reconnects_total") == 0, "no message costs a connection")
    expect(worker.stop() == 0, "the worker ends cleanly")
    return worker


def lost_snapshots(flow, worker, venue):
    """Books with a hole whose snapshot does not come, or comes late; one after the other."""
    for kind, symbol, more in zip(["http_500", "http_503", "http_html", "slow_rest"], flow.symbols(venue),
                                  [{}, {}, {}, {"seconds": SLOW_S}]):
        answered = lambda: flow.metric(worker, "millrace_rest_requests_total", venue=venue, status="200")
        gaps, answers = flow.gaps(worker, venue=venue), answered()
        lost_resync(flow, venue, kind, symbol, **more)
        wait_for(f"{venue}: {kind} strikes", lambda: any(line["kind"] == kind for line in flow.log(venue)), 20)
        wait_for(f"{venue}: the hole before {kind} is declared", lambda: flow.gaps(worker, venue=venue) > gaps, 30)
        wait_for(f"{venue}: the snapshot after {kind}", lambda: answered() > answers, 30)


def compare_with_log(flow, report):
    """Each stream has as many declared holes as its log shows; what only may show, at most."""
    least, most = collections.Counter(), collections.Counter()
    hits = [line for line in flow.log() if "dataset" in line]  # the others struck requests
    for line in hits:
        least[key_of(line)] += certain(line)
        most[key_of(line)] += line["shows"] in ("yes", "maybe")
    for stream in report["per_stream"]:
        key = stream["venue"], stream["dataset"], stream["symbol"]
        kinds = [line["kind"] for line in hits if key_of(line) == key]
        expect(least[key] <= stream["declared_gaps"] <= most[key],
               f"{key} with {kinds}: {stream['declared_gaps']} holes declared, the log shows {least[key]} to {most[key]}")
    likely = [line for line in hits if line["shows"] == "yes" and line["evidence"] == "checksum"]
    shown = sum(stream["declared_gaps"] for stream in report["per_stream"]
                if (stream["venue"], stream["dataset"]) == ("kraken", "book"))
    expect(2 * shown > len(likely), f"most losses show in a checksum: {shown} of {len(likely)}")
    print(f"{sum(least.values())} holes show for sure, {report['declared_gaps']} are declared")


def connection_fault(flow, worker, venue, kind, reconnects, **more):
    """One fault of a connection, until its streams flow again."""
    count = lambda: flow.metric(worker, "millrace_reconnects_total", venue=venue)
    frames = lambda: flow.metric(worker, "millrace_frames_total", venue=venue, via="ws")
    before, struck = count(), len(flow.log(venue))
    flow.fault(kind, venue, **more)
    wait_for(f"{venue}: {kind} strikes", lambda: len(flow.log(venue)) > struck, 20)
    wait_for(f"{venue}: {kind} ends the connection", lambda: count() >= before + reconnects, 60)
    seen = frames()
    wait_for(f"{venue}: frames flow after {kind}", lambda: frames() > seen + 100, 60)
    flow.wait_live(worker, venue, seconds=60)
    expect(count() == before + reconnects, f"{venue}: {kind} costs {reconnects} connections, not {count() - before}")


def lost_resync(flow, venue, kind, symbol, **more):
    """A hole in a book whose snapshot request meets a fault of REST."""
    flow.fault(kind, venue, channel="depth", symbol=symbol, **more)
    flow.fault("gap", venue, channel="book", symbol=symbol)


def limited_host(flow, worker, venue, kind, symbol):
    """The host says that we ask too much."""
    lost_resync(flow, venue, kind, symbol)
    wait_for(f"{venue}: {kind}",
             lambda: flow.metric(worker, "millrace_rest_requests_total", venue=venue, status=kind[-3:]) > 0, 20)


def silent_connection(flow, worker, venue):
    """A connection that opens and answers pings, and brings nothing, not even acknowledgements."""
    reconnects = lambda **labels: flow.metric(worker, "millrace_reconnects_total", venue=venue, **labels)
    before = reconnects()
    flow.fault("rst", venue)
    flow.fault("silence", venue)  # strikes the connection that follows
    wait_for(f"{venue}: the silent connection is not live",
             lambda: flow.metric(worker, "millrace_streams", venue=venue, state="SUBSCRIBING") == STREAMS, 20)
    wait_for(f"{venue}: the silent connection is given up", lambda: reconnects(reason="no_data") == 1, 60)
    flow.wait_live(worker, venue, seconds=60)
    expect(reconnects() == before + 2, f"{venue}: one connection was reset and one silent, not {reconnects() - before}")


def stalled_connection(flow, worker, venue):
    """A connection that was busy and only answers pings any more."""
    frames = lambda: flow.metric(worker, "millrace_frames_total", venue=venue, via="ws")
    seen = frames()
    wait_for(f"{venue}: the connection is busy", lambda: frames() > seen + 4000, 60)
    connection_fault(flow, worker, venue, "silence", 1)
    silent = flow.metric(worker, "millrace_reconnects_total", venue=venue, reason="silent")
    expect(silent == 1, f"{venue}: it was ended because it was silent: {silent}")


def refused_connects(flow, worker, venue):
    """A connection that ends and cannot be opened again at once."""
    flow.fault("refuse_connect", venue)
    connection_fault(flow, worker, venue, "rst", 1)
    expect(any(line["kind"] == "refuse_connect" for line in flow.log(venue)), f"{venue}: a connect was refused")


def kraken_faults(flow, worker):
    for kind, reconnects, more in [("close", 1, {"code": 1001}), ("drip", 0, {}), ("rst", 1, {}), ("ping_flood", 0, {}),
                                   ("close", 1, {"code": 1012}), ("huge_frame", 1, {}), ("silence", 1, {}),
                                   ("half_open", 1, {})]:
        connection_fault(flow, worker, "kraken", kind, reconnects, **more)
    refused_connects(flow, worker, "kraken")


def spot_faults(flow, worker):
    symbols = flow.symbols("binance-spot")
    for kind, reconnects, more in [("ping_flood", 0, {}), ("close", 1, {"code": 1001}), ("drip", 0, {}),
                                   ("silence", 0, {"symbol": symbols[2], "seconds": 2}), ("rst", 1, {})]:
        connection_fault(flow, worker, "binance-spot", kind, reconnects, **more)
    limited_host(flow, worker, "binance-spot", "http_429", symbols[1])
    connection_fault(flow, worker, "binance-spot", "half_open", 1)
    silent_connection(flow, worker, "binance-spot")


def usdm_faults(flow, worker):
    symbols = flow.symbols("binance-usdm")
    for kind, reconnects, more in [("rst", 1, {}), ("huge_frame", 1, {}), ("drip", 0, {}), ("close", 1, {"code": 1000})]:
        connection_fault(flow, worker, "binance-usdm", kind, reconnects, **more)
    limited_host(flow, worker, "binance-usdm", "http_418", symbols[1])
    flow.wait_live(worker, "binance-usdm", seconds=60)
    stalled_connection(flow, worker, "binance-usdm")
    connection_fault(flow, worker, "binance-usdm", "close", 1, code=1008)
    limited = flow.metric(worker, "millrace_reconnects_total", venue="binance-usdm", reason="limited")
    expect(limited == 1, f"close code 1008 means that we are limited: {limited}")


def connection_faults(flow):
    """The venues side by side: what one goes through must not cost another a connection."""
    worker = flow.ingest(name="ingest2")
    flow.wait_live(worker, *VENUES)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(faults, flow, worker) for faults in (kraken_faults, spot_faults, usdm_faults)]:
            done.result()
    flow.wait_live(worker, *VENUES)
    expect(worker.stop() == 0, "the worker ends cleanly")
    return worker


def kept_away(flow, venue, epoch):
    """After 1008 every stream says so, and nothing was tried for as long as the venue must be left alone."""
    since, waited = {}, 0
    for line in lines_of(flow, "status", epoch):
        if line["dataset"] == "rest":  # of a host
            continue
        key = key_of({**line["meta"], "dataset": line["dataset"]})
        if key[0] != venue:
            continue
        time = line["meta"]["receive_time_ns"]
        if key in since:
            expect(time - since[key] >= FLOOR_S * SECOND, f"{key}: {line['state']} after {(time - since[key]) / SECOND} s")
            del since[key]
            waited += 1
        if (line["state"], line["reason"]) == ("BACKING_OFF", "limited"):
            since[key] = time
    expect(waited == STREAMS, f"{venue}: {waited} of {STREAMS} streams say that they are limited")


def compare_trade_ids(flow, report, epoch):
    """What a connection cost is not in the simulator's log, but in the trade ids: every jump is marked, and nothing else."""
    done = flow.run("tail", "--brokers", flow.brokers, "--config", flow.config, "--dataset", "trade", "--from",
                    "beginning", "--until-end", "--json")
    last, jumps = {}, collections.Counter()
    for record in map(json.loads, done.stdout.splitlines()):
        meta, number = record["meta"], int(record["trade_id"])
        if meta["epoch"] != epoch:
            continue
        key = meta["venue"], meta["symbol"]
        jumps[key] += key in last and number != last[key] + 1
        last[key] = number
    for stream in report["per_stream"]:
        if stream["dataset"] != "trade":
            continue
        key = stream["venue"], stream["symbol"]
        expect(stream["declared_gaps"] == jumps[key], f"{key}: {stream['declared_gaps']} declared, {jumps[key]} jumps")
    expect(sum(jumps.values()) > 0, "connections cost trades")
    print(f"{sum(jumps.values())} jumps of trade ids, each declared")


with Faults("faults") as flow:
    flow.sim("--instruments", INSTRUMENTS, "--rate", 1500, "--seed", 11, "--max-buffered", 64 << 20)
    # Not to wait out the venue's 30 s.
    flow.edit_config(lambda text: text.replace("- name: binance-usdm\n",
                                               "- name: binance-usdm\n    limits: {busy_silence_ms: 5000}\n"))
    first = message_faults(flow)
    compare_with_log(flow, flow.verify())
    stories = stories_of(flow, first.ready["epoch"])
    only_the_hurt_resync(flow, stories)
    for venue in ["binance-spot", "binance-usdm"]:
        the_rest_flowed(stories, venue, flow.symbols(venue)[3], SLOW_S)
    worker = connection_faults(flow)
    # In books and quotes what a connection costs shows in the books: verify finds none wrong, nor a hole without a mark.
    report = flow.verify("--from-epoch", worker.ready["epoch"])
    print({key: value for key, value in report.items() if not isinstance(value, (list, dict))})
    compare_trade_ids(flow, report, worker.ready["epoch"])
    kept_away(flow, "binance-usdm", worker.ready["epoch"])
