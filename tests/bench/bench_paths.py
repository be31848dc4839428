"""Where the benchmark finds the tree and its programs."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = ROOT / "build/release/tests/bench"
