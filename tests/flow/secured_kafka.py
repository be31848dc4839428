#!/usr/bin/env python3
"""A broker with TLS, SCRAM, client certificates and ACLs. Everything that speaks to Kafka works through it: worker,
sidecar, topics, tail, verify and the listener library. What is refused says why in one line: password, authority,
certificate, and the right to a topic, a transactional id or a group. A right that is taken away while the worker runs
costs the account lane nothing but time, and the market lane what its streams declare."""
import json
import os
import pathlib
import re
import subprocess

from account_flow import (add_accounts, control, ledger_fills, missing_and_extra, sidecar, topic, topic_fills,
                          watermark)
from flow import KAFKA_VERSION, ROOT, Flow, Process, expect, mutual_tls, skip, wait_for

LISTENER = os.environ.get("LISTENER_EXAMPLE", str(ROOT / "build/release/clients/cpp/listener_example"))
BOOK, FILLS = "market.kraken.book.v1", "account.kraken.execution.v1"


def scram(secrets, user, authority="ca.pem", password=None):
    """The kafka section of a configuration, after brokers and prefix."""
    return (f"  properties: {{security.protocol: sasl_ssl, sasl.mechanism: SCRAM-SHA-512, sasl.username: {user}, "
            f"ssl.ca.location: {secrets / authority}}}\n"
            f"  secret_files: {{sasl.password: {secrets / (password or user + '.password')}}}\n")


class Variants:
    """Configurations that differ from the flow's in how they come to the broker."""

    def __init__(self, flow, secrets):
        self.flow, self.secrets = flow, secrets
        self.servers = {kind: (secrets / f"{kind}.servers").read_text().strip() for kind in ("scram", "mtls")}

    def write(self, name, kind, section):
        flow = self.flow
        text = flow.config.read_text().replace(flow.kafka_section, section)
        path = flow.dir / f"{name}.yaml"
        path.write_text(text.replace(flow.brokers, self.servers[kind]))
        return path


def refused(flow, verb, config, *words, options=()):
    """It ends by itself, says one line with these words, and no secret."""
    process = flow.start(f"{verb.split()[0]}-{config.stem}", *verb.split(), "--config", config, *options)

    def check():
        status = process.wait(40)
        text = process.err.read_text()
        expect(status in (1, 2), f"{process.name} ends with {status}: {text[-2000:]}")
        lines = [line for line in text.splitlines() if all(word in line for word in words)]
        expect(lines, f"{process.name} says {words}: {text[-2000:]}")
    return check


def check_refusals(flow, variants):
    """All side by side, as each waits for a broker's answer."""
    secrets = variants.secrets
    plan = ("topics plan", "--manifest", ROOT / "deploy/topics.yaml")
    wrong = variants.write("wrong_password", "scram", scram(secrets, "millrace", password="reader.password"))
    stranger = variants.write("unknown_authority", "scram", scram(secrets, "millrace", authority="stranger.pem"))
    missing = variants.write("missing_authority", "scram", scram(secrets, "millrace", authority="nowhere.pem"))
    bare = variants.write("no_certificate", "mtls", mutual_tls(secrets, certificate=False))
    reader = variants.write("reader", "scram", scram(secrets, "reader"))
    nobody = variants.write("nobody", "mtls", mutual_tls(secrets))
    prefix = flow.prefix
    checks = [
        refused(flow, "ingest", wrong, "user or password is wrong"),
        refused(flow, "sidecar", wrong, "user or password is wrong", options=("--take-over",)),
        refused(flow, plan[0], wrong, "user or password is wrong", options=plan[1:]),
        refused(flow, "verify", wrong, "user or password is wrong"),
        refused(flow, "tail", wrong, "user or password is wrong"),
        refused(flow, "tail", flow.config, "a secret does not belong on the command line",
                options=("--kafka", "sasl.password=x")),
        refused(flow, "ingest", stranger, "set ssl.ca.location to the CA file"),
        refused(flow, "check", missing, "kafka.properties.ssl.ca.location", "nowhere.pem: No such file"),
        refused(flow, "ingest", bare, "set ssl.certificate.location and ssl.key.location"),
        refused(flow, "verify", bare, "set ssl.certificate.location and ssl.key.location"),
        refused(flow, "ingest", reader, f"topic {prefix}.ctl.claim.v1: not authorized", "Write"),
        refused(flow, "sidecar", reader, f"transactional id {prefix}.sidecar.kraken.main: not authorized",
                "Write and Describe", options=("--take-over",)),
        refused(flow, "ingest", nobody, f"topic {prefix}.ctl.claim.v1: not authorized", "Write and Describe"),
        refused(flow, "verify", nobody, f"topic {prefix}.*: not authorized", "Read and Describe"),
    ]
    for check in checks:
        check()


