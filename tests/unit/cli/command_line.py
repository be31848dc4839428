#!/usr/bin/env python3
"""Wrong flags, files and addresses: each gives its exit status and one line that says what is wrong and what to do.

    command_line.py MILLRACE
"""
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

MILLRACE = sys.argv[1]
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
EXAMPLE = str(ROOT / "deploy/example.yaml")
NOBODY = "127.0.0.1:1"  # tcpmux, where nothing listens

# Arguments, exit status, what the line must have in it.
CASES = [
    ("nope", 2, '"nope" is not known here; `millrace --help`'),
    ("ingest", 2, "millrace ingest: --config is required; `millrace ingest --help`"),
    ("ingest --confg x", 2, '"--confg" is not known here'),
    ("ingest --config /no/such.yaml", 2, "/no/such.yaml: cannot be read: No such file"),
    (f"ingest --config {EXAMPLE} --seconds -1", 2, "--seconds: Value -1 not in range 0 to 31536000"),
    (f"ingest --config {EXAMPLE} --seconds 1.5", 2, "1.5"),
    ("check", 2, "--config FILE or --reference"),
    (f"check {EXAMPLE}", 2, "is not known here"),
    ("capabilities x", 2, '"x" is not known here; `millrace capabilities --help`'),
    ("topics", 2, "millrace topics: A subcommand is required"),
    ("topics plan", 2, "--brokers HOST:PORT or --config FILE"),
    ("topics plan --config /no/such.yaml", 2, "/no/such.yaml: cannot be read"),
    (f"topics plan --brokers {NOBODY} --venue krakn --dataset book", 2, 'unknown venue "krakn"'),
    (f"topics plan --brokers {NOBODY} --venue kraken --dataset boook", 2, 'unknown dataset "boook"'),
    (f"topics plan --brokers {NOBODY} --dataset book", 2, "--dataset needs its --venue"),
    (f"topics apply --brokers {NOBODY} --config {EXAMPLE} --manifest /no/such", 2, "/no/such: name the manifest"),
    ("tail", 2, "name --brokers HOST:PORT"),
    (f"tail --brokers {NOBODY} --from soon", 2, "--from wants beginning, end"),
    (f"tail --brokers {NOBODY} --count 0", 2, "--count: Value 0 not in range 1"),
    (f"tail --brokers {NOBODY} --kafka nonsense", 2, "--kafka wants KEY=VALUE"),
    (f"tail --brokers {NOBODY} --kafka no.such=1", 2, "Kafka setting no.such is refused"),
    (f"tail --brokers {NOBODY}", 1, f"no answer from {NOBODY}"),
    ("subscribe", 2, "millrace subscribe: VENUE is required"),
    ("subscribe kraken BTC/USD", 2, "name --brokers HOST:PORT"),
    (f"subscribe --brokers {NOBODY} krakn BTC/USD", 2, 'unknown venue "krakn", did you mean "kraken"?'),
    (f"subscribe --brokers {NOBODY} kraken", 2, "name symbols, or --symbols-file FILE"),
    (f"subscribe --brokers {NOBODY} kraken --symbols-file /no/such", 2, "--symbols-file /no/such: No such file"),
    (f"subscribe --brokers {NOBODY} kraken --symbols-file /dev/null", 2, "name symbols, or --symbols-file FILE"),
    (f"subscribe --brokers {NOBODY} --dataset boook kraken BTC/USD", 2, 'unknown dataset "boook", did you mean "book"?'),
    (f"subscribe --brokers {NOBODY} --dataset trade-agg kraken BTC/USD", 2, "kraken does not offer trade-agg; it has"),
    (f"subscribe --brokers {NOBODY} --prefix a/b kraken BTC/USD", 2, "--prefix: letters, digits"),
    (f"subscribe --brokers {NOBODY} --kafka acks=1 kraken BTC/USD", 2, "a promise rests on it"),
    (f"subscribe --brokers {NOBODY} kraken BTC/USD", 1, f"no answer from {NOBODY}"),
    ("unsubscribe", 2, "millrace unsubscribe: VENUE is required"),
    (f"unsubscribe --brokers {NOBODY} kraken BTC/USD", 1, f"no answer from {NOBODY}"),
    ("subscriptions", 2, "name --brokers HOST:PORT"),
    (f"subscriptions --brokers {NOBODY} krakn", 2, 'unknown venue "krakn"'),
    (f"subscriptions --brokers {NOBODY}", 1, f"no answer from {NOBODY}"),
    ("verify", 2, "name --brokers HOST:PORT"),
    (f"verify --brokers {NOBODY} --expect a/b", 2, "--expect wants venue/dataset/symbol"),
    (f"verify --brokers {NOBODY} --until 99999999999", 2, "--until: Value 99999999999 not in range"),
    (f"verify --brokers {NOBODY}", 1, f"no answer from {NOBODY}"),
    ("normalize", 2, "CAPTURE is required"),
    ("normalize /no/such", 2, "File does not exist: /no/such"),
    (f"normalize --venue krakn {EXAMPLE}", 2, "no venue 'krakn'"),
    ("normalize --venue kraken --output /no/such/file /dev/null", 2, "/no/such/file: No such file"),
    ("replay", 2, "one of --topics, --journal DIR, --capture FILE"),
    ("replay --topics", 2, "name --brokers HOST:PORT"),
    ("replay --topics --journal /tmp", 2, "one of --topics, --journal DIR, --capture FILE"),
    (f"replay --topics --brokers {NOBODY} --from soon", 2, "--from wants a time such as 2026-11-22T01:02:03.5Z"),
    (f"replay --topics --brokers {NOBODY} --from 9 --to 8", 2, "--from is later than --to"),
    (f"replay --topics --brokers {NOBODY} --as-of 9 --to 8", 2, "without --from and --to"),
    (f"replay --topics --brokers {NOBODY} --speed fast", 2, "--speed wants max"),
    (f"replay --topics --brokers {NOBODY} --speed 0", 2, "--speed wants max"),
    (f"replay --topics --brokers {NOBODY} --dataset boook", 2, 'unknown dataset "boook"'),
    (f"replay --topics --brokers {NOBODY} --format csv", 2, "--format csv wants one --dataset"),
    (f"replay --topics --brokers {NOBODY} --format csv --dataset book --dataset bbo", 2, "wants one --dataset"),
    (f"replay --topics --brokers {NOBODY} --format xml", 2, "--format"),
    (f"replay --topics --brokers {NOBODY} --to-prefix a --websocket 0", 2, "one of --output, --to-prefix, --websocket"),
    (f"replay --topics --brokers {NOBODY} --prefix mr --to-prefix mr", 2, "choose another prefix"),
    (f"replay --topics --brokers {NOBODY} --to-prefix a/b", 2, "--to-prefix: letters, digits"),
    (f"replay --topics --brokers {NOBODY} --websocket 99999", 2, "--websocket"),
    (f"replay --topics --brokers {NOBODY} --kafka no.such=1", 2, "librdkafka knows no such setting"),
    (f"replay --topics --brokers {NOBODY}", 1, "no answer"),
    ("replay --journal /no/such", 2, "Directory does not exist: /no/such"),
    (f"replay --journal {ROOT}/deploy", 1, "no segment lies there"),
    ("replay --capture /no/such", 2, "File does not exist: /no/such"),
    (f"replay --capture {EXAMPLE}", 2, "names no venue"),
    (f"replay --capture {EXAMPLE} --venue kraken --output /no/such/file", 2, "/no/such/file: No such file"),
    ("sim --venues foo", 2, "foo not in {kraken,binance-spot,binance-usdm}"),
    ("sim --venue kraken", 2, "--venue goes with --capture"),
    ("sim --instruments -4", 2, "--instruments: Value -4 not in range 1"),
    ("sim --rate -1", 2, "--rate: Value -1 not in range"),
    ("sim --limit speed=1", 2, 'there is no limit "speed"'),
    ("sim --limit connects=-1", 2, "--limit wants NAME=NUMBER"),
    ("sim --fault flood", 2, 'unknown fault "flood"'),
    (f"sim --capture {EXAMPLE}", 2, "--capture needs --venue"),
    (f"sim --capture {EXAMPLE} --venue kraken", 1, "example.yaml:1: "),
    ("sim --fault-log /no/such/log", 1, "/no/such/log"),
]


