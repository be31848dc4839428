#!/usr/bin/env python3
"""`deploy/demo --account`: fills arrive, the socket is cut, the sweep reads back what was missed, nothing is missing."""
import os
import subprocess

from flow import BIN, ROOT, expect

done = subprocess.run([ROOT / "deploy/demo", "--account", "--no-install"], env={**os.environ, "MILLRACE_BIN": BIN},
                      capture_output=True, text=True, timeout=300)
print(done.stdout)
expect(done.returncode == 0, f"it ends well: {done.returncode}\n{done.stderr[-2000:]}")
expect(", 0 were missing" in done.stdout, "the dry run finds nothing missing")
sweep = done.stdout.split("the sweep reads", 1)[1].split("== ")[0]
expect(any(f" {count} missing" in sweep for count in range(50, 121)), f"a sweep found what the socket never told: {sweep}")
