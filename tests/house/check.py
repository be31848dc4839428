#!/usr/bin/env python3
"""The rules of the tree that no compiler checks: who may include what, READMEs, venue folders, file lengths.

Prints one line per broken rule and exits 1 if there is any. Each rule is a function that yields complaints; --selfcheck
shows on a made-up tree that every rule can fail.
"""
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LAYERS = ["schemas", "normalize", "publish", "ingest", "replay", "cli"]  # each may include those before it
PURE = {"schemas", "normalize"}
FORBIDDEN_IN_PURE = re.compile(r"boost/(asio|beast)|openssl/|librdkafka|sys/socket|<thread>|<mutex>")
CLOCK = re.compile(r"\b(system|steady|high_resolution)_clock\b|clock_gettime|\btime\(nullptr\)")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
LONGEST_FILE = 500


def sources(root, *folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cpp") and path.is_file():
                yield path


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def layers(root):
    """Dependencies point one way; replay/history may not use ingest."""
    for number, layer in enumerate(LAYERS):
        allowed = set(LAYERS[:number + 1])
        for path in sources(root, layer):
            for name in includes(path):
                top = name.split("/")[0]
                if top in LAYERS and top not in allowed:
                    yield f"{path.relative_to(root)}: {layer} may not include {name}"
                if layer == "replay" and "history" in path.parts and top == "ingest":
                    yield f"{path.relative_to(root)}: replay/history may not include {name}"


def pure_core(root):
    """normalize and schemas know no socket, clock, thread or broker."""
    for path in sources(root, *PURE):
        for name in includes(path):
            if FORBIDDEN_IN_PURE.search(f"<{name}>"):
                yield f"{path.relative_to(root)}: the pure core may not include {name}"
        if CLOCK.search(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(root)}: the pure core may not read a clock"


def venue_folders(root):
    """A venue is a folder, a line in registry.def or accounts.def, a README and fixtures; it includes no other venue."""
    base = root / "normalize/venues"
    lists = "".join((base / name).read_text() for name in ("registry.def", "accounts.def") if (base / name).is_file())
    registered = set(re.findall(r"^(?:VENUE|ACCOUNTS)\((\w+)\)", lists, re.M))
    folders = {path.name for path in base.iterdir() if path.is_dir()}
    for name in sorted(registered ^ folders):
        yield f"normalize/venues/{name}: " + ("has no line in registry.def or accounts.def" if name in folders else "has no folder")
    for name in sorted(folders):
        if not (base / name / "README.md").is_file():
            yield f"normalize/venues/{name}: has no README.md"
        if not (root / "tests/fixtures" / name / "SOURCE.md").is_file():
            yield f"tests/fixtures/{name}: has no SOURCE.md"
        for path in sources(root, f"normalize/venues/{name}"):
            for other in includes(path):
                found = re.match(r"normalize/venues/(\w+)/", other)
                if found and found[1] != name:
                    yield f"{path.relative_to(root)}: a venue may not include another: {other}"


def secrets_and_broker(root):
    """librdkafka only in publish/kafka and where consumers live; the venue contract is the only way to a venue."""
    for path in sources(root, *LAYERS):
        where = str(path.relative_to(root))
        for name in includes(path):
            if "librdkafka" in name and not where.startswith(("publish/kafka/", "replay/", "cli/")):
                yield f"{where}: librdkafka belongs to publish/kafka, replay and cli"
            if re.match(r"normalize/venues/\w+/", name) and not where.startswith("normalize/venues/"):
                yield f"{where}: venues are reached through venue_adapter.h, not {name}"


def readmes(root):
    """Every folder with sources has a README, and the folder table of the top README names the top folders."""
    for top in [*LAYERS, "clients", "deploy", "tests"]:
        if (root / top).is_dir() and not (root / top / "README.md").is_file():
            yield f"{top}: has no README.md"
    for folder in sorted({path.parent for path in sources(root, *LAYERS)}):
        if not any((parent / "README.md").is_file() for parent in (folder, folder.parent)):
            yield f"{folder.relative_to(root)}: has no README.md"
    table = set(re.findall(r"^\| \[?`(\w+)/`", (root / "README.md").read_text(), re.M))
    there = {path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")} - {"build"}
    for name in sorted(table ^ there):
        yield f"README.md: the folder table and the folders differ in {name}"


def lengths(root):
    for path in sources(root, *LAYERS, "tests", "clients"):
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > LONGEST_FILE:
            yield f"{path.relative_to(root)}: {count} lines, at most {LONGEST_FILE}"


def script_names(root):
    """A script that bears the name of a standard module is what its neighbours get when they import that."""
    for path in sorted((root / "tests").rglob("*.py")):
        if path.stem in sys.stdlib_module_names:
            yield f"{path.relative_to(root)}: hides Python's own {path.stem}"


RULES = [layers, pure_core, venue_folders, secrets_and_broker, readmes, lengths, script_names]


def selfcheck():
    """One broken tree per rule."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in {
            "schemas/a.h": '#include "cli/x.h"\n#include <openssl/ssl.h>\n',
            "normalize/venues/registry.def": "VENUE(missing)\n",
            "normalize/venues/kraken/k.cpp": '#include "normalize/venues/binance/b.h"\n',
            "ingest/i.cpp": '#include <librdkafka/rdkafka.h>\n',
            "publish/long.cpp": "\n" * (LONGEST_FILE + 1),
            "README.md": "| `nothing/` | |\n",
            "tests/flow/secrets.py": "",
        }.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        blind = [rule.__name__ for rule in RULES if not list(rule(root))]
        if blind:
            sys.exit(f"these rules cannot fail: {', '.join(blind)}")


def main():
    if "--selfcheck" in sys.argv:
        selfcheck()
        return
    complaints = [complaint for rule in RULES for complaint in rule(ROOT)]
    print("\n".join(complaints) or "the tree keeps its rules")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
