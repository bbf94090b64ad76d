#!/bin/sh
# Runs ./bootstrap in a fresh Debian root, as a newcomer's machine would: nothing but apt inside.
#
#   fresh_root.sh [--root DIR] [--plain] [--engine] VERB…       for example: fresh_root.sh deps test demo
#
# --root DIR  keeps the root in DIR and uses it again when it is there; else it is made and removed.
# --plain     installs the packages as root, then runs the verbs as a user without any privilege.
# --engine    makes the root a mount point, so that a Docker Engine inside can run containers; without
#             it the box finds out that it cannot, and runs plain processes.
# Needs root, debootstrap, and the apt sources of this machine. Exit 77 when one of them is missing.
set -eu
project=$(cd "$(dirname "$0")/../.." && pwd)
root=''
plain=no
engine=no
while [ $# -gt 0 ]; do
    case $1 in
    --root)
        root=$2
        shift 2
        ;;
    --plain)
        plain=yes
        shift
        ;;
    --engine)
        engine=yes
        shift
        ;;
    *) break ;;
    esac
done
[ $# -gt 0 ] || set -- test demo
[ "$(id -u)" -eq 0 ] || {
    echo "fresh_root: needs root to make and enter a root folder"
    exit 77
}
command -v debootstrap >/dev/null || {
    echo "fresh_root: debootstrap is not installed (./bootstrap deps --all)"
    exit 77
}
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -n 's|^URIs:[[:space:]]*\([^[:space:]]*/debian\)/*$|\1|p; s|^deb \(\[[^]]*\] \)*\([^[:space:]]*/debian\)/* .*|\2|p' |
    head -n 1)
[ -n "$mirror" ] || {
    echo "fresh_root: found no Debian mirror in the apt sources of this machine"
    exit 77
}
if [ -z "$root" ]; then
    root=$(mktemp -d /tmp/belay-root.XXXXXX)
    chmod 755 "$root" # a user without privilege has to pass it
    trap 'rm -rf --one-file-system "$root"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
fi

if [ ! -x "$root/usr/bin/apt-get" ]; then
    debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || {
        tail -n 5 "$root.log"
        echo "fresh_root: debootstrap failed; $root.log has its output"
        exit 1
    }
    rm -f "$root.log"
    # The same sources and settings as this machine's apt, or nothing could be fetched.
    rm -f "$root/etc/apt/sources.list"
    [ ! -f /etc/apt/sources.list ] || cp /etc/apt/sources.list "$root/etc/apt/"
    cp -r /etc/apt/sources.list.d /etc/apt/apt.conf.d "$root/etc/apt/"
    rm -f "$root"/etc/apt/apt.conf.d/*docker* "$root"/etc/apt/apt.conf.d/*packagekit*
    cp /etc/hosts /etc/resolv.conf "$root/etc/"
fi
mkdir -p "$root/src"
find "$root/src" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
tar -C "$project" --exclude=./build --exclude=./.git -cf - . | tar -C "$root/src" -xf -

# Everything below happens in namespaces of its own: mounts and processes end with it.
cat >"$root/src.sh" <<'INSIDE'
set -eu
cd /src
plain=$1
shift
export HOME=/root LC_ALL=C.UTF-8
if [ "$plain" = yes ]; then
    ./bootstrap deps
    id belay >/dev/null 2>&1 || useradd --create-home --home-dir /srv/belay belay
    chown -R belay: /src
    for verb in "$@"; do
        setpriv --reuid belay --regid belay --init-groups --bounding-set -all --no-new-privs \
            env HOME=/srv/belay ./bootstrap "$verb"
    done
else
    for verb in "$@"; do
        ./bootstrap "$verb"
    done
fi
INSIDE
# shellcheck disable=SC2016 # expanded by the inner shell
unshare --mount --pid --ipc --fork --kill-child sh -eu -c '
    root=$1
    [ "$2" = no ] || mount --bind "$root" "$root"
    shift 2
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    mount -t tmpfs tmpfs "$root/run"
    exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb sh /src.sh "$@"
' sh "$root" "$engine" "$plain" "$@"