def listener(flow, variants, user, name):
    """The example of clients/cpp, with the password in its environment."""
    environment = dict(os.environ, KAFKA_PASSWORD=(variants.secrets / f"{user}.password").read_text().strip())
    arguments = [LISTENER, variants.servers["scram"], flow.prefix, name, "kraken", "security.protocol=sasl_ssl",
                 "sasl.mechanism=SCRAM-SHA-512", f"sasl.username={user}", f"ssl.ca.location={variants.secrets}/ca.pem"]
    process = Process(flow, name, arguments, environment)
    flow.children.append(process)
    return process


def take_rights_away(flow, worker):
    """Writing to one topic of each lane is denied for a while."""
    who = ("--deny-principal", "User:millrace", "--operation", "Write", "--topic", f"{flow.prefix}.{BOOK}",
           "--topic", f"{flow.prefix}.{FILLS}")
    flow.kafka("acl", "--add", *who)
    lost = lambda: flow.metric(worker, "millrace_produce_errors_total", reason="forbidden")
    retried = lambda: flow.metric(worker, "millrace_lane_retried_total")
    wait_for("books are refused", lambda: lost() > 20)
    wait_for("fills are refused", lambda: retried() > 2)
    flow.kafka("acl", "--remove", "--force", *who)
    books = lambda: flow.metric(worker, "millrace_records_total", dataset="book")
    before = books()
    wait_for("books flow again", lambda: books() > before + 100)
    return lost()


def check_declared(flow):
    """Status says since when and until when, and the next record of the stream how many are missing."""
    told = [one for one in topic(flow, "ops.kraken.status") if one["dataset"] == "book"]
    reasons = {one["reason"] for one in told}
    expect({"forbidden", "allowed"} <= reasons, f"status says so: {reasons}")
    gaps = [gap for one in topic(flow, BOOK) for gap in one["meta"].get("gap", []) if gap["reason"] == "forbidden"]
    expect(gaps and all(gap["kind"] == "LOCAL" for gap in gaps), f"books declare it: {gaps[:3]}")
    return len(gaps)


def check_secrecy(flow, secrets):
    """No password in anything that was written, or in the arguments of what runs."""
    hidden = [path.read_text().strip() for path in secrets.glob("*.password")]
    for child in flow.children:
        text = child.out.read_text(errors="replace") + child.err.read_text(errors="replace")
        if child.child.poll() is None:
            text += pathlib.Path(f"/proc/{child.child.pid}/cmdline").read_text()
        expect(not any(secret in text for secret in hidden), f"{child.name} shows a password")


def scram_works():
    """librdkafka before 2.6.1 sends its nonce twice, and Kafka 4 takes it only once."""
    text = subprocess.run(["kcat", "-V"], capture_output=True, text=True).stdout
    library = tuple(map(int, re.search(r"librdkafka (\d+)\.(\d+)\.(\d+)", text).groups()))
    return library >= (2, 6, 1) or not KAFKA_VERSION.startswith("4.")


if not scram_works():
    skip("this librdkafka has no SCRAM for Kafka 4")
