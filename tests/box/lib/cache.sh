# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# cache.sh: what is the same for every box is prepared once and kept in the user's cache folder.

# Names the prepared data by everything it is made from.
cache_path() {
    local digest
    digest=$( (cat "$BOX_HOME/data/role.sql" "$BOX_HOME/data/schema.sql" "$BOX_HOME/data/history.sql" \
        "$BOX_HOME/lib/postgres.sh" "$BOX_HOME/lib/secrets.sh" && "$BOX_PG_BIN/postgres" --version && id -u) |
        sha256sum | cut -c 1-12)
    printf '%s/belay/box-%s' "${XDG_CACHE_HOME:-$HOME/.cache}" "$digest"
}

# Removes data prepared by earlier versions that nobody has used for a day.
cache_clean() {
    find "${BOX_CACHE%/*}" -mindepth 1 -maxdepth 1 -name 'box-*' ! -path "$BOX_CACHE" -mmin +1440 \
        -exec rm -rf {} + 2>/dev/null || true
}

# Makes the prepared data if it is not there. One box makes it, others wait.
cache_make() {
    local work
    BOX_CACHE=$(cache_path)
    mkdir -p "${BOX_CACHE%/*}" || box_die "cannot make the cache folder ${BOX_CACHE%/*}: set XDG_CACHE_HOME"
    exec 7<"${BOX_CACHE%/*}"
    flock 7
    if [ ! -d "$BOX_CACHE" ]; then
        box_say "preparing the data in $BOX_CACHE (once, about a minute)"
        rm -rf "$BOX_CACHE".*
        work=$(mktemp -d "$BOX_CACHE.XXXXXX")
        chmod 755 "$work"
        (pg_prepare "$work") 7<&- || {
            rm -rf "$work"
            box_die "the data could not be prepared in $BOX_CACHE: see the lines above"
        }
        mv "$work" "$BOX_CACHE"
        cache_clean
    fi
    touch "$BOX_CACHE"
    exec 7<&-
}
