#!/bin/sh
# Checks that every header compiles alone and twice.
set -u
cflags=$(pkg-config --cflags lua5.4 libuv libcurl libpq hiredis librabbitmq sqlite3 jansson) || exit 1
status=0
count=0
for header in $(find engine stdlib -name '*.h' | sort); do
    count=$((count + 1))
    # shellcheck disable=SC2086 # the flags are words
    printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
        ${CC:-cc} -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -I. -Iengine -Istdlib \
            $cflags -x c - || {
        echo "$header: does not compile alone"
        status=1
    }
done
[ $status -ne 0 ] || echo "headers: $count compile alone"
exit $status
