#!/usr/bin/env python3
"""A network that breaks the connections to the venues: bytes that drip, are cut off, lost, swapped, doubled or damaged
under TLS. What drips costs nothing; everything else costs that connection and no other, and every hole that it leaves is
declared. verify says so after each fault, and a consumer that shares nothing with it at the end."""
import json
import time

from flow import LONG, Flow, expect, wait_for
from independent import count

VENUES = ("kraken", "binance-spot")
INSTRUMENTS = 5
STREAMS = 3 * INSTRUMENTS  # a venue's: book, bbo and trade of each instrument


class Line(Flow):
    """A worker on two venues, each behind a proxy."""

    def begin(self):
        self.sim("--venues", ",".join(VENUES), "--instruments", INSTRUMENTS, "--rate", 500, "--seed", 3,
                 *[part for venue in VENUES for part in ("--proxy", venue)])
        self.worker = self.ingest()
        self.declared = 0
        for venue in VENUES:
            self.wait_live(venue)

    def order(self, venue, **fault):
        self.control(f"/proxy/{venue}", fault)

    def struck(self, venue):
        return sum(json.loads(self.control(f"/proxy/{venue}"))["struck"].values())

    def count_of(self, name, venue, **labels):
        return self.metric(self.worker, name, venue=venue, **labels)

    def wait_live(self, venue):
        live = lambda: self.count_of("millrace_streams", venue, state="LIVE")
        wait_for(f"every stream of {venue} is live", lambda: live() == STREAMS, 90)

    def flows(self, venue):
        frames = lambda: self.count_of("millrace_frames_total", venue, via="ws")
        before = frames()
        wait_for(f"frames of {venue} flow", lambda: frames() > before + 200, 60)

    def row(self, fault, venue, seconds):
        report = self.verify()
        expect(report["lost"] == 0 and report["undeclared_gaps"] == 0, f"{fault}: verify finds {report}")
        declared, self.declared = report["declared_gaps"] - self.declared, report["declared_gaps"]
        print(json.dumps({"fault": fault, "venue": venue, "lost": 0, "declared": declared,
                          "duplicates": report["duplicates"], "back_s": round(seconds, 1)}), flush=True)
        return declared


def breaks(flow, venue, kind, times=1, **more):
    """A fault that ends the connection it strikes: it comes back, its holes are declared, the other venue's stands."""
    other = next(one for one in VENUES if one != venue)
    reconnects = lambda of: flow.count_of("millrace_reconnects_total", of)
    holes = lambda: flow.count_of("millrace_gaps_total", venue, kind="VENUE")
    before, untouched, struck, declared = reconnects(venue), reconnects(other), flow.struck(venue), holes()
    flow.order(venue, kind=kind, direction="down", times=times, **more)
    if kind != "partition":  # which lasts
        wait_for(f"{kind} strikes", lambda: flow.struck(venue) >= struck + times, 60)
    begun = time.monotonic()
    wait_for(f"{kind} ends the connection", lambda: reconnects(venue) > before, 120)
    flow.order(venue, kind="clear")
    wait_for(f"every book of {venue} says so", lambda: holes() >= declared + INSTRUMENTS, 60)
    seconds = time.monotonic() - begun
    flow.wait_live(venue)
    flow.flows(venue)
    expect(reconnects(other) == untouched, f"{kind} at {venue} costs {other} nothing")
    expect(flow.row(kind, venue, seconds) > 0, f"{kind} leaves holes, and they are declared")


def drips(flow, venue):
    """Slow bytes are no fault of the connection."""
    before, struck = flow.count_of("millrace_reconnects_total", venue), flow.struck(venue)
    flow.order(venue, kind="drip", bytes=500, times=3)
    wait_for("bytes drip", lambda: flow.struck(venue) >= struck + 3, 60)
    flow.flows(venue)
    expect(flow.count_of("millrace_reconnects_total", venue) == before, "nothing was connected anew")
    expect(flow.row("drip", venue, 0) == 0, "and nothing is missing")


with Line("venue_line") as flow:
    flow.begin()
    for venue in VENUES:
        drips(flow, venue)
        # The second one strikes the next connection, within its TLS handshake.
        breaks(flow, venue, "reset", times=2, after=1500)
        for kind in ("half_close", "corrupt", "duplicate", "drop", "reorder"):
            breaks(flow, venue, kind)
        if LONG:
            breaks(flow, venue, "partition")
    seen = count(flow.brokers, [f"{flow.prefix}.market.{venue}.{dataset}.v1" for venue in VENUES
                                for dataset in ("book", "bbo", "trade")])
    expect(seen["lost"] == 0, f"the independent consumer misses {seen}")
    expect(flow.worker.stop() == 0, f"the worker ends cleanly: {flow.worker.tail()}")
    flow.verify()
