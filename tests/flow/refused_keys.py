#!/usr/bin/env python3
"""Keys that a venue does not accept: a wrong one, one that was revoked, one used from an address that it does not allow,
and a clock that is off. Each gives a line with the reason and a status record, a bounded number of tries, and hurts
nobody else: public streams and another account of the worker flow on. Once the cause is gone the account goes on without
a restart: by itself while it is still trying, after SIGHUP once it has given up. In the long run only: five tries take
two minutes."""
import json
import re
import signal

from account_flow import add_accounts, control, missing_and_extra, sidecar, topic
from flow import LONG, Flow, expect, skip, wait_for

if not LONG:
    skip("set MILLRACE_LONG=1")

PUBLIC = "binance-usdm"
WELL = "coinbase-exchange:well"
WRONG = "kraken:wrong"             # another secret in the worker's file; the sidecar's is right
REVOKED = "binance-spot:revoked"   # both keys; the login is a message
TAKEN = "alpaca:taken"             # both keys, while the stream is live
ADDRESS = "coinbase-exchange:address"
SKEWED = ["binance-usdm:skewed", "coinbase-advanced:skewed"]
ACCOUNTS = [WELL, WRONG, REVOKED, TAKEN, ADDRESS, *SKEWED]
TRIES = 5


def lines(process, word, account):
    """The log's lines of that kind about the account."""
    venue, name = account.split(":")
    about = (f"venue={venue} account={name} ", f"account={venue}/{name} ")
    return [line for line in process.err.read_text().splitlines() if f" {word} " in line and any(a in line for a in about)]


def connected(flow, worker, account):
    venue, name = account.split(":")
    return flow.metric(worker, "millrace_account_connected", venue=venue, account=name) == 1


def sweeps(flow, watcher, account, result):
    venue, name = account.split(":")
    return flow.metric(watcher, "millrace_sweeps_total", venue=venue, account=name, result=result)


def states(flow, account):
    """What the status topic said about the account's executions."""
    venue, name = account.split(":")
    return [(one["state"], one["reason"], one.get("detail", "")) for one in topic(flow, f"ops.{venue}.status")
            if one["meta"]["account"] == name and one["dataset"] == "execution" and one["channel"] != "sidecar"]


def told(flow, process, word, account, detail):
    """A line of the log with the reason."""
    found = wait_for(f"{account}: {word}", lambda: lines(process, word, account), 60)
    expect(re.search(detail, found[0]), f"{account}: the reason is in {found[0]}")


def check_reasons(flow, worker, watcher):
    told(flow, worker, "account_key_refused", WRONG, "try=1 of=5 .*Invalid signature")
    told(flow, worker, "account_login_refused", REVOKED, "Invalid API-key, IP, or permissions")
    told(flow, worker, "account_login_refused", ADDRESS, "IP does not match")
    for account in SKEWED:
        told(flow, worker, "account_clock_off", account, r"venue_ahead_ms=-(89|9\d|189|19\d)\d{3}:")
    told(flow, watcher, "sweep", REVOKED, "ok=false .*Invalid API-key, IP, or permissions")
    told(flow, watcher, "sweep", ADDRESS, "ok=false .*IP does not match")


def go_on_alone(flow, worker):
    """A clock is settled by asking, and an address that is allowed within the tries is found."""
    control(flow, ADDRESS, "knobs", address_refused=0)
    for account in [ADDRESS, *SKEWED]:
        wait_for(f"{account} goes on", lambda: connected(flow, worker, account), 100)


def give_up(flow, worker, watcher):
    """After five tries, and not one more."""
    for account in [WRONG, REVOKED, TAKEN]:
        wait_for(f"{account} halts", lambda: states(flow, account)[-1][0] == "HALTED", 240, step=1)
        expect(states(flow, account)[-1][1] in ("auth_refused", "unauthorized") and states(flow, account)[-1][2],
               f"{account}: the record has the reason: {states(flow, account)[-1]}")
        expect(not connected(flow, worker, account), f"{account} is not connected")
    for account in [REVOKED, TAKEN]:
        wait_for(f"{account}: the sidecar gives up", lambda: lines(watcher, "sidecar_key_refused", account), 240)
        expect(sweeps(flow, watcher, account, "failed") == TRIES, f"{account}: {TRIES} sweeps")
    expect(control(flow, WRONG, "ledger")["counts"]["refused"] == TRIES, f"{WRONG}: {TRIES} requests, and no more")
    for account in [WRONG, REVOKED, TAKEN]:
        for word in ("account_key_refused", "account_login_refused"):
            expect(len(lines(worker, word, account)) <= TRIES, f"{account}: at most {TRIES} lines {word}")


