"""Whom did a fault hurt? What the topics say of each stream of one epoch, against the simulator's log."""
import collections
import json

from flow import expect

DATASETS = ["book", "bbo", "trade"]
SECOND = 1_000_000_000


def key_of(line):
    return line["venue"], line["dataset"], line["symbol"]


class Story:
    """One stream: its records' times, the snapshots that repeat nothing, its holes, its states once it was live."""

    def __init__(self):
        self.times, self.snapshots, self.holes, self.states = [], 0, 0, []
        self.last_wait = None  # from the last record before a new snapshot to that snapshot

    def record(self, meta, kind):
        anew = kind == "SNAPSHOT" and "REFRESH" not in meta.get("flags", [])
        if anew and self.times:  # not the one that it began with
            self.snapshots += 1
            self.last_wait = self.times[-1], meta["publish_time_ns"]
        self.holes += sum(mark["kind"] != "RESTART" for mark in meta.get("gap", []))
        self.times.append(meta["publish_time_ns"])

    def status(self, state, reason):
        # The end of a connection is told again by what follows, except when the worker itself ends.
        if reason not in ("stopped", "disconnected", "connection") and (self.states or state == "LIVE"):
            self.states.append(state)


def lines_of(flow, topic, epoch):
    done = flow.run("tail", "--brokers", flow.brokers, "--config", flow.config, "--topic", f".{topic}.v1", "--from",
                    "beginning", "--until-end", "--json")
    for line in map(json.loads, done.stdout.splitlines()):
        if line["meta"]["epoch"] == epoch:
            yield line


def stories_of(flow, epoch):
    """{(venue, dataset, symbol): Story}"""
    stories = collections.defaultdict(Story)
    for dataset in DATASETS:
        for line in lines_of(flow, dataset, epoch):
            stories[line["meta"]["venue"], dataset, line["meta"]["symbol"]].record(line["meta"], line.get("kind"))
    for line in lines_of(flow, "status", epoch):
        if line["dataset"] in DATASETS:
            stories[line["meta"]["venue"], line["dataset"], line["meta"]["symbol"]].status(line["state"], line["reason"])
    return stories


def only_the_hurt_resync(flow, stories):
    """A stream of which the log says that nothing was lost has no hole, no new snapshot and no change of state; one that
    was hurt has no more new snapshots than holes."""
    hurt = {key_of(line) for line in flow.log() if "dataset" in line and line["shows"] != "no"}
    for key, story in stories.items():
        expect(story.times, f"{key} has records")
        expect(story.snapshots <= story.holes, f"{key}: {story.snapshots} new snapshots for {story.holes} holes")
        if key in hurt:
            continue
        expect(story.holes == 0, f"{key} was not hurt and declares {story.holes} holes")
        expect(story.states == ["LIVE"], f"{key} was not hurt and went through {story.states}")
    unhurt = collections.Counter((venue, dataset) for venue, dataset, _ in stories.keys() - hurt)
    expect(len(unhurt) == 9, f"each venue has streams of each dataset that were not hurt: {unhurt}")
    print(f"{len(stories) - len(hurt)} of {len(stories)} streams were not hurt: no hole, no new snapshot, always live")


def the_rest_flowed(stories, venue, symbol, seconds):
    """While that book waited so long for its snapshot, everything else of the venue went on."""
    begin, end = stories[venue, "book", symbol].last_wait
    expect(end - begin >= seconds * SECOND, f"{venue}: the book of {symbol} waited {(end - begin) / SECOND:.1f} s")
    for key, story in stories.items():
        if key[0] != venue or key[1] == "trade" or key == (venue, "book", symbol):
            continue
        expect(any(begin < time < end for time in story.times), f"{key} flows while the book of {symbol} waits")
