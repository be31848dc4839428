#!/usr/bin/env python3
"""An account of 1,000 fills a second on one connection, first alone and then beside a flood of market data on the same
worker. Nothing is lost: in the end the topic, each event_id once, is the venue's ledger. How long records took to the
broker's acknowledgement, and how the worker grows meanwhile, is told and not judged; what a connection costs at rest is.

3 s of each; 60 s with MILLRACE_LONG=1, or as many as the first argument says. Each fill is an order of its own: four
executions (accepted, open, filled, done) and a balance for each of the two assets, in seven messages, as many as Kraken
would send; so 1,000 fills are 6,000 records and 7,000 messages a second."""
import re
import sys
import time

from account_flow import add_accounts, control, ledger_fills, records_with, topic_fills
from flow import LONG, ROOT, Flow, expect, wait_for

SECONDS = int(sys.argv[1]) if sys.argv[1:] else 60 if LONG else 3
RATE = 1000
BUSY = "kraken:main"
IDLE = [f"kraken:idle{number}" for number in range(10)]
MOST_BYTES = 5_000_000  # of one connection
MARKET = "binance-spot"
MARKET_STREAMS = 3 * 200


class Latency:
    """Times to the acknowledgement as the lane counted them between two scrapes."""

    def __init__(self, before, after):
        self.buckets = {edge: count - before.get(edge, 0) for edge, count in sorted(after.items())}
        self.count = self.buckets[float("inf")]

    @staticmethod
    def scrape(flow, worker):
        """{upper edge in seconds: count of what is not above it}"""
        found = {}
        for key, value in flow.metrics(worker).items():
            if key.startswith("millrace_receive_to_ack_seconds_bucket") and 'lane="account"' in key:
                found[float(re.search(r'le="([^"]+)"', key)[1].replace("+Inf", "inf"))] = value
        return found

    def quantile(self, share):
        """Seconds, by linear interpolation inside a bucket."""
        low = below = 0.0
        for edge, count in self.buckets.items():
            if count >= share * self.count:
                inside = count - below
                return low if edge == float("inf") or not inside else low + (edge - low) * (share * self.count - below) / inside
            low, below = edge, count
        return low


def connected(flow, worker, count):
    wait_for(f"{count} accounts are connected", lambda: flow.metric(worker, "millrace_account_connected") == count, 60)


def settled(flow, worker):
    """Nothing more comes, and all of it is acknowledged."""
    seen = []

    def quiet():
        metrics = flow.metrics(worker)
        seen.append([metrics[f'millrace_lane_{what}_total{{lane="account"}}'] for what in ("records", "acks")]
                    + [value for key, value in metrics.items() if key.startswith("millrace_account_records_total")])
        # Heartbeats and states of the streams are records of the lane, too.
        return len(seen) > 1 and seen[-1][2:] == seen[-2][2:] and seen[-1][0] == seen[-1][1]
    wait_for("everything is acknowledged", quiet, 300, step=2)


def measure(flow, worker):
    """A window at the full rate, behind a second of getting there."""
    frames = lambda: flow.metric(worker, "millrace_frames_total", venue=MARKET)
    records = lambda: flow.metric(worker, "millrace_account_records_total")
    small, told = worker.resident_bytes(), records()
    control(flow, BUSY, "knobs", rate=RATE, only_fills=1)
    wait_for("the account trades", lambda: records() > told + RATE)
    begun, market, before = time.time_ns(), frames(), Latency.scrape(flow, worker)
    grown = []

    def at_end():
        grown.append(worker.resident_bytes() - small)
        return time.time_ns() > begun + SECONDS * 10**9
    wait_for("the window", at_end, SECONDS + 60)
    latency, market, ended = Latency(before, Latency.scrape(flow, worker)), frames() - market, time.time_ns()
    control(flow, BUSY, "knobs", rate=0)
    settled(flow, worker)
    return {"begun": begun, "ended": ended, "latency": latency, "market": market * 10**9 / (ended - begun), "grown": grown}


def flood(flow):
    """Another simulator with the benchmark's mix, as fast as the worker reads; its venue joins the configuration."""
    path = flow.dir / "flood.yaml"
    limits = [part for name in ("rest_weight_per_minute", "connects", "messages_per_second")
              for part in ("--limit", f"{name}=1000000000")]
    flow.start("flood", "sim", "--mix", "--venues", MARKET, "--instruments", 200, "--levels", 1000, "--rate", 0,
               "--write-config", path, "--brokers", flow.brokers, "--prefix", flow.prefix, *limits).first_line()
    venue = re.search(r"^venues:\n((?:  .*\n)+)", path.read_text(), re.M)[1]
    venue = venue.replace("    symbols:", "    limits: {rest_weight_per_minute: 1000000}\n    symbols:")
    flow.edit_config(lambda text: text.replace("venues:\n", "venues:\n" + venue, 1))
    flow.run("topics", "apply", "--manifest", ROOT / "deploy/topics.yaml", "--brokers", flow.brokers,
             "--prefix", flow.prefix, "--config", flow.config)


