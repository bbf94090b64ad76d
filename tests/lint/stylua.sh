#!/bin/sh
# Checks that every Lua file is as stylua leaves it. Skipped (77) where there is no stylua.
set -u
stylua=$(command -v stylua) || {
    for stylua in "${BELAY_TOOLS:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/belay/tools}"/node_modules/@johnnymorganz/stylua-bin-*/stylua; do
        [ -x "$stylua" ] && break
    done
}
[ -x "$stylua" ] || {
    echo "stylua: not installed; './bootstrap deps' installs it where npm is there"
    exit 77
}
set --
for folder in lua runbooks tests; do
    [ -d "$folder" ] && set -- "$@" "$folder"
done
# Broken files of the end-to-end tests are broken on purpose.
"$stylua" --check --glob '**/*.lua' --glob '!**/broken/**' --glob '!lua/stubs/**' --glob '!**/environments/box.lua' -- "$@" || {
    echo "stylua: run '$stylua FILE' on the files above"
    exit 1
}
echo "stylua: nothing to change"
