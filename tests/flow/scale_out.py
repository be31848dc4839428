#!/usr/bin/env python3
"""Three workers share what `millrace subscribe` asks for. One is killed: its Kraken books and all of its quotes and
trades are LIVE on the others in under 15 s, Binance books as fast as the venue's request weight allows. One stands still
until the others have its streams: what it writes when it wakes changes nothing. Symbols are added and taken away, a
worker leaves by itself, and no limit of a venue is broken; what the topics hold is judged by verify, and by kcat.

  scale_out.py [--instruments 90] [--kill-only]      of all three venues together; 3,000 by hand and in the long run
"""
import argparse
import collections
import json
import signal
import time

from flow import LONG, Failed, Flow, expect, wait_for
from independent import position, records
from status_watch import StatusWatch
from worker_group import Group, subscribe

VENUES = ["kraken", "binance-spot", "binance-usdm"]
QUICK = 15  # seconds, from the issue: what needs no snapshot by REST must be back in so long
STANDSTILL = 12
REFRESH = 20

parser = argparse.ArgumentParser()
parser.add_argument("--instruments", type=int, default=3000 if LONG else 90)
parser.add_argument("--kill-only", action="store_true", help="without waiting for Binance books, and end after the kill")
options = parser.parse_args()


def streams_of(venue, symbols, datasets=("book", "bbo", "trade")):
    return {(venue, dataset, symbol) for dataset in datasets for symbol in symbols}


def needs_no_weight(stream):
    """Quotes, trades, and Kraken's books, whose snapshots come by the socket."""
    return stream[1] != "book" or stream[0] == "kraken"


def by_weight(streams):
    """Seconds for the Binance books among them, of which each venue gives 120 a minute; twice that, and a minute that
    was used up already."""
    return 120 + sum(not needs_no_weight(stream) for stream in streams) / 2


def subscriptions(flow, *arguments):
    text = flow.run("subscriptions", "--brokers", flow.brokers, "--prefix", flow.prefix, "--json", *arguments).stdout
    return [json.loads(line) for line in text.splitlines()]


def fenced_by_kcat(flow):
    """How many records of market streams come behind one of a higher epoch of their stream."""
    late = 0
    for venue in VENUES:
        for dataset in ["book", "bbo", "trade"]:
            highest = collections.defaultdict(int)
            for record in records(flow.brokers, f"{flow.prefix}.market.{venue}.{dataset}.v1"):
                symbol, epoch, _, _ = position(record)
                late += epoch < highest[symbol]
                highest[symbol] = max(highest[symbol], epoch)
    return late


def judged(flow, what, *arguments):
    """Every promise holds, of all that was ever subscribed to. A stream that has just begun may have no heartbeat yet,
    and its book nothing that checks it: both come within a refresh. What is wrong stays so."""
    def verdict():
        found = flow.verify(*arguments, check=False)
        for count in ["lost", "undeclared_gaps", "unexplained_duplicates", "out_of_order", "books_wrong", "undecodable"]:
            expect(found[count] == 0, f"{what}: {found[count]} {count}: {json.dumps(found)[:2000]}")
        return found if found["exit"] == 0 else None
    try:
        report = wait_for(what, verdict, 3 * REFRESH, step=1)
    except Failed:
        (flow.dir / "verify.json").write_text(json.dumps(flow.verify(*arguments, check=False)))  # kept with the logs
        report = flow.verify(*arguments)  # says what is wrong, if anything still is
    print(f"{what}: verify read {report['records']} records of {report['streams']} streams, 0 lost, "
          f"{report['fenced']} fenced", flush=True)
    return report


def all_subscribed(flow, group, watch, symbols):
    """Three workers with nothing to do, then everything at once."""
    for name in ["w1", "w2", "w3"]:
        group.start(name)
    begun = time.monotonic()
    for venue in VENUES:
        subscribe(flow, "subscribe", venue, symbols[venue])
    print(f"{sum(map(len, symbols.values()))} symbols subscribed to in {time.monotonic() - begun:.1f} s", flush=True)
    wanted = set().union(*(streams_of(venue, symbols[venue]) for venue in VENUES))
    quick = set(filter(needs_no_weight, wanted))
    watch.wait("quotes, trades and Kraken's books", quick, 60 + len(quick) / 50)
    print(f"{len(quick)} streams LIVE after {time.monotonic() - begun:.1f} s", flush=True)
    if options.kill_only:
        return wanted
    watch.wait("Binance's books", wanted - quick, by_weight(wanted))
    print(f"all {len(wanted)} streams LIVE after {time.monotonic() - begun:.1f} s", flush=True)
    for name in group.workers:
        expect(watch.of(name) & wanted, f"{name} has a share")
    return wanted


def one_is_killed(group, watch, wanted):
    """Its streams live on the others; then it comes back and gets a share again."""
    lost = watch.of("w2") & wanted
    quick = set(filter(needs_no_weight, lost))
    group.workers.pop("w2").kill()
    took = watch.wait("the streams of the killed worker", quick, 120, but=["w2"])
    print(f"w2 killed: {len(quick)} of its {len(lost)} streams need no weight, LIVE elsewhere after {took:.1f} s",
          flush=True)
    expect(took < QUICK, f"they were to be LIVE in {QUICK} s, it took {took:.1f} s")
    if options.kill_only:
        return
    watch.wait("its Binance books begin", lost - quick, 30, states=["SUBSCRIBING", "SYNCING", "LIVE"], but=["w2"])
    begun = time.monotonic()
    watch.wait("its Binance books", lost - quick, by_weight(lost), but=["w2"])
    print(f"its {len(lost - quick)} Binance books {took + time.monotonic() - begun:.1f} s after the kill", flush=True)
    group.start("w2")
    wait_for("the killed worker serves again", lambda: watch.of("w2") & wanted, 60)
    watch.wait("all streams after its return", wanted, by_weight(wanted))


