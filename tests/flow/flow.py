"""Verbs of the flow tests: a real broker, the simulator, workers and the independent verifier as child processes.

Everything that is started belongs to one Flow and ends with it. Nothing sleeps for a fixed time: waits poll a condition
and fail with the tail of the log when it does not come true.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = os.environ.get("MILLRACE_BIN", str(ROOT / "build/release/millrace"))
KAFKA = str(ROOT / "deploy/kafka/kafka")
LONG = os.environ.get("MILLRACE_LONG") == "1"


KAFKA_VERSION = os.environ.get("MILLRACE_KAFKA", "3.9.2")


def skip(why):
    """Ends the test as skipped, for ctest and for who reads."""
    print(f"SKIPPED: {why}")
    sys.exit(77)


class Failed(Exception):
    pass


def wait_for(what, condition, seconds=60, step=0.05):
    """Polls until condition() is true and returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not in {seconds} s")
        time.sleep(step)


class Process:
    """A child with its output in files."""

    def __init__(self, flow, name, arguments, environment=None):
        self.name = name
        self.out = flow.dir / f"{name}.out"
        self.err = flow.dir / f"{name}.err"
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.child = subprocess.Popen(arguments, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                                          env=environment)

    def first_line(self, seconds=30):
        """The first line of standard output, once it is whole."""
        def line():
            if self.child.poll() is not None and b"\n" not in self.out.read_bytes():
                raise Failed(f"{self.name} ended with {self.child.returncode}: {self.tail()}")
            text = self.out.read_bytes()
            return text.split(b"\n", 1)[0] if b"\n" in text else None
        return json.loads(wait_for(f"{self.name} ready", line, seconds))

    def tail(self, lines=15):
        return "\n".join(self.err.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, seconds=30):
        """SIGTERM, and the exit status."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds):
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise Failed(f"{self.name} did not end in {seconds} s: {self.tail()}") from None

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()

    def resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def nices(self):
        """The nice of each thread."""
        return [int(stat.read_text().rpartition(")")[2].split()[16])
                for stat in pathlib.Path(f"/proc/{self.child.pid}/task").glob("*/stat")]


def mutual_tls(secrets, certificate=True):
    """What a configuration says below kafka, besides brokers and prefix, to come by client certificate."""
    own = f", ssl.certificate.location: {secrets}/client.pem, ssl.key.location: {secrets}/client.key"
    return f"  properties: {{security.protocol: ssl, ssl.ca.location: {secrets}/ca.pem{own if certificate else ''}}}\n"


class Flow:
    """One flow test: its folder, broker, topics and children. Use as a context manager."""

    def __init__(self, name, nodes=1, version=None, secure=False):
        self.name = name
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"millrace-{name}-"))
        self.prefix = name.replace("_", "-")
        self.nodes, self.version = nodes, version or KAFKA_VERSION
        self.secure, self.kafka_section = secure, ""
        self.children = []
        self.config = self.dir / "ingest.yaml"

    def __enter__(self):
        self.cluster = str(self.dir / "kafka")
        self.brokers = subprocess.run(
            [KAFKA, "start", self.cluster, "--nodes", str(self.nodes), "--version", self.version]
            + ["--secure"] * self.secure,
            check=True, capture_output=True, text=True).stdout.strip()
        return self

    def __exit__(self, kind, error, trace):
        for child in reversed(self.children):
            with contextlib.suppress(Exception):
                child.kill()
        if error is not None:
            for log in pathlib.Path(self.cluster).glob("n*/out.log"):
                shutil.copy(log, self.dir / f"broker-{log.parent.name}.log")
        subprocess.run([KAFKA, "wipe", self.cluster], check=False)
        if error is None:
            shutil.rmtree(self.dir, ignore_errors=True)
        else:
            for child in self.children:
                print(f"--- {child.name}\n{child.tail()}", file=sys.stderr)
            print(f"--- logs are kept in {self.dir}", file=sys.stderr)

    def start(self, name, *arguments):
        process = Process(self, name, [BIN, *map(str, arguments)])
        self.children.append(process)
        return process

    def run(self, *arguments, check=True, seconds=120):
        done = subprocess.run([BIN, *map(str, arguments)], capture_output=True, text=True, timeout=seconds)
        if check and done.returncode != 0:
            raise Failed(f"millrace {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout[-3000:]}\n"
                         f"{done.stderr[-3000:]}")
        return done

    def kafka(self, verb, *arguments):
        subprocess.run([KAFKA, verb, self.cluster, *map(str, arguments)], check=True, capture_output=True)

    # -- parts of a flow ---------------------------------------------------------------------------------------

    def sim(self, *options):
        """Starts the simulator, writes the worker's configuration and creates the topics."""
        self.simulator = self.start("sim", "sim", "--write-config", self.config, "--brokers", self.brokers,
                                    "--prefix", self.prefix, *options)
        self.venues = self.simulator.first_line()
        self.apply_topics()
        return self.venues

    def apply_topics(self):
        """Completes the configuration that the simulator wrote, and creates its topics."""
        self.edit_config(lambda text: text.replace(f"  prefix: {self.prefix}\n",
                                                   f"  prefix: {self.prefix}\n{self.kafka_section}", 1))
        self.run("topics", "apply", "--manifest", ROOT / "deploy/topics.yaml", "--brokers", self.brokers,
                 "--prefix", self.prefix, "--config", self.config)

    def edit_config(self, change):
        """change(text) -> text of the worker's configuration."""
        self.config.write_text(change(self.config.read_text()))

    def ingest(self, *options, name="ingest", config=None):
        process = self.start(name, "ingest", "--config", config or self.config, *options)
        process.ready = process.first_line()
        return process

    def control(self, path, body=None):
        request = urllib.request.Request(self.venues["control"] + path,
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode()

    def metrics(self, process):
        with urllib.request.urlopen(process.ready["metrics"], timeout=20) as answer:
            text = answer.read().decode()
        values = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                key, value = line.rsplit(" ", 1)
                values[key] = float(value)
        return values

    def metric(self, process, name, **labels):
        """Sum of all series of a metric that carry the labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(value for key, value in self.metrics(process).items()
                   if key.split("{")[0] == name and all(label in key for label in wanted))

    def verify(self, *options, check=True, seconds=300):
        done = self.run("verify", "--brokers", self.brokers, "--prefix", self.prefix, "--config", self.config,
                        "--json", *options, check=False, seconds=seconds)
        try:
            report = json.loads(done.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError):
            raise Failed(f"verify printed no report: {done.stdout[-500:]} {done.stderr[-2000:]}") from None
        report["exit"] = done.returncode
        if check and (done.returncode != 0 or not report["ok"]):
            problems = [(one["venue"], one["dataset"], one["instrument"], one["problems"])
                        for one in report["per_stream"] if one["problems"]]
            raise Failed(f"verify: exit {done.returncode}: {problems} {json.dumps(report)[:3000]}")
        return report


def expect(condition, message):
    if not condition:
        raise Failed(message)