def run(arguments, **options):
    return subprocess.run([MILLRACE, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                          **options)


def wrong(case):
    """What is wrong with the answer to one case; empty if nothing."""
    text, status, words = case
    try:
        done = run(text.split())
    except subprocess.TimeoutExpired:
        return f"millrace {text}: hangs"
    lines = [line for line in done.stderr.splitlines() if "kafka FAIL" not in line]  # librdkafka's own words
    if done.returncode == status and len(lines) == 1 and words in lines[0] and not done.stdout:
        return ""
    return f"millrace {text}: exit {done.returncode}, not {status} with {words!r}\n{done.stdout}{done.stderr}"


def bare_and_help():
    """Both lead from nothing to the main job."""
    bare, asked = run([]), run(["--help"])
    way = ["deploy/demo", "check --config", "topics apply", "ingest --config", "verify --config"]
    if bare.returncode != 2 or bare.stdout or any(word not in bare.stderr for word in way):
        yield f"millrace without arguments: exit {bare.returncode}\n{bare.stdout}{bare.stderr}"
    if asked.returncode != 0 or asked.stderr or any(word not in asked.stdout for word in way):
        yield f"millrace --help: exit {asked.returncode}\n{asked.stdout}{asked.stderr}"


def full_disk():
    """Output that was lost is a failure."""
    for command in (["capabilities"], ["check", "--reference"], ["check", "--config", EXAMPLE]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([MILLRACE, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 1 or "No space left on device" not in done.stderr:
            yield f"millrace {command[0]} >/dev/full: exit {done.returncode}\n{done.stderr}"


def configurations():
    """Files that are none: an error with the file's name, no crash."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in [("empty", b""), ("deep", b"[" * 100_000), ("binary", bytes(range(256)) * 1000),
                              ("zeros", bytes(1_000_000)), ("list", b"- a\n- b\n")]:
            file = pathlib.Path(folder, name)
            file.write_bytes(content)
            done = run(["check", "--config", str(file)], errors="replace")
            if done.returncode != 2 or not done.stderr.startswith(f"{file}:"):
                yield f"check of a file that is {name}: exit {done.returncode}\n{done.stderr[:500]}"


with concurrent.futures.ThreadPoolExecutor(4) as pool:
    failures = [text for text in pool.map(wrong, CASES) if text]
failures += [*bare_and_help(), *full_disk(), *configurations()]
print("\n".join(failures) or f"{len(CASES)} wrong command lines, each told in one line")
sys.exit(bool(failures))
