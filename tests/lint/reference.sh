#!/bin/sh
# Checks that the generated pages of docs/reference are what the program writes. Usage: reference.sh BELAY
set -u
failed=0
for pair in modules:modules words:words verbs:command-line errors:errors guard:guard; do
    page=docs/reference/${pair#*:}.md
    "$1" reference "${pair%:*}" | cmp -s - "$page" || {
        echo "$page: differs from what the program says: run 'build/dev/belay reference ${pair%:*} > $page'"
        failed=1
    }
done
[ "$failed" -eq 0 ] && echo "reference: every page is up to date"
exit "$failed"
