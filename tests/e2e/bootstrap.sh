#!/bin/sh
# Tests ./bootstrap deps with stand-ins for dpkg-query, apt-get, sudo and docker: what it asks for,
# what it leaves alone, and that its guard against starting services never stays behind.
# shellcheck disable=SC2016 # the dollars belong to the stand-ins
set -u
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir "$work/bin" "$work/sbin"
cp "$project/bootstrap" "$work/"
status=0

fail() {
    echo "bootstrap: $*"
    status=1
}

# stub NAME BODY: a command that the script finds first.
stub() {
    printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

# A system where nothing but what the folder lists is there, and nobody is root.
for tool in cat chmod cut date dirname env flock grep head id mkdir mktemp printf rm sed sh sleep sort tail tr; do
    ln -s "$(command -v "$tool")" "$work/bin/$tool"
done
stub npm 'exit 1'
stub apt-get 'echo "apt-get $*" >>"$LOG"'
export LOG="$work/log"

# run WHO COMMAND…: runs bootstrap with the stand-ins only, as root (0) or somebody else.
run() {
    rm "$work/bin/id"
    stub id "echo $1"
    shift
    : >"$LOG"
    output=$(env -i PATH="$work/bin" HOME="$work" LOG="$LOG" sh "$work/bootstrap" "$@" 2>&1)
}

# installed PACKAGE…: what dpkg-query knows; "all" is everything it is asked for.
installed() {
    if [ "$1" = all ]; then
        stub dpkg-query 'shift 2; for p in "$@"; do case $p in docker-ce | podman-docker) ;; *) echo "installed $p" ;; esac; done'
    else
        stub dpkg-query "for p in \"\$@\"; do case ' $* ' in *\" \$p \"*) echo \"installed \$p\" ;; esac; done"
    fi
}

installed all
run 1000 deps || fail "everything is there, but deps failed: $output"
[ ! -s "$LOG" ] || fail "everything is there, but apt was called: $(cat "$LOG")"

installed gcc cmake
run 1000 deps && fail "packages are missing, nobody is root, there is no sudo: deps must fail"
case $output in
*'not root and no sudo'*'apt-get install --no-install-recommends'*libuv1-dev*) ;;
*) fail "without root the message must name the command: $output" ;;
esac
case $output in
*' cmake'*) fail "asks for cmake, which is installed" ;;
esac

run 1000 deps --print || fail "deps --print failed: $output"
printf '%s\n' "$output" | grep -qx docker.io || fail "without an engine docker.io is wanted"
stub dockerd 'exit 0'
run 1000 deps --print
printf '%s\n' "$output" | grep -qx docker.io && fail "there is a dockerd, but docker.io is wanted"
rm "$work/bin/dockerd"
installed docker-ce
run 1000 deps --print
printf '%s\n' "$output" | grep -qx docker.io && fail "docker-ce is installed, but docker.io is wanted"

stub sudo 'echo "sudo $*" >>"$LOG"'
run 1000 deps || fail "with sudo deps must work: $output"
grep -q '^sudo sh ./bootstrap install-as-root .*libuv1-dev' "$LOG" || fail "sudo was not used: $(cat "$LOG")"
rm "$work/bin/sudo"

run 1000 nonsense && fail "an unknown verb must fail"

# With root, in a mount namespace where /usr/sbin and /run/lock are ours: the guard comes and goes.
inside='mount --bind "$WORK/sbin" /usr/sbin && mount -t tmpfs tmpfs /run/lock && exec "$@"'
if [ "$(id -u)" -ne 0 ] || ! WORK="$work" unshare --mount sh -c "$inside" sh true 2>/dev/null; then
    echo "bootstrap: not root, or no mount namespaces: the guard was not tested"
    [ $status -ne 0 ] || status=77
    exit $status
fi
rm "$work/bin/id"
stub id 'echo 0'
export WORK="$work"
guarded() {
    : >"$LOG"
    unshare --mount sh -c "$inside" sh env -i PATH="$work/bin" HOME="$work" LOG="$LOG" WORK="$work" \
        sh "$work/bootstrap" deps >"$work/out" 2>&1
}
guard="$work/sbin/policy-rc.d"
stub apt-get 'echo "apt-get $*" >>"$LOG"; case "$*" in *install*) /usr/sbin/policy-rc.d; echo "guard says $?" >>"$LOG";; esac'
guarded || fail "deps as root failed: $(cat "$work/out")"
grep -qx 'guard says 101' "$LOG" || fail "services were not kept from starting: $(cat "$LOG")"
[ ! -e "$guard" ] || fail "the guard stayed behind"

stub apt-get 'exit 100'
guarded && fail "apt failed, deps must too"
[ ! -e "$guard" ] || fail "the guard stayed behind after a failure"

# Stopped while apt runs: SIGTERM to the shell that installs, then the guard must be gone.
stub apt-get 'echo $PPID >"$WORK/pid"; sleep 1'
guarded &
child=$!
tries=0
while [ ! -s "$work/pid" ] && [ $tries -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
[ -e "$guard" ] || fail "no guard while apt runs"
kill -TERM "$(cat "$work/pid")"
wait $child && fail "stopped by a signal, deps must fail"
[ ! -e "$guard" ] || fail "the guard stayed behind after a signal"

# Somebody else's guard is not touched, a stale one of ours is replaced.
printf '#!/bin/sh\nexit 101\n' >"$guard"
stub apt-get 'exit 0'
guarded || fail "deps failed beside another guard: $(cat "$work/out")"
[ -e "$guard" ] || fail "somebody else's guard was removed"

[ $status -ne 0 ] || echo "bootstrap: asks for what is missing, and leaves no guard behind"
exit $status
