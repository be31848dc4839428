"""What the account flows have in common: an account of the simulator, its configuration, its ledger, its topics."""
import json

from flow import ROOT


def add_accounts(flow, *accounts, knobs=(), market=("--venues", "kraken", "--instruments", 1, "--rate", 20)):
    """Starts the simulator with these accounts ("kraken:main", ...) and puts them into the configuration. `knobs`:
    "rate=20" or "kraken:main:drop=0.1"; `market`: the public side beside them."""
    keys = flow.dir / "keys"
    keys.mkdir(mode=0o700)
    options = []
    for account in accounts:
        options += ["--account", f"{account}:{keys / account.replace(':', '-')}"]
    for knob in knobs:
        options += ["--knob", knob]
    flow.simulator = flow.start("sim", "sim", *market,
                                "--write-config", flow.config, "--brokers", flow.brokers, "--prefix", flow.prefix,
                                *options)
    flow.venues = flow.simulator.first_line()
    flow.edit_config(lambda text: text + "sidecar:\n  listen: 127.0.0.1:0\n")
    flow.run("topics", "apply", "--manifest", ROOT / "deploy/topics.yaml", "--brokers", flow.brokers,
             "--prefix", flow.prefix, "--config", flow.config)
    return flow.venues["accounts"]


def sidecar(flow, *options, name="sidecar"):
    process = flow.start(name, "sidecar", "--config", flow.config, *options)
    process.ready = process.first_line(90)
    return process


def control(flow, account, verb, **body):
    """The account's "ledger", or a command to it: "knobs", "burst", "cut" ..."""
    return json.loads(flow.control(f"/accounts/{account}/{verb}", body if verb != "ledger" else None))


def topic(flow, name):
    """All records of a topic as they are now."""
    out = flow.run("tail", "--brokers", flow.brokers, "--prefix", flow.prefix, "--config", flow.config, "--json",
                   "--from", "beginning", "--until-end", "--topic", name).stdout
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def kill_and_restart(flow, process, start, name):
    """SIGKILL, and another one under a name of its own."""
    process.kill()
    return start(name=name)
