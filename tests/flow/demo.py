#!/usr/bin/env python3
"""deploy/demo as a user runs it: from another folder, with a space in the name of the temporary one. The report comes, and
whether it ends by itself, by Ctrl-C in one of its phases or by a failure, no process and no file is left."""
import os
import pathlib
import signal
import subprocess
import tempfile

from flow import BIN, ROOT, expect, wait_for

DEMO = str(ROOT / "deploy/demo")


def left_over(folder):
    """Command lines of living processes that name the folder: Kafka, simulator and worker all do."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in text:
            found.append(text[:200])
    return found


def demo(*options, interrupt_at=None, binary=BIN):
    """Exit status and output; SIGINT goes to the whole group, as a terminal sends it, once a line has been printed."""
    with tempfile.TemporaryDirectory(prefix="millrace demo ") as folder, tempfile.TemporaryFile() as out:
        def printed():
            out.seek(0)
            return out.read().decode(errors="replace")

        child = subprocess.Popen(
            [DEMO, "--no-install", "--sim", *options], cwd="/", stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ, "TMPDIR": folder, "MILLRACE_BIN": binary},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        try:
            if interrupt_at:
                wait_for(interrupt_at, lambda: interrupt_at in printed() or child.poll() is not None, 120)
                os.killpg(child.pid, signal.SIGINT)
            status = child.wait(180)
        finally:
            child.kill()
        text = printed()
        expect(not left_over(folder), f"{interrupt_at}: still running: {left_over(folder)}\n{text}")
        expect(not os.listdir(folder), f"{interrupt_at}: left behind: {os.listdir(folder)}\n{text}")
        return status, text


status, text = demo("--seconds", "3")
expect(status == 0 and "\nOK: " in text and "millrace_lane_acks_total" in text, f"by itself: exit {status}\n{text}")

for phase in ["== Apache Kafka", "== topics", "== ingest"]:
    status, text = demo(interrupt_at=phase)
    expect(status != 0 and "== millrace verify" not in text, f"Ctrl-C at {phase}: exit {status}\n{text}")

# A run of less than a second may end before the first heartbeat names the quiet streams: the verdict is not asked for.
for phase in ["== what arrives", "ingest goes on"]:
    status, text = demo(interrupt_at=phase)
    expect("== millrace verify" in text and "records of" in text, f"Ctrl-C at {phase}: exit {status}\n{text}")
    expect("ingest ended with" not in text, f"Ctrl-C at {phase}: the worker ends in order\n{text}")

status, text = demo(binary="/bin/false")
expect(status == 1 and "millrace sim ended early" in text, f"a failure: exit {status}\n{text}")
