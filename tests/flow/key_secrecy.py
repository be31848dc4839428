#!/usr/bin/env python3
"""No key leaves the processes: accounts of several venues run with worker and sidecar, keys are wrong, revoked and refused,
and then no part of any key is in logs, metrics, topics, written files, recordings, arguments, environments, or in the
memory that a core file would have."""
import base64
import os
import pathlib
import re
import subprocess

from account_flow import add_accounts, control, sidecar
from flow import Flow, expect, wait_for

VENUES = ["kraken", "binance-spot", "coinbase-exchange", "coinbase-advanced", "alpaca"]


def canaries(keys):
    """Every key, secret and passphrase; of those in base64 or PEM also the bytes. Short ones would be found by chance."""
    found = {}
    for path in sorted(keys.iterdir()):
        text = path.read_bytes().strip()
        found[path.name] = text
        body = b"".join(line for line in text.splitlines() if not line.startswith(b"-----"))
        try:
            raw = base64.b64decode(body, validate=True)
        except ValueError:
            continue
        if len(raw) >= 24:
            found[path.name + " (bytes)"] = raw[-24:]
    return {name: text for name, text in found.items() if len(text) >= 12}


def dumped_memory(pid):
    """What a core file of the process would hold: its writable memory but for what is marked "do not dump"."""
    regions, keep = [], False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ", line)
        if head:
            place, keep = (int(head[1], 16), int(head[2], 16)), head[3].startswith("rw")
        elif line.startswith("VmFlags:") and keep and " dd" not in line:
            regions.append(place)
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for begin, end in regions:
            memory.seek(begin)
            left = end - begin
            while left > 0:
                try:
                    part = memory.read(min(left, 1 << 24))
                except OSError:
                    break
                if not part:
                    break
                yield part
                left -= len(part)


def search(where, pieces, secrets):
    for piece in pieces:
        for name, secret in secrets.items():
            expect(secret not in piece, f"{name} is in {where}")


def files_below(folder, keys):
    for path in folder.rglob("*"):
        if path.is_file() and keys not in path.parents:
            yield path


with Flow("secrets") as flow:
    add_accounts(flow, *(f"{venue}:main" for venue in VENUES), knobs=["rate=5"])
    keys = flow.dir / "keys"
    secrets = canaries(keys)
    expect(len(secrets) >= 4 * len(VENUES), f"there are keys to look for: {sorted(secrets)}")
    worker = flow.ingest("--record", flow.dir / "recorded")
    watcher = sidecar(flow)
    for venue in VENUES:
        wait_for(f"records of {venue}", lambda: flow.metric(worker, "millrace_account_records_total", venue=venue) > 5)
    # A key that is refused is told about, by everyone.
    for venue in VENUES:
        control(flow, f"{venue}:main", "knobs", key_revoked=3)
        control(flow, f"{venue}:main", "cut")
    wait_for("refusals", lambda: flow.metric(worker, "millrace_reconnects_total") >= len(VENUES))
    public = flow.metric(worker, "millrace_records_total")
    wait_for("public streams go on", lambda: flow.metric(worker, "millrace_records_total") > public + 20)
    for process in (worker, watcher):
        pid = process.child.pid
        search(f"the metrics of {process.name}", [str(flow.metrics(process)).encode()], secrets)
        search(f"the memory of {process.name}", dumped_memory(pid), secrets)
        for part in ("cmdline", "environ"):
            search(f"{part} of {process.name}", [pathlib.Path(f"/proc/{pid}/{part}").read_bytes()], secrets)
    expect(worker.stop() == 0 and watcher.stop() == 0, "both end cleanly")
    records = flow.run("tail", "--brokers", flow.brokers, "--prefix", flow.prefix, "--json", "--from", "beginning",
                       "--until-end").stdout
    search("the topics", [records.encode()], secrets)
    recorded = 0
    for path in files_below(flow.dir, keys):
        search(os.fspath(path), [path.read_bytes()], secrets)
        if path.suffix == ".zst":
            recorded += 1
            search(os.fspath(path), [subprocess.check_output(["zstd", "-dc", path])], secrets)
    expect(recorded > 0, "there are recordings")
    print(f"{len(secrets)} secrets looked for, none found; {len(records.splitlines())} records")
