#!/bin/sh
# Proves that the lint scripts find what they look for: a small tree full of mistakes, each reported.
# shellcheck disable=SC2016 # the dollars and backquotes belong to the bad files
set -u
root=$(pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
trap 'exit 130' INT TERM
cd "$tree" || exit 1
mkdir -p engine/base engine/vm stdlib tests lua
cp -r "$root/tests/lint" tests/
cp "$root/.clang-format" "$root/.luacheckrc" .
: >tests/lint/limits.allow
head='/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */'

printf '%s\n/* x.h: a header of a higher folder. */\nstruct unknown bl_x(size_t_missing a);\n' "$head" >engine/vm/x.h
{
    printf '%s\n/* bad.c: everything that is forbidden. */\n#include "vm/x.h"\n#include <lua.h>\n' "$head"
    printf 'int bad_args(int a, int b, int c, int d, int e, int f, int g)\n{\n'
    printf '    if (a) { while (b) { for (;;) { switch (c) { case 1: { do { d++; } while (0); } } } } }\n'
    i=0
    while [ $i -lt 90 ]; do
        printf '    if (a == %d || b) { sprintf(0, "x"); }\n' $i
        i=$((i + 1))
    done
    printf '    return 0;\n}\n'
} >engine/base/bad.c
echo 'bl_folder(base SOURCES bad.c LINKS bl_vm PkgConfig::lua)' >engine/base/CMakeLists.txt
cat >stdlib/thing.c <<'C'
static const struct bl_operation thing_operations[] = {
    {.name = "mute", .example = "thing.mute()"},
    {.name = "bare", .text = "Says nothing."},
    {0},
};
const struct bl_module bl_module_thing = {.name = "thing", .settings = thing_settings};
C
mkdir -p tests/lua
printf 'x = nil\n%s: nothing\nlocal path = "/%s/somebody/x"\n' "-- TO""DO" home >lua/bad.lua
printf '#!/bin/sh\necho $1 t%sh\n' e >bad.sh

printf '[here](page.md) `[x](y)`\n[there](missing.md#x) [web](https://example.org)\n' >page.md

mkdir -p cmake docs/internals
echo 'foreach(pair "nothing|libnothing")' >cmake/libraries.cmake
echo '| other | `other` | `other-dev` | MIT | here | why |' >docs/internals/dependencies.md
printf "packages_build='gcc'\n" >bootstrap

status=0
# expect WHAT COMMAND…: the command must fail and say WHAT.
expect() {
    what=$1
    shift
    if output=$("$@" 2>&1); then
        echo "selftest: $* passed, but must report '$what'"
        status=1
    elif ! printf '%s\n' "$output" | grep -qF -- "$what"; then
        printf 'selftest: %s did not report "%s", but:\n%s\n' "$*" "$what" "$output"
        status=1
    fi
}
expect 'base (rank 0) may not include vm/x.h of vm (rank 4)' lua5.4 tests/lint/layers.lua
expect 'includes lua.h; only engine/vm may know Lua' lua5.4 tests/lint/layers.lua
expect 'base may not link bl_vm' lua5.4 tests/lint/layers.lua
expect 'base links Lua' lua5.4 tests/lint/layers.lua
expect 'bad_args: nesting is 5' lua5.4 tests/lint/limits.lua
expect 'bad_args: arguments is 7' lua5.4 tests/lint/limits.lua
expect 'bad_args: complexity is' lua5.4 tests/lint/limits.lua
expect 'bad_args: C function lines is 95' lua5.4 tests/lint/limits.lua
expect 'calls sprintf' lua5.4 tests/lint/text.lua
expect 'the first include must be base/prefix.h' lua5.4 tests/lint/text.lua
expect 'stdlib/thing.c:1: must start with the two licence lines' lua5.4 tests/lint/text.lua
expect 'lua/bad.lua:2: TO' lua5.4 tests/lint/text.lua
expect 'lua/bad.lua:3: names a path of one machine' lua5.4 tests/lint/text.lua
expect 'page.md:2: links to missing.md#x' lua5.4 tests/lint/links.lua
expect 'libnothing has no row' lua5.4 tests/lint/packages.lua
expect 'needs other-dev, which bootstrap' lua5.4 tests/lint/packages.lua
expect 'mute has no .text' lua5.4 tests/lint/coverage.lua
expect 'bare has no .example' lua5.4 tests/lint/coverage.lua
expect 'is not tested against HOSTILE_FLOOD' lua5.4 tests/lint/coverage.lua
expect 'has no test named test_' lua5.4 tests/lint/coverage.lua
expect 'has no tests/lua/thing_test.lua' lua5.4 tests/lint/coverage.lua
expect 'engine/vm/x.h: does not compile alone' sh tests/lint/headers.sh
expect 'clang-format: run' sh tests/lint/format.sh
expect 'SC2086' sh tests/lint/shellcheck.sh
expect '==> the' sh tests/lint/codespell.sh
expect "setting non-standard global variable 'x'" sh tests/lint/luacheck.sh
[ $status -ne 0 ] || echo "selftest: every mistake was found"
exit $status
