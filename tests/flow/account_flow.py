"""What the account flows have in common: an account of the simulator, its configuration, its ledger, its topics."""
import collections
import decimal
import json
import subprocess

from flow import BIN, expect


def add_accounts(flow, *accounts, knobs=(), proxies=(), market=("--venues", "kraken", "--instruments", 1, "--rate", 20)):
    """Starts the simulator with these accounts ("kraken:main", ...) and puts them into the configuration. `knobs`:
    "rate=20" or "kraken:main:drop=0.1"; `market`: the public side beside them."""
    keys = flow.dir / "keys"
    keys.mkdir(mode=0o700)
    options = []
    for account in accounts:
        options += ["--account", f"{account}:{keys / account.replace(':', '-')}"]
    for knob in knobs:
        options += ["--knob", knob]
    for proxy in proxies:
        options += ["--proxy", proxy]
    flow.simulator = flow.start("sim", "sim", *market,
                                "--write-config", flow.config, "--brokers", flow.brokers, "--prefix", flow.prefix,
                                *options)
    flow.venues = flow.simulator.first_line()
    flow.edit_config(lambda text: text + "sidecar:\n  listen: 127.0.0.1:0\n")
    flow.apply_topics()
    return flow.venues["accounts"]


def sidecar(flow, *options, name="sidecar"):
    process = flow.start(name, "sidecar", "--config", flow.config, *options)
    process.ready = process.first_line(90)
    return process


def control(flow, account, verb, **body):
    """The account's "ledger", or a command to it: "knobs", "burst", "cut" ..."""
    return json.loads(flow.control(f"/accounts/{account}/{verb}", body if verb != "ledger" else None))


def topic(flow, name):
    """All records of a topic as they are now."""
    return list(records_with(flow, name, "{"))


def records_with(flow, name, text):
    """The records whose JSON holds `text`, one after the other: for topics that are too large to be held."""
    tail = subprocess.Popen(
        [BIN, "tail", "--brokers", flow.brokers, "--prefix", flow.prefix, "--config", str(flow.config), "--json", "--from",
         "beginning", "--until-end", "--topic", name], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    with tail.stdout as lines:
        yield from (json.loads(line) for line in lines if text in line)
    expect(tail.wait() == 0, f"tail of {name} ends with {tail.returncode}")


def kill_and_restart(flow, process, start, name):
    """SIGKILL, and another one under a name of its own."""
    process.kill()
    return start(name=name)


def fills_of(records, account):
    """event_id -> the record of the highest revision, of fills that were not made void."""
    latest = {}
    for record in records:
        if record["meta"]["account"] != account or not record["kind"].startswith("TRADE"):
            continue
        known = latest.get(record["event_id"])
        if known is None or record["revision"] > known["revision"]:
            latest[record["event_id"]] = record
    return [record for record in latest.values() if record["kind"] != "TRADE_CANCEL"]


def content(order, symbol, side, quantity, price):
    return (order, symbol, side.upper(), decimal.Decimal(quantity), decimal.Decimal(price))


def ledger_fills(ledger):
    """How often each content occurs among the ledger's fills that were not made void."""
    return collections.Counter(content(fill["order_id"], fill["symbol"], fill["side"], fill["quantity"], fill["price"])
                               for fill in ledger["fills"] if not fill["bust_ns"])


def topic_fills(records, account):
    """The same of the topic's records, each event_id once."""
    return collections.Counter(content(record["order_id"], record["meta"]["symbol"], record["side"],
                                       record["last_quantity"], record["last_price"])
                               for record in fills_of(records, account))


def missing_and_extra(flow, venue, name):
    """Fills that only the ledger has, fills that only the topic has, and how many the ledger has."""
    want = ledger_fills(control(flow, f"{venue}:{name}", "ledger"))
    have = topic_fills(topic(flow, f"account.{venue}.execution"), name)
    return list((want - have).elements()), list((have - want).elements()), want.total()


ENDED = {"FILLED", "CANCELLED", "REPLACED", "REJECTED", "EXPIRED"}


def topic_orders(records, account):
    """order id -> the record that says how it stands: the last one, but what has ended has ended, and REPLAY is about
    fills alone."""
    orders = {}
    for record in records:
        if record["meta"]["account"] != account or record["meta"]["origin"] == "REPLAY" or not record["order_id"]:
            continue
        known = orders.get(record["order_id"])
        if known is None or record["status"] in ENDED or known["status"] not in ENDED:
            orders[record["order_id"]] = record
    return orders


def ended_unheard(flow, venue, name):
    """Orders that are open in the topic and have ended in the ledger."""
    told = topic_orders(topic(flow, f"account.{venue}.execution"), name)
    ledger = control(flow, f"{venue}:{name}", "ledger")["orders"]
    return [order["id"] for order in ledger
            if order["state"] != "open" and order["id"] in told and told[order["id"]]["status"] not in ENDED]


def watermark(flow, venue):
    """The last completed sweep's."""
    done = [one for one in topic(flow, f"ops.{venue}.recovery") if one["phase"] == "COMPLETED" and "watermark_ns" in one]
    return done[-1]["watermark_ns"] if done else 0