def one_stands_still(group, watch, wanted):
    """Longer than the group waits for it. It wakes with frames in its sockets and records in its hands."""
    worker = group.workers["w3"]
    held = watch.of("w3") & wanted
    worker.child.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    quick = set(filter(needs_no_weight, held))
    took = watch.wait("the streams of the worker that stands still", quick, 120, but=["w3"])
    print(f"w3 stands still: {len(quick)} of its {len(held)} streams LIVE elsewhere after {took:.1f} s", flush=True)
    wait_for("the end of its standstill", lambda: time.monotonic() - begun > STANDSTILL, 60)
    worker.child.send_signal(signal.SIGCONT)
    wait_for("the worker that stood still serves again", lambda: watch.of("w3") & wanted, 60)
    watch.wait("all streams after the standstill", wanted, by_weight(wanted))


def symbols_change(flow, watch, wanted, more, fewer):
    """One more, one less, while everything runs."""
    venue, symbol = more
    added, removed = streams_of(venue, [symbol]), streams_of(venue, [fewer])
    subscribe(flow, "subscribe", venue, [symbol])
    watch.wait("the added symbol", added, 90)
    subscribe(flow, "unsubscribe", venue, [fewer])
    watch.wait("the symbol that was taken away", removed, 60, states=["DISCONNECTED"])
    rows = {row["symbol"]: row for row in subscriptions(flow, venue)}
    expect(fewer not in rows, f"{fewer} is not listed any more")
    expect(rows[symbol]["state"] == "LIVE" and rows[symbol]["worker"], f"the listing knows it: {rows[symbol]}")
    watch.wait("the others, some of which have just moved", (wanted | added) - removed, by_weight(wanted))
    print(f"one symbol more, one less: {symbol} is served by {rows[symbol]['worker']}", flush=True)
    return (wanted | added) - removed


def one_leaves(group, watch, wanted):
    held = watch.of("w1") & wanted
    leaving = group.workers.pop("w1")
    begun = time.monotonic()
    expect(leaving.stop(120) == 0, f"w1 ends cleanly: {leaving.tail()}")
    quick = set(filter(needs_no_weight, held))
    watch.wait("the streams of the worker that left", quick, 60, but=["w1"])
    print(f"w1 left: {len(quick)} of its {len(held)} streams LIVE elsewhere after {time.monotonic() - begun:.1f} s",
          flush=True)
    watch.wait("all streams", wanted, by_weight(wanted), but=["w1"])


def no_limit_is_broken(flow):
    """Workers behind one address hear of each other's requests only by the weight in their own answers. So a 429 may come,
    and all of them wait then; nobody goes on until the venue shuts the address out."""
    for venue, stats in json.loads(flow.control("/stats"))["venues"].items():
        broken = {name: stats[name] for name in ["refused", "banned", "put_out"] if stats[name]}
        expect(not broken, f"{venue} had to enforce its limits: {broken}")
        print(f"{venue}: {stats['requests']} requests, {stats['limited']} answered 429", flush=True)


def all_is_judged(flow, extra):
    report = judged(flow, "in the end", "--expect", f"kraken/book/{extra}")
    by_kcat = fenced_by_kcat(flow)
    expect(report["fenced"] == by_kcat, f"verify finds {report['fenced']} late records, kcat {by_kcat}")
    print(json.dumps({"instruments": options.instruments, "records": report["records"], "lost": report["lost"],
                      "fenced": report["fenced"], "declared_gaps": report["declared_gaps"],
                      "books_checked": report["books_checked"]}))


with Flow("scale_out") as flow:
    flow.sim("--instruments", options.instruments // len(VENUES), "--rate", max(2000, 2 * options.instruments), "--turns",
             "--seed", 5, "--levels", 50, "--venues", ",".join(VENUES))
    symbols = {venue: flow.venues["venues"][venue]["symbols"] for venue in VENUES}
    extra = symbols["kraken"].pop()
    flow.edit_config(lambda text: text.replace(f',"{extra}"]', "]", 1))  # verify asks for all that it names
    group = Group(flow, lambda text: text.replace("refresh_s: 60", f"refresh_s: {REFRESH}"))
    with StatusWatch(flow.brokers, flow.prefix, VENUES) as watch:
        wanted = all_subscribed(flow, group, watch, symbols)
        one_is_killed(group, watch, wanted)
        if not options.kill_only:
            judged(flow, "after the kill")
            one_stands_still(group, watch, wanted)
            judged(flow, "after the standstill")
            wanted = symbols_change(flow, watch, wanted, ("kraken", extra), symbols["kraken"][0])
            one_leaves(group, watch, wanted)
        group.end()
    no_limit_is_broken(flow)
    if not options.kill_only:
        all_is_judged(flow, extra)
