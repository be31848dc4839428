"""The whole chain, TLS socket to broker acknowledgement, in CPU of the worker's process; and its bare stages."""
import json
import os
import re
import subprocess
import sys

from bench_paths import BENCH, ROOT

sys.path.insert(0, str(ROOT / "tests/flow"))
from flow import Flow, expect, wait_for  # noqa: E402

INSTRUMENTS = 200
PARTITIONS = 4
UNLIMITED = ("rest_weight_per_minute", "connects", "messages_per_second")
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process):
    fields = open(f"/proc/{process.child.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def tool(*arguments, seconds=120):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=seconds)
    expect(done.returncode == 0, f"{arguments[0]}: {done.stderr}")
    return json.loads(done.stdout)


class Histogram:
    """The buckets of one histogram, summed over its series; quantiles by linear interpolation inside a bucket."""

    def __init__(self, metrics, name):
        buckets = {}
        for key, value in metrics.items():
            found = re.match(name + r'_bucket\{.*le="([^"]+)"', key)
            if found:
                edge = float(found[1].replace("+Inf", "inf"))
                buckets[edge] = buckets.get(edge, 0) + value
        self.buckets = buckets

    def since(self, earlier):
        self.buckets = {edge: count - earlier.buckets.get(edge, 0) for edge, count in self.buckets.items()}
        return self

    def quantile(self, share):
        edges = sorted(self.buckets)
        wanted = share * self.buckets[edges[-1]]
        low = below = 0.0
        for edge in edges:
            if self.buckets[edge] >= wanted:
                inside = self.buckets[edge] - below
                return low if edge == float("inf") or inside == 0 else low + (edge - low) * (wanted - below) / inside
            low, below = edge, self.buckets[edge]
        return low


def simulate(flow, rate, *options):
    """The simulator with the mix; the venue's limits are no part of the measurement."""
    limits = [part for name in UNLIMITED for part in ("--limit", f"{name}=1000000000")]
    flow.sim("--mix", "--instruments", INSTRUMENTS, "--levels", 1000, "--rate", rate, "--venues", "binance-spot",
             *limits, *options)


def mix_worker(flow, rate, *sim_options, limits="rest_weight_per_minute: 1000000"):
    """The simulator with the mix, and a worker on it."""
    simulate(flow, rate, *sim_options)
    # 200 snapshots are more than the venue's weight of a minute.
    flow.edit_config(lambda text: text.replace("    symbols:", f"    limits: {{{limits}}}\n    symbols:"))
    worker = flow.ingest()
    wait_for("every stream live", lambda: flow.metric(worker, "millrace_streams", state="LIVE") >= 3 * INSTRUMENTS,
             120, step=0.5)
    return worker


def by_dataset(metrics):
    counts = {}
    for key, value in metrics.items():
        found = re.match(r'millrace_records_total\{.*dataset="([^"]+)"', key)
        if found:
            counts[found[1]] = counts.get(found[1], 0) + value
    return counts


def window(flow, worker, seconds):
    """CPU, acknowledged records, frames and latencies of a window in the steady state."""
    def sample():
        metrics = flow.metrics(worker)
        total = lambda name: sum(v for k, v in metrics.items() if k.split("{")[0] == name)
        return {"cpu": cpu_seconds(worker), "acks": total("millrace_lane_acks_total"),
                "frames": total("millrace_frames_total"), "types": by_dataset(metrics),
                "latency": Histogram(metrics, "millrace_receive_to_ack_seconds")}
    first = sample()
    subprocess.run(["sleep", str(seconds)], check=True)
    last = sample()
    frames = last["frames"] - first["frames"]
    latency = last["latency"].since(first["latency"])
    return {
        "frames": int(frames), "acks": int(last["acks"] - first["acks"]),
        "records_by_type": {kind: int(count - first["types"].get(kind, 0)) for kind, count in last["types"].items()},
        "frames_per_second": round(frames / seconds),
        "cpu_ns_per_message": round((last["cpu"] - first["cpu"]) * 1e9 / max(1, frames), 1),
        "ack_p50_us": round(latency.quantile(0.5) * 1e6), "ack_p99_us": round(latency.quantile(0.99) * 1e6),
        "ack_p999_us": round(latency.quantile(0.999) * 1e6),
    }


def finish(flow, worker):
    """Ends the worker; the independent verifier counts what is really there."""
    expect(worker.stop(120) == 0, "the worker ends cleanly")
    report = flow.verify()
    flow.simulator.stop()
    return {"records_read_back": report["records"], "lost": report["lost"], "ok": report["ok"]}


def bare(flow, seconds):
    """The stages alone, against the same simulator and broker."""
    host, port = re.match(r"wss://([^:/]+):(\d+)", flow.venues["venues"]["binance-spot"]["ws_url"]).groups()
    symbols = flow.venues["venues"]["binance-spot"]["symbols"]
    streams = "/".join(f"{s.lower()}@{kind}" for s in symbols for kind in ("bookTicker", "depth@100ms", "trade"))
    drain = tool(BENCH / "bench_bare", "drain", host, port, flow.venues["ca_file"], f"/stream?streams={streams}",
                 seconds)
    produce = produce_alone(flow, seconds, 0)
    return {"drain": drain, "produce": produce}


def produce_alone(flow, seconds, rate):
    topic = f"{flow.prefix}.market.binance-spot.bbo.v1"
    return tool(BENCH / "bench_bare", "produce", flow.brokers, topic, PARTITIONS, seconds, rate)


def throughput(seconds):
    with Flow("bench_chain") as flow:
        worker = mix_worker(flow, 0)
        chain = window(flow, worker, seconds)
        chain.update(finish(flow, worker))
        simulate(flow, 0)
        return chain, bare(flow, seconds)


def latency(seconds, rate):
    """Time to the broker's acknowledgement at a fixed rate, beside a bare produce loop at the same rate."""
    with Flow("bench_latency") as flow:
        worker = mix_worker(flow, rate)
        chain = window(flow, worker, seconds)
        chain.update(finish(flow, worker))
        return {"rate": rate, "worker": chain, "bare": produce_alone(flow, seconds, rate)}


def distant_broker(seconds):
    """The chain with 2 ms between worker and broker."""
    with Flow("bench_distant") as flow:
        port = flow.brokers.rsplit(":", 1)[1]
        proxy = subprocess.Popen([str(BENCH / "bench_delay"), port, "1000"], stdout=subprocess.PIPE, text=True)
        try:
            flow.kafka("advertise", proxy.stdout.readline().strip())
            flow.brokers = open(f"{flow.cluster}/servers").read().strip()
            worker = mix_worker(flow, 20_000)
            chain = window(flow, worker, seconds)
            chain.update(finish(flow, worker))
            return chain
        finally:
            proxy.kill()


def connection_memory(seconds):
    """Resident bytes that one more connection costs, from many small ones against one."""
    sizes = {}
    for streams in (1024, 6):
        with Flow("bench_memory") as flow:
            worker = mix_worker(flow, 2000, limits=f"rest_weight_per_minute: 1000000, streams_per_connection: {streams}")
            subprocess.run(["sleep", str(seconds)], check=True)
            connections = flow.metric(worker, "millrace_connections", state="LIVE")
            sizes[streams] = (connections, worker.resident_bytes())
            worker.stop()
    (few, small), (many, large) = sizes[1024], sizes[6]
    return {"connections": int(many), "bytes_per_connection": round((large - small) / (many - few))}