with Flow("secured_kafka", secure=True) as flow:
    secrets = pathlib.Path(flow.cluster) / "secure"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=stranger", "-keyout", secrets / "stranger.key", "-out", secrets / "stranger.pem"],
                   check=True, capture_output=True)
    prefixed = ("--resource-pattern-type", "prefixed")
    topics = ("--topic", f"{flow.prefix}.", *prefixed)
    flow.kafka("acl", "--add", "--allow-principal", "User:millrace", *topics,
               *(part for right in ("Read", "Write", "Describe", "Create", "DescribeConfigs")
                 for part in ("--operation", right)))
    flow.kafka("acl", "--add", "--allow-principal", "User:millrace", "--operation", "Write", "--operation", "Describe",
               "--transactional-id", f"{flow.prefix}.sidecar.", *prefixed)
    flow.kafka("acl", "--add", "--allow-principal", "User:reader", "--operation", "Read", "--operation", "Describe",
               *topics)

    flow.kafka_section = scram(secrets, "millrace")
    flow.brokers = (secrets / "scram.servers").read_text().strip()
    add_accounts(flow, "kraken:main", knobs=["limits=0"], market=("--venues", "kraken", "--instruments", 3, "--rate", 300))
    flow.edit_config(lambda text: text.replace("    sidecar_keys:", "    poll_healthy_s: 2\n    safety_lag_s: 1\n"
                                               "    limits: {rest_weight_per_minute: 60000}\n"
                                               "    sidecar_keys:"))
    variants = Variants(flow, secrets)
    check_refusals(flow, variants)

    worker = flow.ingest()
    wait_for("the account is connected", lambda: "account_connected" in worker.err.read_text())
    watcher = sidecar(flow)
    control(flow, "kraken:main", "knobs", rate=20)
    flow.kafka("acl", "--add", "--allow-principal", "User:reader", *(part for right in ("Write", "Describe", "Create")
               for part in ("--operation", right)), "--topic", f"{flow.prefix}.dlq.", *prefixed)
    outsider = listener(flow, variants, "reader", "outsider")
    wait_for("the group is refused by name",
             lambda: "group outsider: not authorized: grant this client's user Read" in outsider.err.read_text())
    outsider.stop()
    flow.kafka("acl", "--add", "--allow-principal", "User:reader", "--operation", "Read", "--group", "consumer")
    consumer = listener(flow, variants, "reader", "consumer")
    wait_for("the listener is told of fills", lambda: "filled" in consumer.out.read_text())
    wait_for("a watermark", lambda: watermark(flow, "kraken"))
    lost = take_rights_away(flow, worker)
    check_secrecy(flow, secrets)
    control(flow, "kraken:main", "knobs", rate=0)
    last = control(flow, "kraken:main", "ledger")["time_ns"]
    wait_for("a watermark past the last fill", lambda: watermark(flow, "kraken") > last, step=0.5)
    missing, extra, fills = missing_and_extra(flow, "kraken", "main")
    expect(not missing and not extra, f"the topic has the ledger's fills: missing {missing[:3]}, extra {extra[:3]}")
    live = topic_fills([one for one in topic(flow, FILLS) if one["meta"]["origin"] == "LIVE"], "main")
    late = ledger_fills(control(flow, "kraken:main", "ledger")) - live
    expect(not late, f"the account lane itself loses nothing, the sidecar aside: {list(late.elements())[:3]}")
    expect(worker.stop() == 0 and watcher.stop() == 0 and consumer.stop() == 0, f"all end cleanly: {worker.tail()}")
    gaps = check_declared(flow)
    report = flow.verify()
    expect(report["lost"] == 0 and report["undeclared_gaps"] == 0, f"no silent loss: {report}")

    # The same by certificate; its user's name is the certificate's.
    flow.kafka("acl", "--add", "--allow-principal", "User:CN=millrace", *topics,
               *(part for right in ("Read", "Write", "Describe") for part in ("--operation", right)))
    flow.config = variants.write("mutual", "mtls", mutual_tls(secrets))
    flow.brokers = variants.servers["mtls"]
    worker = flow.ingest(name="ingest-mtls")
    wait_for("records by certificate", lambda: flow.metric(worker, "millrace_lane_acks_total") > 1000)
    expect(worker.stop() == 0, f"the worker ends cleanly: {worker.tail()}")
    report = flow.verify()
    check_secrecy(flow, secrets)
    print(json.dumps({"fills": fills, "forbidden": int(lost), "gaps": gaps, "records": report["records"]}))
