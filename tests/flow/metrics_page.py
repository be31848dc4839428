#!/usr/bin/env python3
"""The page publish/metrics.md against live scrapes of worker and sidecar, name by name and label by label; and what Prometheus itself says:
promtool finds nothing wrong with the text, and a real server scrapes the worker."""
import json
import pathlib
import re
import shutil
import subprocess
import urllib.request

from account_flow import add_accounts, sidecar
from flow import ROOT, Flow, Process, expect, wait_for

# Series that exist only once something has happened; the flow below makes the others happen.
ON_EVENT = {"millrace_reconnects_total", "millrace_drops_total", "millrace_quarantined_total"}


def page():
    """{metric: (kind, labels)} of metrics.md."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", (ROOT / "publish/metrics.md").read_text(), re.M)
    return {name: (kind, {label.strip() for label in labels.split(",") if label.strip()}) for name, kind, labels in rows}


def scraped(text):
    """The same of a scrape: kinds from the TYPE lines, labels from every sample."""
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
    labels = {name: set() for name in kinds}
    for name, inside in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.M):
        base = name if name in kinds else re.sub(r"_(bucket|sum|count)$", "", name)
        expect(base in kinds, f"{name} has a TYPE line")
        labels[base] |= set(re.findall(r'(\w+)="', inside or "")) - {"le"}
    return {name: (kind, labels[name]) for name, kind in kinds.items()}


def scrape(worker):
    with urllib.request.urlopen(worker.ready["metrics"], timeout=20) as answer:
        return answer.read().decode()


def compare(*texts):
    told, seen = page(), {}
    for text in texts:
        seen.update(scraped(text))
    expect(set(seen) <= set(told), f"not in the page: {set(seen) - set(told)}")
    expect(set(told) - set(seen) <= ON_EVENT, f"not in the scrape: {set(told) - set(seen) - ON_EVENT}")
    for name, row in seen.items():
        expect(row == told[name], f"{name}: the page says {told[name]}, the scrape {row}")
    print(f"{len(seen)} of the page's {len(told)} metrics scraped; absent: {sorted(set(told) - set(seen))}")


def promtool(text):
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    expect(done.returncode == 0, f"promtool: {done.stdout}{done.stderr}")


def free_port():
    return subprocess.run([ROOT / "deploy/kafka/free_ports", "1"], check=True, capture_output=True, text=True).stdout.strip()


def prometheus(flow, worker):
    """A real server: the target is up, and a query finds the records."""
    target = worker.ready["metrics"].split("/")[2]
    config = flow.dir / "prometheus.yml"
    config.write_text(f"scrape_configs:\n  - job_name: millrace\n    scrape_interval: 1s\n"
                      f"    static_configs:\n      - targets: ['{target}']\n")
    url = f"127.0.0.1:{free_port()}"
    flow.children.append(Process(flow, "prometheus", [
        shutil.which("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={flow.dir / 'tsdb'}",
        f"--web.listen-address={url}"]))

    def query(text):
        try:
            with urllib.request.urlopen(f"http://{url}/api/v1/query?query={text}", timeout=5) as answer:
                result = json.load(answer)["data"]["result"]
        except OSError:
            return 0
        return float(result[0]["value"][1]) if result else 0

    wait_for("the target is up", lambda: query("up") == 1, 30)
    wait_for("records are counted", lambda: query("sum(millrace_records_total)") > 0, 30)


with Flow("metrics_page") as flow:
    add_accounts(flow, "kraken:main", knobs=["rate=5"],
                 market=("--instruments", 3, "--rate", 300, "--seed", 2))
    journal = pathlib.Path(re.search(r"^journal:\n  dir: (.+)$", flow.config.read_text(), re.M)[1]) / "account"
    journal.mkdir(mode=0o700)
    (journal / "000000000001.spill").write_bytes(b"torn")  # what a machine left that lost its power
    flow.edit_config(lambda text: text.replace("journal:\n", "journal:\n  archive: true\n"))
    worker = flow.ingest()
    wait_for("the damaged segment", lambda: flow.metric(worker, "millrace_lane_damaged_segments_total") == 1)
    watcher = sidecar(flow)
    wait_for("records", lambda: flow.metric(worker, "millrace_records_total") > 1000)
    wait_for("a watermark", lambda: flow.metric(watcher, "millrace_watermark_age_seconds") > 0)
    for kind in ["bad_json", "gap", "close"]:
        flow.control("/fault", {"kind": kind, "venue": "binance-spot", "channel": "book"})
    wait_for("a reconnect", lambda: flow.metric(worker, "millrace_reconnects_total") > 0)
    wait_for("a frame put aside", lambda: flow.metric(worker, "millrace_quarantined_total") > 0)
    text, other = scrape(worker), scrape(watcher)
    compare(text, other)
    promtool(text)
    promtool(other)
    prometheus(flow, worker)
    expect(worker.stop() == 0 and watcher.stop() == 0, "both end cleanly")
