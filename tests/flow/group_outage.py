#!/usr/bin/env python3
"""A worker of a group while its broker is away for longer than the group's 6 s: it has lost its place and goes on all the
same. Its connections stay, what it received meanwhile is in the topics, and afterwards it writes under a new claim. A
second process of its name ends it."""
from flow import Flow, expect, wait_for
from worker_group import Group, subscribe

AWAY = 30_000  # frames: more than 6 s of them

with Flow("group_outage") as flow:
    flow.sim("--instruments", 12, "--rate", 3000, "--seed", 11, "--venues", "binance-spot,kraken")
    for venue, served in flow.venues["venues"].items():
        subscribe(flow, "subscribe", venue, served["symbols"])
    group = Group(flow)
    worker = group.start("w1")
    acked = lambda: flow.metric(worker, "millrace_lane_acks_total")
    events = lambda event: flow.metric(worker, "millrace_group_events_total", event=event)
    wait_for("a warm start", lambda: acked() > 10000)
    expect(events("claimed") == 1, "one claim")
    flow.kafka("kill", 1)
    received = flow.metric(worker, "millrace_frames_total")
    wait_for("the place in the group is lost", lambda: events("lost") > 0)
    wait_for("frames go on arriving while the broker is away",
             lambda: flow.metric(worker, "millrace_frames_total") > received + AWAY)
    stuck = acked()
    flow.kafka("up")
    wait_for("a new claim", lambda: events("claimed") == 2)
    wait_for("records are acknowledged again", lambda: acked() > stuck + AWAY + 10000)
    expect(flow.metric(worker, "millrace_reconnects_total") == 0, "no connection was touched")
    expect(flow.metric(worker, "millrace_gaps_total", kind="VENUE") == 0, "no hole in what the venue sent")

    successor = group.start("w1")
    expect(worker.wait(60) == 3, f"the first process of the name is taken over: {worker.tail()}")
    wait_for("the successor serves", lambda: flow.metric(successor, "millrace_streams", state="LIVE") > 0)
    group.end()
    report = flow.verify()
    expect(report["lost"] == 0 and report["undeclared_gaps"] == 0, f"nothing is missing: {report}")
    print({key: value for key, value in report.items() if not isinstance(value, (list, dict))})
