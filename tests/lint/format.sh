#!/bin/sh
# Checks that every C file is as clang-format leaves it.
set -u
count=$(find engine stdlib tests \( -name '*.c' -o -name '*.h' \) -type f | wc -l)
find engine stdlib tests \( -name '*.c' -o -name '*.h' \) -type f -print0 |
    xargs -0 -r -n 20 -P 2 clang-format --dry-run -Werror --style=file || {
    echo "clang-format: run 'clang-format -i FILE' on the files above"
    exit 1
}
echo "clang-format: $count files, nothing to change"
