#!/usr/bin/env bash
# The listener library as somebody else gets it: built and installed by itself, then found by a project outside of the
# tree, which sees nothing but what was installed. Usage: package_test.sh FOLDER (made anew)
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
folder=$(realpath -m "$1")
rm -rf "$folder/project" "$folder/project-build" "$folder/prefix"
mkdir -p "$folder/project"

# Not optimized: that is most of the time.
launcher=$(command -v ccache || true)
cmake -S "$root/clients/cpp" -B "$folder/library" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 \
  "-DCMAKE_CXX_COMPILER_LAUNCHER=$launcher"
cmake --build "$folder/library" --target millrace_listener -j2
cmake --install "$folder/library" --component listener --prefix "$folder/prefix"

# Nothing of the tree may be wanted by what is installed.
if grep -rnE '#include [<"](clients|schemas|publish|librdkafka|protozero|fmt)/' "$folder/prefix/include"; then
  echo "an installed header wants more than the standard library" >&2
  exit 1
fi
if grep -rn "$root" "$folder/prefix" --include=*.cmake; then
  echo "the package points into the tree" >&2
  exit 1
fi

cp "$root"/clients/cpp/example/* "$folder/project/"
cmake -S "$folder/project" -B "$folder/project-build" -G Ninja -DCMAKE_PREFIX_PATH="$folder/prefix"
cmake --build "$folder/project-build"

status=0
said=$("$folder/project-build/fills" 2>&1) || status=$?
[ "$status" = 2 ] && [ "$said" = "usage: fills BROKERS PREFIX GROUP VENUE [KEY=VALUE of librdkafka]..." ] || {
  echo "the program built from the package said: $said (exit $status)" >&2
  exit 1
}
