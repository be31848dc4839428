#!/bin/sh
# check_facts.sh MILLRACE FOLDERS: every recording of these folders (comma-separated) must come out exact.
# Exit status 77, which ctest shows as skipped, where the recordings are not there.
set -eu
shared=$(dirname "$0")/../../../shared
if [ ! -f "$shared/tools/check_facts.py" ] || [ ! -d "$shared/captures" ]; then
  echo "no recordings at $shared"
  exit 77
fi
exec python3 "$shared/tools/check_facts.py" --bin "$1" --captures "$shared/captures" --venue "$2" -v
