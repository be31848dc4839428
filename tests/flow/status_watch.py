"""Follows the status topics of venues with kcat, beside everything else, and knows what each stream's last word was."""
import subprocess
import threading
import time

from flow import wait_for
from independent import fields

STATES = ["UNSPECIFIED", "DISCONNECTED", "CONNECTING", "AUTHENTICATING", "SUBSCRIBING", "SYNCING", "LIVE", "STALE",
          "RECOVERING", "BACKING_OFF", "HALTED"]


class Status:
    """The last word on one stream; `at` is this process's monotonic clock when it was read."""

    def __init__(self, record):
        body = dict(fields(record))
        meta = dict(fields(body[1]))
        self.symbol = meta.get(2, b"").decode()
        self.epoch = meta.get(5, 0)
        self.dataset = body.get(2, b"").decode()
        self.state = STATES[body.get(4, 0)]
        self.reason = body.get(5, b"").decode()
        self.worker = body.get(8, b"").decode()
        self.at = time.monotonic()

    def __repr__(self):
        return f"{self.state} at {self.worker}, epoch {self.epoch}, {self.reason}"


class StatusWatch:
    """{(venue, dataset, symbol): Status}, each of the highest epoch seen. Use as a context manager."""

    def __init__(self, brokers, prefix, venues):
        self.lock = threading.Lock()
        self.known = {}
        self.late = 0  # words of a lower epoch than seen
        self.readers = []
        for venue in venues:
            reader = subprocess.Popen(["kcat", "-C", "-u", "-q", "-b", brokers, "-t", f"{prefix}.ops.{venue}.status.v1",
                                       "-o", "beginning", "-f", "%S\n%s"],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.readers.append(reader)
            threading.Thread(target=self.follow, args=(venue, reader.stdout), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for reader in self.readers:
            reader.terminate()
            reader.wait()

    def follow(self, venue, stream):
        for size in stream:
            self.take(venue, Status(stream.read(int(size))))

    def take(self, venue, status):
        key = (venue, status.dataset, status.symbol)
        with self.lock:
            if key in self.known and status.epoch < self.known[key].epoch:
                self.late += 1
                return
            self.known[key] = status

    def all(self):
        with self.lock:
            return dict(self.known)

    def of(self, worker):
        """The streams that a worker serves."""
        return {key for key, status in self.all().items() if status.worker == worker and status.state != "DISCONNECTED"}

    def missing(self, streams, states=("LIVE",), but=()):
        """Those of `streams` that are in none of the states, or are there by a word of one of the workers `but`."""
        known = self.all()
        return [key for key in streams
                if key not in known or known[key].state not in states or known[key].worker in but]

    def wait(self, what, streams, seconds, states=("LIVE",), but=()):
        """Until all `streams` are in one of the states; how long it took."""
        begun = time.monotonic()
        try:
            wait_for(what, lambda: not self.missing(streams, states, but), seconds)
        except Exception as error:
            left = self.missing(streams, states, but)
            known = self.all()
            shown = [(key, known.get(key)) for key in left[:5]]
            raise type(error)(f"{error}; {len(left)} of {len(streams)} are not, such as {shown}") from None
        return time.monotonic() - begun