def go_on_after_sighup(flow, worker, watcher, secret, right):
    secret.write_text(right)
    for account in [REVOKED, TAKEN]:
        control(flow, account, "knobs", key_revoked=0)
    for process in (worker, watcher):
        process.child.send_signal(signal.SIGHUP)
    for account in [WRONG, REVOKED, TAKEN]:
        wait_for(f"{account} goes on", lambda: connected(flow, worker, account), 60)
    for account in [REVOKED, TAKEN]:
        before = sweeps(flow, watcher, account, "completed")
        wait_for(f"{account} is swept", lambda: sweeps(flow, watcher, account, "completed") > before, 60)


def check_fills(flow, worker):
    """Each account tells what it trades from now on, and what it traded meanwhile."""
    for account in ACCOUNTS:
        control(flow, account, "fill")
    for account in ACCOUNTS:
        wait_for(f"{account}: its fills", lambda: missing_and_extra(flow, *account.split(":"))[:2] == ([], []), 60, step=1)
        expect(missing_and_extra(flow, *account.split(":"))[2] == 2, f"{account} has two fills")


with Flow("refused_keys") as flow:
    knobs = [f"{REVOKED}:key_revoked=3", f"{ADDRESS}:address_refused=1", f"{SKEWED[0]}:clock_skew_ns=-90000000000",
             f"{SKEWED[1]}:clock_skew_ns=-190000000000"]
    add_accounts(flow, *ACCOUNTS, knobs=["limits=0", *knobs],
                 market=("--venues", PUBLIC, "--instruments", 2, "--rate", 50))
    # The sidecar looks again soon, as the fills of the stream's absence are a part of the test.
    flow.edit_config(lambda text: text.replace("    sidecar_keys:", "    poll_healthy_s: 5\n    poll_down_s: 5\n"
                                               "    safety_lag_s: 1\n    limits:\n      rest_weight_per_minute: 60000\n"
                                               "    sidecar_keys:"))
    secret = flow.dir / "keys/kraken-wrong.secret"
    right = secret.read_text()
    secret.write_text("".join(reversed(right.strip().rstrip("="))) + "=" * right.count("="))
    worker = flow.ingest()
    watcher = sidecar(flow)
    for account in [WELL, TAKEN]:
        wait_for(f"{account} logged in", lambda: connected(flow, worker, account), 60)
        wait_for(f"{account} is swept", lambda: sweeps(flow, watcher, account, "completed"), 60)
    control(flow, TAKEN, "knobs", key_revoked=3)
    control(flow, TAKEN, "cut")
    for account in ACCOUNTS:
        control(flow, account, "fill")
    check_reasons(flow, worker, watcher)
    go_on_alone(flow, worker)
    give_up(flow, worker, watcher)
    records = flow.metric(worker, "millrace_records_total", venue=PUBLIC)
    go_on_after_sighup(flow, worker, watcher, secret, right)
    check_fills(flow, worker)
    expect(not lines(worker, "account_disconnected", WELL), f"{WELL} stayed connected")
    wait_for("public streams flow", lambda: flow.metric(worker, "millrace_records_total", venue=PUBLIC) > records + 20)
    expect(flow.metric(worker, "millrace_gaps_total", venue=PUBLIC, kind="VENUE") == 0, "and have no hole")
    expect(worker.stop() == 0 and watcher.stop() == 0, f"both end cleanly: {worker.tail()} {watcher.tail()}")
    report = flow.verify()
    print(json.dumps({"accounts": len(ACCOUNTS), "public records": report["records"], "lost": report["lost"]}))
