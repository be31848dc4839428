#!/usr/bin/env python3
"""The broker is killed and started again under load: no silent loss, bounded memory, recovery without a restart."""
from flow import Flow, expect, wait_for

with Flow("broker_restart") as flow:
    flow.sim("--instruments", 20, "--rate", 5000, "--seed", 7)
    worker = flow.ingest()
    acked = lambda: flow.metric(worker, "millrace_lane_acks_total")
    wait_for("a warm start", lambda: acked() > 20000)
    before = worker.resident_bytes()
    for _ in range(2):
        flow.kafka("kill", 1)
        stuck = acked()
        received = flow.metric(worker, "millrace_frames_total")
        wait_for("frames go on arriving while the broker is away",
                 lambda: flow.metric(worker, "millrace_frames_total") > received + 15000)
        expect(acked() - stuck < 5000, "nothing is acknowledged by a dead broker")
        flow.kafka("up")
        wait_for("records are acknowledged again", lambda: acked() > stuck + 20000)
    limit = flow.metric(worker, "millrace_lane_ring_limit_bytes")
    expect(worker.resident_bytes() < before + 2 * limit + 64e6, f"memory is bounded: {worker.resident_bytes()}")
    expect(worker.stop() == 0, "the worker ends cleanly")
    report = flow.verify()
    expect(report["lost"] == 0 and report["undeclared_gaps"] == 0, f"no silent loss: {report}")
    print({key: value for key, value in report.items() if not isinstance(value, (list, dict))})
