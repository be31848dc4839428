#!/usr/bin/env python3
"""Compiles every header alone: each must include what it uses. Usage: headers.py BUILD_FOLDER

The include folders come from the build's compile_commands.json. Exit status 1 and the first error of each header that
does not stand alone.
"""
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def include_flags(build):
    flags = []
    for entry in json.load(open(os.path.join(build, "compile_commands.json"))):
        words = iter(shlex.split(entry["command"]))
        for word in words:
            flag = [word, next(words)] if word == "-isystem" else [word] if re.match(r"-[ID]\w*", word) else []
            if flag and flag not in flags and not word.startswith("-DMILLRACE_"):
                flags.append(flag)
    return [word for flag in flags for word in flag]


def error_of(header, flags):
    command = ["g++", "-std=c++20", "-fsyntax-only", "-x", "c++", "-include", header, "/dev/null", *flags]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else next(line for line in done.stderr.splitlines() if "error" in line)


def main():
    flags = include_flags(sys.argv[1])
    headers = subprocess.run(["git", "ls-files", "*.h"], cwd=ROOT, capture_output=True, text=True,
                             check=True).stdout.split()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(headers, pool.map(lambda header: error_of(header, flags), headers)))
    for header, error in found.items():
        if error:
            print(f"{header}: {error}")
    print(f"{len(headers)} headers, {sum(map(bool, found.values()))} do not compile alone")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
