#!/usr/bin/env python3
"""The worker's own disk is full while the broker is away: what no longer finds room is refused, counted and declared, the
log says why; with room again records are kept again, with the broker again they arrive, and verify finds every hole
declared."""
import re
import subprocess

from flow import Flow, expect, skip, wait_for
from independent import count


class OnSmallDisk(Flow):
    """Its worker's journal lies on a file system of 4 MB."""

    def begin(self):
        self.journal = self.dir / "journal"
        self.journal.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", self.journal], check=False)
        if mounted.returncode != 0:
            skip("a small file system cannot be mounted here")
        self.sim("--venues", "kraken,binance-spot", "--instruments", 5, "--rate", 5000, "--seed", 13)
        self.edit_config(lambda text: re.sub(r"^kafka:\n", "kafka:\n  memory_limit_mb: 8\n", text, flags=re.M)
                         + f"journal: {{dir: {self.journal}}}\n")
        self.worker = self.ingest()
        wait_for("a warm start", lambda: self.value("lane_acks_total") > 5000)

    def value(self, name, **labels):
        return self.metric(self.worker, f"millrace_{name}", lane="market", **labels)

    def refused(self):
        return self.value("lane_refused_total", reason="journal_full")

    def __exit__(self, *error):
        subprocess.run(["umount", "-l", self.journal], check=False)
        return super().__exit__(*error)


def fills(flow):
    """The broker goes, then memory is full, then the disk."""
    flow.kafka("kill", 1)
    wait_for("records are refused, and counted", lambda: flow.refused() > 1000, 120)
    text = flow.worker.err.read_text()
    expect(re.search(r"error .*disk_refuses .*No space left on device", text), f"the log says why: {flow.worker.tail()}")


def has_room_again(flow):
    """While the broker is still away."""
    subprocess.run(["mount", "-o", "remount,size=1g", flow.journal], check=True)
    kept = flow.value("lane_spilled_total")
    wait_for("records are kept again", lambda: flow.value("lane_spilled_total") > kept + 2000)
    refused = flow.refused()
    wait_for("and more of them", lambda: flow.value("lane_spilled_total") > kept + 4000)
    expect(flow.refused() == refused, "none is refused any more")


def broker_comes_back(flow):
    flow.kafka("up")
    wait_for("the disk drains", lambda: flow.value("lane_disk_bytes") == 0, 180, step=0.5)
    acked = flow.value("lane_acks_total")
    wait_for("records flow", lambda: flow.value("lane_acks_total") > acked + 5000)


with OnSmallDisk("journal_full") as flow:
    flow.begin()
    fills(flow)
    has_room_again(flow)
    broker_comes_back(flow)
    local = flow.metric(flow.worker, "millrace_gaps_total", kind="LOCAL")
    expect(local > 0, "the holes are LOCAL")
    seen = count(flow.brokers, [f"{flow.prefix}.market.{venue}.{dataset}.v1" for venue in ("kraken", "binance-spot")
                                for dataset in ("book", "bbo", "trade")])
    expect(seen["lost"] == 0 and seen["declared"] > 0, f"the independent consumer finds them declared: {seen}")
    refused = flow.refused()
    expect(flow.worker.stop() == 0, f"the worker ends cleanly: {flow.worker.tail()}")
    report = flow.verify()
    expect(report["lost"] == 0 and report["undeclared_gaps"] == 0 and report["declared_gaps"] > 0, f"verify: {report}")
    expect(not list(flow.journal.rglob("*.spill")), "the journal is empty again")
    print(f"{refused:.0f} records had no room, {local:.0f} LOCAL gaps, {seen}, {report['records']} records, 0 lost")
