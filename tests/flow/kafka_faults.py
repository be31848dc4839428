#!/usr/bin/env python3
"""What Kafka can do to a worker, one fault after the other, and what it costs: how many records are lost without a word
(none), declared as lost, or there twice, and how long until the broker acknowledges again. verify says it, and a consumer
that shares nothing with it.

  kafka_faults.py [--only NAME]...     those of one node; MILLRACE_LONG=1 runs all, and lets each last longer

Prints a row of the README's fault table for each."""
import argparse
import glob
import json
import os
import pathlib
import shutil
import subprocess
import time

from flow import LONG, ROOT, Flow, expect, mutual_tls, wait_for
from independent import count

RATE = 1000
SECONDS = 12 if LONG else 3  # of a fault that lasts; beyond librdkafka's socket timeout in the long run


class Skipped(Exception):
    pass


class Faults(Flow):
    """One broker or three, behind the simulator's proxy where there is one, and a worker on two venues."""

    rate = RATE

    def begin(self, *options):
        proxied = self.nodes == 1
        through = self.venues_and_proxy(self.brokers if proxied else None, "PLAINTEXT", *options)
        if proxied:
            self.edit_config(lambda text: text.replace(self.brokers, through))
            self.brokers = through
        self.worker = self.ingest()
        self.run_on(500)

    def venues_and_proxy(self, servers, listener, *options):
        """Where the broker's listener is to be found from now on: behind the simulator's proxy, if there is one."""
        self.remade, self.before = (), {}
        proxy = ("--proxy", f"kafka={servers}") if servers else ()
        self.sim("--venues", "kraken,binance-spot", "--instruments", 3, "--rate", self.rate, *proxy, *options)
        through = self.venues.get("proxies", {}).get("kafka")
        if servers:
            self.kafka("advertise", through.rsplit(":", 1)[1], listener)
        return through

    def acked(self, worker=None):
        return self.metric(worker or self.worker, "millrace_lane_acks_total")

    def run_on(self, more=1, seconds=90):
        before = self.acked()
        wait_for(f"{more} acknowledgements more", lambda: self.acked() >= before + more, seconds, step=0.02)

    def lasts(self, seconds=SECONDS):
        """Until so much was received from the venues."""
        received = lambda: self.metric(self.worker, "millrace_frames_total")
        before = received()
        wait_for("frames go on arriving", lambda: received() > before + RATE * seconds * 0.8, seconds * 10)

    def order(self, **fault):
        self.control("/proxy/kafka", fault)

    def back(self):
        """How long from now until records are acknowledged again, s."""
        begun = time.monotonic()
        self.run_on()
        return time.monotonic() - begun

    def declared_so_far(self):
        return self.metric(self.worker, "millrace_gaps_total", kind="LOCAL")

    def measure(self, name, fault):
        """Runs one scenario, then both consumers over all there is."""
        seconds = fault(self)
        self.run_on(500)
        report = self.verify(check=not self.remade)
        kept = [one for one in report["per_stream"] if topic_of(self, one["dataset"]) not in self.remade
                or one["venue"] != "kraken"]
        lost = sum(one["lost"] for one in kept)
        expect(lost == 0 and all(one["undeclared_gaps"] == 0 for one in kept), f"{name}: verify finds {report}")
        topics = [f"{self.prefix}.market.{venue}.{dataset}.v1" for venue in ("kraken", "binance-spot")
                  for dataset in ("book", "bbo", "trade")]
        seen = count(self.brokers, topics, self.remade)
        expect(seen["lost"] == 0, f"{name}: the independent consumer misses {seen}")
        row = {"fault": name, "lost": lost, "declared": seen["declared"] - self.before.get("declared", 0),
               "duplicates": seen["duplicates"] - self.before.get("duplicates", 0), "recovered_s": round(seconds, 1)}
        self.before = seen
        print(json.dumps(row), flush=True)
        return row

    def refused(self, reason):
        return self.metric(self.worker, "millrace_produce_errors_total", reason=reason)

    def bearable(self, name, fault):
        """A fault after which nothing may be missing, declared or not, unless the broker refuses records."""
        row = self.measure(name, fault)
        expect(name in REFUSES or row["declared"] == 0, f"{name} costs no record: {row}")


def outage(flow):
    """The only broker dies and is started again."""
    flow.kafka("kill", 1)
    flow.lasts()
    flow.kafka("up")
    return flow.back()


