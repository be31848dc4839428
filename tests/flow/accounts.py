#!/usr/bin/env python3
"""Fills of an account from the simulator's socket to Kafka, with the sidecar beside the worker: the connection is cut and
fills are made meanwhile, the worker and the sidecar are killed, orders end while no worker lives, a second sidecar takes
over. In the end the topic, each event_id once, is the venue's ledger, and no order is open that the venue has ended."""
import json
import sys

from account_flow import (add_accounts, control, ended_unheard, kill_and_restart, missing_and_extra, sidecar, topic,
                          topic_orders, watermark)
from flow import LONG, Flow, expect, wait_for

# A sequence, REST state per symbol, fills from REST alone; the rest of them in the long run.
VENUES = sys.argv[1:] or ["kraken", "binance-usdm", "coinbase-advanced"]
if LONG and not sys.argv[1:]:
    VENUES += ["binance-spot", "coinbase-exchange", "alpaca"]


def run(flow, venue, worker, watcher):
    name = "main"
    account = f"{venue}:{name}"
    control(flow, account, "knobs", rate=20)
    wait_for("fills in the topic", lambda: flow.metric(worker, "millrace_account_records_total", venue=venue,
                                                       dataset="execution") > 100)
    wait_for("a first watermark", lambda: watermark(flow, venue), 60)
    # Fills that the stream never hears of, nor any number shows.
    control(flow, account, "knobs", lose=1)
    control(flow, account, "burst", count=300)
    control(flow, account, "cut")
    control(flow, account, "knobs", lose=0, rate=5)
    return name


def settled(flow, venue, name):
    """Quiet venue, one more sweep by hand, then the comparison."""
    control(flow, f"{venue}:{name}", "knobs", rate=0)
    last = control(flow, f"{venue}:{name}", "ledger")["time_ns"]
    wait_for("a watermark past the last fill", lambda: watermark(flow, venue) > last, 120, step=1)
    missing, extra, count = missing_and_extra(flow, venue, name)
    expect(not missing and not extra, f"{venue}: missing {missing[:3]} of {len(missing)}, extra {extra[:3]} of {len(extra)}")
    return count


def wait_for_ends(flow, venue, name, orders):
    """Those that ended while no worker lived are told by its successor."""
    wait_for(f"{venue}: no order is open that has ended", lambda: not ended_unheard(flow, venue, name), 150, step=1)
    told = topic_orders(topic(flow, f"account.{venue}.execution"), name)
    live = [order for order in orders if told[order]["meta"]["origin"] != "SNAPSHOT"]
    expect(not live, f"{venue}: ends that no stream told, told as by a stream: {live}")
    return len(orders)


with Flow("accounts") as flow:
    # Sweeps every two seconds and restarts exceed what venues allow, which other tests are about.
    add_accounts(flow, *(f"{venue}:main" for venue in VENUES), knobs=["limits=0"])
    flow.edit_config(lambda text: text.replace("    sidecar_keys:", "    poll_healthy_s: 2\n    poll_down_s: 1\n"
                                               "    limits:\n      rest_weight_per_minute: 60000\n"
                                               "    safety_lag_s: 1\n    sidecar_keys:"))
    worker = flow.ingest()
    watcher = sidecar(flow)
    for venue in VENUES:
        run(flow, venue, worker, watcher)
    worker.kill()
    unheard = {venue: wait_for(f"{venue}: an order that ends while no worker lives",
                               lambda: ended_unheard(flow, venue, "main"), 120, step=1) for venue in VENUES}
    worker = flow.ingest(name="ingest-2")
    successor = sidecar(flow, "--take-over", name="sidecar-2")
    expect(watcher.wait(40) == 3, f"the older sidecar ends with 3: {watcher.tail()}")
    successor = kill_and_restart(flow, successor, lambda name: sidecar(flow, "--take-over", name=name), "sidecar-3")
    counts = {venue: settled(flow, venue, "main") for venue in VENUES}
    ends = {venue: wait_for_ends(flow, venue, "main", unheard[venue]) for venue in VENUES}
    expect(worker.stop() == 0 and successor.stop() == 0, f"both end cleanly: {worker.tail()} {successor.tail()}")
    report = flow.verify(*(option for venue in VENUES for option in ("--expect", f"{venue}/recovery/main")))
    told = {one["venue"]: one["fills"] for one in report["per_stream"] if one["dataset"] == "execution"}
    expect(told == counts, f"fills by verify: {told}, by the ledgers: {counts}")
    print(json.dumps({"fills": counts, "missing": 0, "extra": 0, "orders_ended_unheard": ends}))
