#!/bin/sh
# Runs luacheck over all Lua of the project (.luacheckrc names the words a runbook finds).
set -u
set --
for folder in lua runbooks tests; do
    [ -d "$folder" ] && set -- "$@" "$folder"
done
luacheck --quiet --no-color "$@" --exclude-files '**/broken/**' 'lua/stubs'