def freeze(flow):
    """The broker stands still."""
    flow.kafka("freeze", 1)
    flow.lasts()
    flow.kafka("thaw", 1)
    return flow.back()


def partition(flow):
    """Nothing comes through, and nothing says so."""
    flow.order(kind="partition")
    flow.lasts()
    flow.order(kind="clear")
    return flow.back()


def broken_line(flow, faults=("reset", "half_close", "drip")):
    """A line that breaks until each fault has struck: without TLS by those that TCP lets through."""
    for fault in faults:
        flow.order(kind=fault, rate=0.05, times=2, bytes=500)
    struck = lambda: json.loads(flow.control("/proxy/kafka"))["struck"]
    wait_for("each strikes", lambda: set(faults) <= set(struck()), 300)
    begun = time.monotonic()
    flow.order(kind="clear")
    flow.run_on()
    return time.monotonic() - begun


def damaging_line(flow):
    """Under TLS also one that repeats, swaps, damages and leaves out bytes: without it both sides take such bytes for
    true, as Kafka's checksum covers the records alone."""
    return broken_line(flow, ("reset", "half_close", "drip", "drop", "duplicate", "reorder", "corrupt"))


def topic_of(flow, dataset):
    return f"{flow.prefix}.market.kraken.{dataset}.v1"


def topic_deleted(flow):
    """The topic of Kraken's quotes goes, and is made again. What it held goes with it, which verify calls lost: it looks
    for the beginning of the epoch. What comes later is whole."""
    name = topic_of(flow, "bbo")
    flow.kafka("topics", "--delete", "--topic", name)
    wait_for("records are refused", lambda: flow.refused("no_topic") > 10)
    flow.run("topics", "apply", "--manifest", ROOT / "deploy/topics.yaml", "--brokers", flow.brokers, "--prefix",
             flow.prefix, "--config", flow.config)
    begun = time.monotonic()
    flow.remade = (name,)
    ends = lambda: sum(1 for _ in subprocess.run(
        ["kcat", "-C", "-b", flow.brokers, "-t", name, "-o", "beginning", "-c", "1", "-e", "-q", "-f", "%o\n"],
        capture_output=True, check=False).stdout.splitlines())
    wait_for("quotes come again", ends)
    return time.monotonic() - begun


def too_large(flow):
    """The broker takes no more than 300 bytes at once for Kraken's books."""
    entity = ("--alter", "--entity-type", "topics", "--entity-name", topic_of(flow, "book"))
    flow.kafka("configs", *entity, "--add-config", "max.message.bytes=300")
    wait_for("records are refused", lambda: flow.refused("too_large") > 10)
    flow.kafka("configs", *entity, "--add-config", "max.message.bytes=4194304")
    begun = time.monotonic()
    flow.run_on(200)
    return time.monotonic() - begun


def two_writers(flow):
    """A second worker of the same configuration takes the streams; what the first still writes is of a lower epoch."""
    first = flow.worker
    begun = time.monotonic()
    flow.worker = flow.ingest(name="ingest-second")
    flow.run_on()
    seconds = time.monotonic() - begun
    before = flow.acked(first)
    wait_for("both write", lambda: flow.acked(first) > before + 200)
    expect(first.stop() == 0, "the first ends cleanly")
    return seconds


def worker_killed(flow):
    flow.worker.kill()
    begun = time.monotonic()
    flow.worker = flow.ingest(name="ingest-next")
    flow.run_on()
    return time.monotonic() - begun


def faketime_library():
    found = os.environ.get("MILLRACE_FAKETIME") or next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), "")
    if not found:
        raise Skipped("libfaketime is not there: apt-get install libfaketime, or MILLRACE_FAKETIME=FILE")
    return found


