# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# secrets.sh: the passwords of the box. They are invented, known to all, and good for nothing else.
# shellcheck disable=SC2034

BOX_PGPASSWORD=invented-box-postgres
BOX_RABBITMQ_PASSWORD=invented-box-rabbitmq
BOX_GRAFANA_PASSWORD=invented-box-grafana

secrets_write() {
    local name
    for name in BOX_PGPASSWORD BOX_RABBITMQ_PASSWORD BOX_GRAFANA_PASSWORD; do
        printf 'export %s=%q\n' "$name" "${!name}"
    done >"$BOX_DIR/secrets.env"
    chmod 600 "$BOX_DIR/secrets.env"
}
