#!/usr/bin/env python3
"""Streams that stay connected and live but never tell some fills, which no number of the venue shows: the periodic sweep
finds them, a metric and a status record say how many, and in the end the topic is the venue's ledger."""
import json
import re
import sys

from account_flow import add_accounts, control, fills_of, missing_and_extra, sidecar, topic
from flow import LONG, Flow, expect, wait_for

# A history of the whole account, a history per symbol; the rest of those whose stream tells fills in the long run.
VENUES = sys.argv[1:] or (["kraken", "binance-usdm"] if LONG else ["kraken"])
if LONG and not sys.argv[1:]:
    VENUES += ["binance-spot", "coinbase-exchange", "alpaca"]
QUIETLY = 7  # fills that are lost with nothing behind them


def missing(flow, watcher, venue):
    return flow.metric(watcher, "millrace_fills_missing_while_live_total", venue=venue)


def lost_of(flow, venue):
    """How many fills of the ledger no live record told: what the stream lost."""
    told = [record for record in topic(flow, f"account.{venue}.execution") if record["meta"]["origin"] == "LIVE"]
    return len(control(flow, f"{venue}:main", "ledger")["fills"]) - len(fills_of(told, "main"))


def told_by_status(flow, venue):
    """The sum over the status records."""
    records = [one for one in topic(flow, f"ops.{venue}.status") if one["reason"] == "fills_missing"]
    expect(all(one["meta"]["account"] == "main" and one["state"] == "LIVE" for one in records),
           f"{venue}: the records name the account and its live stream: {records}")
    return sum(int(re.match(r"\d+", one["detail"]).group()) for one in records)


def lose_some(flow, worker, watcher, venue):
    """Some are lost among others that are told, then some with nothing behind them: what is told afterwards would show
    them by the order's or the balance's sum, so that those are the sweep's alone."""
    account = f"{venue}:main"
    wait_for(f"{venue} logged in", lambda: flow.metric(worker, "millrace_account_connected", venue=venue) == 1)
    wait_for(f"{venue}: a first sweep",
             lambda: flow.metric(watcher, "millrace_sweeps_total", venue=venue, result="completed") > 0)
    control(flow, account, "knobs", rate=20, only_fills=1, lose=0.3)
    wait_for(f"{venue}: 30 losses", lambda: control(flow, account, "ledger")["counts"]["lost"] >= 30)
    control(flow, account, "knobs", rate=0)
    wait_for(f"{venue}: they are found", lambda: missing(flow, watcher, venue) == lost_of(flow, venue) > 0, step=1)
    found = missing(flow, watcher, venue)
    control(flow, account, "knobs", lose=1)
    control(flow, account, "burst", count=QUIETLY)
    control(flow, account, "knobs", lose=0)
    wait_for(f"{venue}: those too", lambda: missing(flow, watcher, venue) == found + QUIETLY)
    last = [one for one in topic(flow, f"ops.{venue}.recovery") if one.get("fills_missing")][-1]
    # A sweep that time asked for: the poll, or one of those that follow a connection later and happened to fall due.
    expect(last["trigger"] in ("poll", "reconnect") and last["fills_missing"] == QUIETLY, f"{venue}: by time: {last}")


def check(flow, worker, watcher, venue):
    lost = lost_of(flow, venue)
    expect(missing(flow, watcher, venue) == lost, f"{venue}: {lost} lost, {missing(flow, watcher, venue)} counted")
    expect(told_by_status(flow, venue) == lost, f"{venue}: the status records tell {told_by_status(flow, venue)} of {lost}")
    expect(flow.metric(worker, "millrace_reconnects_total", venue=venue) == 0, f"{venue} stayed connected")
    gone, extra, count = missing_and_extra(flow, venue, "main")
    expect(not gone and not extra, f"{venue}: missing {gone[:3]} of {len(gone)}, extra {extra[:3]} of {len(extra)}")
    return {"fills": count, "lost by the stream": lost}


with Flow("dropped_fills") as flow:
    add_accounts(flow, *(f"{venue}:main" for venue in VENUES), knobs=["limits=0"])
    flow.edit_config(lambda text: text.replace("    sidecar_keys:", "    poll_healthy_s: 2\n    safety_lag_s: 1\n"
                                               "    limits:\n      rest_weight_per_minute: 60000\n    sidecar_keys:"))
    worker = flow.ingest()
    watcher = sidecar(flow)
    for venue in VENUES:
        lose_some(flow, worker, watcher, venue)
    found = {venue: check(flow, worker, watcher, venue) for venue in VENUES}
    expect(worker.stop() == 0 and watcher.stop() == 0, f"both end cleanly: {worker.tail()} {watcher.tail()}")
    print(json.dumps(found))