def clock_jumps(flow):
    """The wall clock of the worker's machine goes an hour forward, then two back."""
    stamp = flow.dir / "faketime"
    stamp.write_text("+0")
    expect(flow.worker.stop() == 0, "the worker before it ends cleanly")
    changed = {"LD_PRELOAD": faketime_library(), "FAKETIME_TIMESTAMP_FILE": str(stamp), "FAKETIME_NO_CACHE": "1",
               "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    with_environment = dict(os.environ, **changed)
    saved = dict(os.environ)
    os.environ.update(with_environment)
    try:
        flow.worker = flow.ingest(name="ingest-clock")
    finally:
        os.environ.clear()
        os.environ.update(saved)
    flow.run_on(300)
    slowest = 0.0
    for offset in ("+3600", "-3600", "+0"):
        stamp.write_text(offset)
        slowest = max(slowest, flow.back())
        flow.run_on(500)
    return slowest


def leader_kills(flow):
    """Of three nodes, each is killed once and comes back."""
    slowest = 0.0
    for node in (1, 2, 3):
        flow.kafka("kill", node)
        slowest = max(slowest, flow.back())
        flow.run_on(2000)
        flow.kafka("up")
        flow.run_on(2000)
    return slowest


def disk_full(flow):
    """The broker's disk is full: it ends by itself, and comes back on a larger one."""
    flow.lasts(1)
    node = pathlib.Path(flow.cluster) / "n1"
    wait_for("the broker ends", lambda: not is_alive(node), 120)
    flow.lasts()
    subprocess.run(["mount", "-o", "remount,size=2g", node / "data"], check=True)
    flow.kafka("up")
    return flow.back()


def is_alive(node):
    return pathlib.Path(f"/proc/{(node / 'pid').read_text().strip()}").exists()


class OverTls(Faults):
    """The worker comes to its broker through TLS and the simulator's proxy; who judges it comes by the plain port."""

    def begin(self, *options):
        secrets = pathlib.Path(self.cluster) / "secure"
        through = self.venues_and_proxy((secrets / "mtls.servers").read_text().strip(), "MTLS", *options)
        self.kafka("acl", "--add", "--allow-principal", "User:CN=millrace", "--topic", "*", "--operation", "All")
        secured = self.dir / "secured.yaml"
        secured.write_text(self.config.read_text().replace(f"brokers: {self.brokers}\n",
                                                           f"brokers: {through}\n{mutual_tls(secrets)}"))
        self.worker = self.ingest(config=secured)
        self.run_on(500)


class OnSmallDisk(Faults):
    """Its broker's data lie on a file system of 24 MB."""

    rate = 5000

    def begin(self, *options):
        data = pathlib.Path(self.cluster) / "n1/data"
        self.kafka("stop")
        kept = self.dir / "kept"
        shutil.copytree(data, kept)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", data], check=False).returncode != 0:
            raise Skipped("a small file system cannot be mounted here")
        self.mounted = data
        shutil.copytree(kept, data, dirs_exist_ok=True)
        self.kafka("up")
        super().begin(*options)

    def __exit__(self, *error):
        subprocess.run([str(ROOT / "deploy/kafka/kafka"), "kill", self.cluster], check=False)
        if getattr(self, "mounted", None):
            subprocess.run(["umount", "-l", self.mounted], check=False)
        return super().__exit__(*error)


# After the clock went back, librdkafka 2.0.2's thread for metadata may sleep as long as it went: a topic that is deleted
# then is noticed late. So the clock goes last.
ALWAYS = {"broker killed": outage, "broker frozen": freeze, "network partition": partition,
          "broken line": broken_line, "worker killed": worker_killed, "two writers": two_writers,
          "message too large": too_large, "topic deleted": topic_deleted, "clock jumps": clock_jumps}
REFUSES = {"message too large", "topic deleted"}


def run_all(flow, scenarios, wanted):
    for name, fault in scenarios.items():
        if wanted and name not in wanted:
            continue
        try:
            flow.bearable(name, fault)
        except Skipped as why:
            print(f"SKIPPED {name}: {why}", flush=True)
    expect(flow.worker.stop() == 0, f"the worker ends cleanly: {flow.worker.tail()}")


def run_flow(flow, scenarios, wanted):
    if wanted and not set(scenarios) & set(wanted):
        return
    with flow:
        try:
            flow.begin()
        except Skipped as why:
            return print(f"SKIPPED {', '.join(scenarios)}: {why}", flush=True)
        run_all(flow, scenarios, wanted)


parser = argparse.ArgumentParser()
parser.add_argument("--only", action="append", default=[])
options = parser.parse_args()
run_flow(Faults("kafka_faults"), ALWAYS, options.only)
if LONG or options.only:
    run_flow(OverTls("kafka_faults_tls", secure=True), {"damaging line": damaging_line}, options.only)
    run_flow(Faults("kafka_faults_three", nodes=3), {"leader killed, three nodes": leader_kills}, options.only)
    run_flow(OnSmallDisk("kafka_faults_disk"), {"broker's disk full": disk_full}, options.only)
