"""Workers of one consumer group, for flows."""
from flow import expect


class Group:
    """Workers w1, w2 ..., each with the flow's configuration but for its name and the symbols; `change`(text) -> text
    is put over it."""

    def __init__(self, flow, change=lambda text: text):
        self.flow = flow
        lines = flow.config.read_text().splitlines(keepends=True)
        self.text = change("".join(line for line in lines if not line.startswith("    symbols:")))
        self.workers = {}

    def start(self, name):
        config = self.flow.dir / f"{name}.yaml"
        config.write_text(self.text.replace("worker: sim\n", f"worker: {name}\ngroup: shared\n", 1))
        process = self.flow.start(f"{name}-{len(self.flow.children)}", "ingest", "--config", config)
        process.ready = process.first_line()
        self.workers[name] = process
        return process

    def end(self):
        for name, worker in self.workers.items():
            expect(worker.stop(120) == 0, f"{name} ends cleanly: {worker.tail()}")


def subscribe(flow, verb, venue, symbols):
    """verb: subscribe or unsubscribe."""
    listing = flow.dir / "symbols.txt"
    listing.write_text("\n".join(symbols))
    flow.run(verb, "--brokers", flow.brokers, "--prefix", flow.prefix, venue, "--symbols-file", listing)
