# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# no-backup: last night's backups are not there.
FAULT_TEXT="there is no backup of last night (of PostgreSQL and Redis)"

fault_start() {
    local folder newest
    for folder in postgres/full redis/rdb redis/metadata; do
        mkdir -p "$(fault_folder)/$folder"
        newest=$(find "$BOX_DIR/backups/$folder" -type f -printf '%f\n' | grep -o '[0-9]\{8\}_[0-9]\{6\}' | sort | tail -n 1)
        mv "$BOX_DIR/backups/$folder/"*"$newest"* "$(fault_folder)/$folder/"
    done
}

fault_undo() {
    local folder
    for folder in postgres/full redis/rdb redis/metadata; do
        find "$(fault_folder)/$folder" -type f -exec mv -t "$BOX_DIR/backups/$folder" {} + 2>/dev/null || true
    done
}