def bytes_of_idle(flow, text):
    """What one more connection costs: a worker with all accounts against one with the busy one alone, both at rest."""
    sizes = []
    for name, config, count in (("all", text, 1 + len(IDLE)), ("one", alone(text), 1)):
        flow.config.write_text(config)
        worker = flow.ingest(name=f"ingest-{name}")
        connected(flow, worker, count)
        told = lambda: sum(value > 0 for key, value in flow.metrics(worker).items()
                           if key.startswith("millrace_account_records_total") and 'dataset="balance"' in key)
        wait_for("each has its balances", lambda: told() == count)
        sizes.append(worker.resident_bytes())
        expect(worker.stop() == 0, f"it ends cleanly: {worker.tail()}")
    return (sizes[0] - sizes[1]) / len(IDLE)


def alone(text):
    """The configuration without the accounts at rest."""
    return re.sub(r"^  - name: idle\d+\n(?:    .*\n)+", "", text, flags=re.M)


def from_venue(flow, windows):
    """Of each window the times from the venue's clock, which is the same machine's, to the producer; and the topic's fills.
    The simulator looks every 2 ms whether a fill is due."""
    times = [[] for _ in windows]
    trades = []
    for record in records_with(flow, "account.kraken.execution", '"kind":"TRADE"'):
        trades.append(record)
        meta = record["meta"]
        for window, of_window in zip(windows, times):
            if window["begun"] <= meta["publish_time_ns"] < window["ended"]:
                of_window.append(meta["publish_time_ns"] - meta["venue_time_ns"])
    return [sorted(one) for one in times], topic_fills(trades, "main")


def table(windows, times, ledger):
    print(f"{'':<24}{'fills/s':>9}{'records/s':>11}{'market/s':>10}   {'venue to producer p50/p99':>26}   "
          f"{'receive to ack p50/p99':>23}{'under 100 ms':>14}")
    for name, window, of_window in zip(("alone", "beside a market flood"), windows, times):
        seconds = (window["ended"] - window["begun"]) / 1e9
        fills = sum(window["begun"] <= fill["time_ns"] < window["ended"] for fill in ledger["fills"])
        latency = window["latency"]
        producer = [of_window[int(share * (len(of_window) - 1))] / 1e6 for share in (0.5, 0.99)]
        print(f"{name:<24}{fills / seconds:>9.0f}{latency.count / seconds:>11.0f}{window['market']:>10.0f}   "
              f"{producer[0]:>14.1f} /{producer[1]:>7.1f} ms   "
              f"{latency.quantile(0.5) * 1e3:>11.1f} /{latency.quantile(0.99) * 1e3:>7.1f} ms"
              f"{latency.buckets[0.1] / latency.count:>13.2%}")


with Flow("account_rate") as flow:
    add_accounts(flow, BUSY, *IDLE, knobs=["limits=0"])
    idle = bytes_of_idle(flow, flow.config.read_text())
    windows = []
    for name in ("alone", "flood"):
        if name == "flood":
            flood(flow)
        worker = flow.ingest(name=name)
        connected(flow, worker, 1)
        if name == "flood":
            wait_for("the flood", lambda: flow.metric(worker, "millrace_streams", venue=MARKET, state="LIVE") >= MARKET_STREAMS,
                     120, step=0.5)
            nices = worker.nices()
            expect(max(nices) == min(min(nices) + 10, 19), f"market data yields to fills: {nices}")
        windows.append(measure(flow, worker))
        expect(worker.stop(120) == 0, f"it ends cleanly: {worker.tail()}")
    ledger = control(flow, BUSY, "ledger")
    times, have = from_venue(flow, windows)
    want = ledger_fills(ledger)
    missing, extra = (want - have).total(), (have - want).total()
    table(windows, times, ledger)
    grown = windows[0]["grown"]
    print(f"memory: {idle / 1e6:.2f} MB for one more connection at rest; at full rate {max(grown) / 1e6:.2f} MB more in {SECONDS} s, "
          f"{grown[len(grown) // 2] / 1e6:.2f} MB of them after half of that time (resident)")
    print(f"{want.total()} fills in the ledger, {missing} missing, {extra} extra")
    expect(want.total() > 0 and missing == 0 and extra == 0, "nothing is lost")
    expect(idle <= MOST_BYTES, f"a connection at rest stays below {MOST_BYTES / 1e6} MB")
