#!/bin/sh
# Runs clang-tidy over the C files of a build folder (label slow: about a second a file).
set -eu
build=$1
[ -f "$build/compile_commands.json" ] || {
    echo "tidy: $build has no compile_commands.json; configure it first"
    exit 1
}
find engine stdlib -name '*.c' | sort | xargs -r -n 1 -P 2 clang-tidy -p "$build" --quiet
echo "clang-tidy: nothing found"
