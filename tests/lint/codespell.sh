#!/bin/sh
# Looks for misspelt words; tests/lint/codespell.words lists what only looks like one.
set -u
codespell --quiet-level=2 --ignore-words=tests/lint/codespell.words \
    --skip='./build,./.git,*/corpus/*,*.bin' . && echo "codespell: nothing found"
