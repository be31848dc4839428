#!/usr/bin/env python3
"""A REST host that wants quiet (HTTP 429) is left alone by every process, whichever was told: the worker's private calls by
the word of the sidecar, and the sidecar's by that of the worker. Long run: each direction waits for the venue's 30 s."""
import datetime
import sys

from account_flow import add_accounts, control, sidecar, topic
from flow import LONG, Flow, expect, skip, wait_for

if not LONG and not sys.argv[1:]:
    skip("set MILLRACE_LONG=1")

VENUE = "binance-spot"  # counts by address
ACCOUNT = f"{VENUE}:main"


def stops(flow, name):
    """The moments that a process told, as text, oldest first."""
    return [one for one in topic(flow, f"ops.{VENUE}.status")
            if one["dataset"] == "rest" and one["worker"].endswith("/sidecar") == (name == "sidecar")]


def swept(flow, after_ns):
    """Sweeps that the venue answered after that moment of ours."""
    return [one for one in topic(flow, f"ops.{VENUE}.recovery")
            if one["phase"] == "COMPLETED" and one["meta"]["receive_time_ns"] > after_ns]


def synced(flow, after_ns):
    return [one for one in topic(flow, f"ops.{VENUE}.status")
            if one["reason"] == "synced" and one["meta"]["receive_time_ns"] > after_ns]


def refused(flow, teller):
    """The next request is refused; then the venue would answer again, but nobody may ask."""
    before = len(stops(flow, teller))
    control(flow, ACCOUNT, "knobs", status_429=1)
    control(flow, ACCOUNT, "cut")
    wait_for(f"the {teller} is told", lambda: len(stops(flow, teller)) > before, step=0.5)
    control(flow, ACCOUNT, "knobs", status_429=0)
    stop = stops(flow, teller)[-1]
    expect(stop["state"] == "HALTED" and stop["reason"] == "host_limited", f"what is told: {stop}")
    return stop


def until_ns(stop):
    whole, fraction = stop["detail"].rstrip("Z").split(".")
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp()) * 10**9 + int(fraction)


def all_quiet(flow, stop):
    """Neither the worker's state nor a sweep was had before the moment that the host had named."""
    told, until = stop["meta"]["receive_time_ns"], until_ns(stop)
    for what, had in (("state", synced), ("sweep", swept)):
        wait_for(f"a {what} after it", lambda: had(flow, told), 90, step=1)
        early = until - had(flow, told)[0]["meta"]["receive_time_ns"]
        expect(early <= 0, f"a {what} {early} ns too early")


with Flow("host_stops") as flow:
    add_accounts(flow, ACCOUNT, knobs=["limits=0"])
    flow.edit_config(lambda text: text.replace("    sidecar_keys:", "    poll_healthy_s: 3\n    safety_lag_s: 1\n"
                                               "    limits:\n      rest_weight_per_minute: 60000\n    sidecar_keys:"))
    worker = flow.ingest()
    wait_for("the account's state", lambda: synced(flow, 0), step=0.5)
    stop = refused(flow, "worker")
    watcher = sidecar(flow)
    wait_for("the sidecar hears it", lambda: "host_stop_heard" in watcher.tail(10_000))
    all_quiet(flow, stop)
    print("told by the worker: worker and sidecar waited")

    # Without a worker the sidecar's poll is refused; the next worker hears of it at its start.
    expect(worker.stop() == 0, f"it ends cleanly: {worker.tail()}")
    stop = refused(flow, "sidecar")
    worker = flow.ingest(name="second")
    wait_for("the worker hears it", lambda: "host_stop_heard" in worker.tail(10_000))
    all_quiet(flow, stop)
    print("told by the sidecar: worker and sidecar waited")
    expect(worker.stop() == 0 and watcher.stop() == 0, f"both end cleanly: {worker.tail()} {watcher.tail()}")
