# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# engine.sh: the Docker Engine of the box: one that BOX_DOCKER_HOST names, else a private one in the box's folder.

ENGINE_IMAGE=belay-box:latest

engine_docker() {
    DOCKER_HOST=$BOX_DOCKER docker "$@"
}

# Why no container can be used here, on stdout; nothing when an engine answers. Sets nothing else.
engine_obstacle() {
    if ! command -v docker-compose >/dev/null || ! command -v docker >/dev/null; then
        echo "docker and docker-compose are not installed"
    elif [ -n "${BOX_DOCKER_HOST:-}" ]; then
        [[ $BOX_DOCKER_HOST == unix://* ]] || box_die "BOX_DOCKER_HOST=$BOX_DOCKER_HOST is no unix:// address: give one"
        DOCKER_HOST=$BOX_DOCKER_HOST docker version >/dev/null 2>&1 ||
            box_die "no Docker Engine answers at BOX_DOCKER_HOST=$BOX_DOCKER_HOST: start it, or unset it for a private one"
    elif [ "$(id -u)" != 0 ]; then
        echo "a private engine needs root"
    elif ! command -v dockerd >/dev/null; then
        echo "dockerd is not installed"
    elif [ ${#BOX_DIR} -gt 60 ]; then
        echo "the name of $BOX_DIR is too long for the sockets in it"
    fi
}

# Makes the engine ready and tries one container. Says on stdout what is wrong, or nothing.
engine_ready() {
    if [ -z "${BOX_DOCKER_HOST:-}" ] && ! engine_start; then
        printf 'dockerd cannot start: %s' "$(grep -v 'level=info' "$BOX_DIR/log/dockerd.log" | tail -n 1)"
        return 0
    fi
    compose_refuse
    if ! engine_works; then
        printf 'no container can start: %s' "$(tail -n 1 "$BOX_DIR/log/engine.log")"
        engine_discard
    fi
}

# Takes away what this box has put on the engine but its containers, and ends the engine if it is private.
engine_discard() {
    engine_docker rmi -f "$ENGINE_IMAGE" >/dev/null 2>&1 || true
    if [ -f "$BOX_DIR/run/dockerd.pid" ]; then
        engine_stop
    fi
}

# A private engine changes nothing outside its folder: no bridge, no firewall rules, no forwarding, its own cgroup.
engine_start() {
    local pid
    mkdir -p "$BOX_DIR/docker"
    (
        exec 6>&- 7<&- 8<&- 9<&-
        exec setsid dockerd --data-root "$BOX_DIR/docker/data" --exec-root "$BOX_DIR/docker/exec" \
            --pidfile "$BOX_DIR/docker/dockerd.pid" -H "unix://$BOX_DIR/docker/docker.sock" --storage-driver vfs \
            --cgroup-parent "/belay-box-$PORT_postgres" --oom-score-adjust=0 --iptables=false --ip6tables=false \
            --ip-forward=false --bridge=none
    ) >"$BOX_DIR/log/dockerd.log" 2>&1 </dev/null &
    pid=$!
    printf '%s %s\n' "$pid" "$(plain_born "$pid")" >"$BOX_DIR/run/dockerd.pid"
    for _ in $(seq 1 100); do
        engine_docker version >/dev/null 2>&1 && return 0
        plain_running dockerd || break
        sleep 0.1
    done
    engine_stop
    return 1
}

engine_stop() {
    local mount
    plain_stop dockerd 15
    awk -v under="$BOX_DIR/docker/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do
        umount "$mount" || umount -l "$mount"
    done
    find /sys/fs/cgroup -depth -type d -path "*/belay-box-$PORT_postgres*" -exec rmdir {} + 2>/dev/null || true
}

# The image is an almost empty root: the programs come from the host's /usr, mounted read-only.
engine_image() {
    local root=$BOX_DIR/docker/root link
    mkdir -p "$root"/{usr,etc/alternatives,proc,sys,dev,run,root,var/lib,var/log,var/tmp,tmp}
    chmod 1777 "$root/tmp" "$root/var/tmp"
    for link in bin sbin lib lib32 lib64 libx32; do
        if [ -L "/$link" ]; then
            ln -s "usr/$link" "$root/$link"
        elif [ -d "/$link" ]; then
            mkdir -p "$root/$link"
        fi
    done
    cp /etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.cache "$root/etc/"
    tar -C "$root" -c . | engine_docker import - "$ENGINE_IMAGE" >/dev/null || return 1
    rm -rf "$root"
}

# Whether an image can be made, a container of it runs, and a command in that (a health check is one). In a chroot, or
# inside of another container, an engine may answer and still be unable to do one of them.
engine_works() {
    local mount mounts=() name=belay-box-probe-$PORT_postgres status=0
    while read -r mount; do
        mounts+=(--volume "$mount")
    done < <(engine_mounts)
    {
        engine_image && engine_docker run --detach --name "$name" --network host --workdir "$BOX_DIR" \
            "${mounts[@]}" "$ENGINE_IMAGE" /usr/bin/sleep 60 &&
            engine_docker exec "$name" /usr/bin/true
    } >"$BOX_DIR/log/engine.log" 2>&1 || status=1
    engine_docker rm --force "$name" >/dev/null 2>&1 || true
    return $status
}

# The host's folders that containers see, one a line.
engine_mounts() {
    local folder
    for folder in /usr /bin /sbin /lib /lib32 /lib64 /libx32 /etc/alternatives /etc/erlang /etc/rabbitmq; do
        if [ -d "$folder" ] && [ ! -L "$folder" ]; then
            printf '%s:%s:ro\n' "$folder" "$folder"
        fi
    done
    printf '%s:%s\n' "$BOX_DIR" "$BOX_DIR"
}
