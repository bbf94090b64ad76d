# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# no-backup: the backups of the last 26 hours are not there.
FAULT_TEXT="there is no backup of last night (of PostgreSQL and Redis)"

# Not only last night's: shortly before 03:00 the one before is not yet 25 hours old either.
fault_start() {
    local folder since
    since=$(($(date +%s) + BOX_CLOCK_OFFSET - 26 * 3600))
    for folder in postgres/full redis/rdb redis/metadata; do
        mkdir -p "$(fault_folder)/$folder"
        find "$BOX_DIR/backups/$folder" -type f -newermt "@$since" -exec mv -t "$(fault_folder)/$folder" {} +
    done
}

fault_undo() {
    local folder
    for folder in postgres/full redis/rdb redis/metadata; do
        find "$(fault_folder)/$folder" -type f -exec mv -t "$BOX_DIR/backups/$folder" {} + 2>/dev/null || true
    done
}
