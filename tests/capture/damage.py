#!/usr/bin/env python3
"""Damages recordings, one book frame at a time, and checks that what `millrace normalize` then publishes is honest.

  damage.py MILLRACE CAPTURES [--every N]

A frame is lost, sent twice, or changes places with the next one. Where the venue numbers its updates, a loss inside the
chain must be declared, by a VENUE gap on a book record or by a gap record. Where only a checksum of the ten best tells, no
wrong ten best may be published: until a gap is declared each record's ten best are those of the intact recording. A
repeated or reordered frame changes nothing in the end, or is declared. Frames in front of the first applied update are
not touched: the snapshot contains them.

N damages only every Nth frame; MILLRACE_LONG=1 damages all. Exit status 77 where the recordings are not there, 1 if damage goes
unnoticed.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from decimal import Decimal

# Recording, venue, and whether ids or a checksum are the evidence.
CASES = [
    ("kraken/python-kraken-sdk-btcusd-depth10", "kraken", "checksum"),
    ("kraken/crossbook-xrpusd-depth25", "kraken", "checksum"),
    ("binance/hftbacktest-2024-08-08-btcusdt", "binance-spot", "sequence"),
    ("binance_usdm/hftbacktest-2024-08-08-btcusdt", "binance-usdm", "sequence"),
    ("binance_coinm/hftbacktest-2024-08-08-btcusd_perp", "binance-coinm", "sequence"),
]


def normalized(binary, venue, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".capture.jsonl", encoding="utf-8") as capture:
        capture.writelines(lines)
        capture.flush()
        run = subprocess.run([binary, "normalize", "--venue", venue, "--dataset", "book", capture.name],
                             capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def is_book_update(line):
    frame = json.loads(line)
    if frame["via"] != "ws" or frame["dir"] != "in":
        return False
    text = frame["text"]
    return '"depthUpdate"' in text or ('"channel":"book"' in text.replace(" ", "") and '"update"' in text)


def first_snapshot(lines):
    return next(place for place, line in enumerate(lines)
                if '"channel":"book","type":"snapshot"' in json.loads(line)["text"].replace(" ", ""))


def declared(records):
    """True if a hole in the venue's feed is said anywhere."""
    return any(record["type"] == "gap" or any(mark["kind"] == "VENUE" for mark in record["meta"].get("gap", []))
               for record in records)


def ten_best(records):
    """Yields the ten best levels of each side after each book record, by what identifies it, until a gap."""
    bids, asks = {}, {}
    for record in records:
        if record["type"] == "gap":
            return
        if record["type"] != "book":
            continue
        if record["kind"] == "SNAPSHOT":
            bids, asks = {}, {}
        for side, rows in ((bids, record.get("bids", [])), (asks, record.get("asks", []))):
            for price, quantity in rows:
                side.pop(Decimal(price), None)
                if Decimal(quantity) != 0:
                    side[Decimal(price)] = Decimal(quantity)
        yield (sorted(bids.items(), reverse=True)[:10], sorted(asks.items())[:10])


def lost(lines, place, _):
    return lines[:place] + lines[place + 1:]


def repeated(lines, place, _):
    return lines[:place + 1] + lines[place:]


def swapped(lines, place, following):
    """The two texts change places; the receive times stay where they were, because time does not run backwards."""
    first, second = json.loads(lines[place]), json.loads(lines[following])
    first["text"], second["text"] = second["text"], first["text"]
    changed = list(lines)
    for at, frame in ((place, first), (following, second)):
        changed[at] = json.dumps(frame, separators=(",", ":"), ensure_ascii=False) + "\n"
    return changed


def honest_loss(evidence, records, intact, number):
    if evidence == "sequence":
        return declared(records)
    # The update that was taken out is number `number` of the book records; those behind it moved up by one.
    return all(best == intact[place if place < number else place + 1] for place, best in enumerate(ten_best(records)))


def honest_disorder(evidence, records, intact, _):
    published = list(ten_best(records))
    if evidence == "checksum" and not all(best in intact for best in published):
        return False
    return declared(records) or published[-1] == intact[-1]


FAULTS = [("lost", lost, honest_loss), ("repeated", repeated, honest_disorder), ("swapped", swapped, honest_disorder)]


def check_case(binary, captures, name, venue, evidence, every):
    """Returns how many places were damaged and how often that went unnoticed."""
    lines = (captures / f"{name}.capture.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    facts = json.loads((captures / f"{name}.facts.json").read_text())
    book = next(iter(facts["instruments"].values()))["book"]
    # Where the chain begins: line numbers of the facts are 1-based; a snapshot that is pushed has none there.
    first = book["first_applied"]["line"] - 1 if "first_applied" in book else first_snapshot(lines)
    inside = [place for place, line in enumerate(lines) if place > first and is_book_update(line)]
    intact = list(ten_best(normalized(binary, venue, lines)))
    before = len(intact) - len(inside)  # records in front of the first frame that is damaged
    silent = tried = 0
    for number in range(0, len(inside) - 1, every):  # behind the last one nothing can show the loss
        for word, damage, honest in FAULTS:
            tried += 1
            records = normalized(binary, venue, damage(lines, inside[number], inside[number + 1]))
            if not honest(evidence, records, intact, before + number):
                silent += 1
                print(f"  line {inside[number] + 1} {word}: unnoticed")
    print(f"{name}: {tried} times damaged, {silent} times unnoticed")
    return tried, silent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("captures", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    if not options.captures.is_dir():
        print(f"no recordings at {options.captures}")
        sys.exit(77)
    every = 1 if os.environ.get("MILLRACE_LONG") == "1" else options.every
    results = [check_case(options.binary, options.captures, *case, every) for case in CASES]
    if any(tried == 0 for tried, _ in results):
        sys.exit("a recording had no frame to damage")
    sys.exit(1 if any(silent for _, silent in results) else 0)


if __name__ == "__main__":
    main()
