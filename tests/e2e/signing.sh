#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# signing.sh: heads signed with SSH keys, at gates and at the end, and what `belay verify --signed` says of them. Usage: signing.sh BELAY
# shellcheck disable=SC2317 # functions are reached through trap
set -uo pipefail
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-signing.XXXXXX")
failed=0
children=()
ended() {
    [ ${#children[@]} -eq 0 ] || kill -9 "${children[@]}" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap ended EXIT
trap 'exit 1' INT TERM
export CI=true HOME="$work/home"
unset SSH_AUTH_SOCK SSH_AGENT_PID XDG_STATE_HOME
mkdir -p "$HOME/.ssh" "$work/project/environments"
chmod 700 "$HOME/.ssh"
for name in rosa otto; do
    ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$HOME/.ssh/$name"
done
ssh-keygen -q -t ed25519 -N 'sesame-open-7' -C locked -f "$HOME/.ssh/locked"
ssh-keygen -q -t ecdsa -N '' -C ecdsa -f "$HOME/.ssh/ecdsa"
printf '%s %s\n' rosa@example.org "$(cut -d ' ' -f 1,2 "$HOME/.ssh/rosa.pub")" \
    ecdsa@example.org "$(cut -d ' ' -f 1,2 "$HOME/.ssh/ecdsa.pub")" \
    locked@example.org "$(cut -d ' ' -f 1,2 "$HOME/.ssh/locked.pub")" >"$work/project/allowed_signers"

echo 'project({ environment = "box" })' >"$work/project/belay.lua"
cat >"$work/project/calm.lua" <<'END'
procedure({
  title = "Calm",
  run = function()
    step("Look", function()
      check("one", 1):at_most(1)
    end)
  end,
})
END
cat >"$work/project/asks.lua" <<'END'
procedure({
  title = "Asks",
  run = function()
    step("Ask", function()
      confirm("Shall it go on?")
    end)
  end,
})
END
cat >"$work/project/slow.lua" <<'END'
local time = require("time")

procedure({
  title = "Slow",
  run = function()
    step("Sleep", function()
      time.sleep(60)
    end)
  end,
})
END

# signing FIELDS: what the environment says.
signing() {
    printf 'environment({ state = "%s", signing = %s })\n' "$work/state" "$1" >"$work/project/environments/box.lua"
}

belay_in() {
    what="belay $*"
    (cd "$work/project" && timeout 60 "$belay" "$@") >"$work/out" 2>&1 </dev/null
    status=$?
}

expect() {
    local text
    if [ $status -ne "$1" ]; then
        echo "FAILED: $what: exit $status instead of $1:"
        cat "$work/out"
        failed=1
    fi
    shift
    for text in "$@"; do
        tr -s ' \n' ' ' <"$work/out" | grep -qF -- "$text" && continue
        echo "FAILED: $what: no '$text' in:"
        cat "$work/out"
        failed=1
    done
}

last_file() {
    find "$work/state/runs" -name '*.belay' -printf '%T@ %p\n' | sort -n | tail -1 | cut -d ' ' -f 2
}

# A run without a key is not signed, and says nothing of it.
signing '{}'
belay_in run calm
expect 0
belay_in verify --signed last
expect 1 "sound" "NOT SIGNED: the run is not signed"
belay_in verify last
expect 0 "sound"

# One with a key is, by its private or its public half.
for key in rosa rosa.pub; do
    signing "{ key = \"~/.ssh/$key\" }"
    belay_in run calm
    expect 0
    belay_in verify --signed last
    expect 0 "signed: 1 signature, the end too, by rosa@example.org (ED25519 SHA256:"
    belay_in runs --last 1
    expect 0 "ok (0)"
done
signing '{ key = "~/.ssh/ecdsa" }'
belay_in run calm
belay_in verify --signed last --format json
expect 0 '"signed":true' "ecdsa@example.org"

# Anybody can check it by hand.
signature=$(sqlite3 "$(last_file)" "SELECT json_extract(data, '\$.signature') FROM events WHERE kind = 'signed'")
hash=$(sqlite3 "$(last_file)" "SELECT json_extract(data, '\$.hash') FROM events WHERE kind = 'signed'")
printf '%s\n' "$signature" >"$work/signature"
what="ssh-keygen -Y verify"
printf %s "$hash" | ssh-keygen -Y verify -f "$work/project/allowed_signers" -I ecdsa@example.org -n belay \
    -s "$work/signature" >"$work/out" 2>&1
status=$?
expect 0 "Good \"belay\" signature"

# At a gate, and at the end behind it.
signing '{ key = "~/.ssh/rosa" }'
belay_in run asks
expect 3
belay_in verify --signed last
expect 0 "signed: 2 signatures, the end too"
belay_in log last --format json
lua5.4 tests/lint/events.lua signed gate_opened run_ended <"$work/out" || failed=1

# Somebody else takes it up: both have signed, and each end.
signing '{ key = "~/.ssh/ecdsa" }'
belay_in resume last
expect 3
belay_in verify --signed last
expect 0 "the end too, by ecdsa@example.org (ECDSA SHA256:" ", rosa@example.org (ED25519 SHA256:"
signing '{}'
belay_in resume last
expect 3
belay_in verify --signed last
expect 1 "NOT SIGNED: its end is not signed: the last signature is by ecdsa@example.org"

# Somebody who is not listed; a list that is not there.
signing '{ key = "~/.ssh/otto" }'
belay_in run calm
expect 0
belay_in verify --signed last
expect 1 "NOT SIGNED: the signature in event" "of no key that"
signing '{ allowed = "nobody_listed" }'
belay_in verify --signed last
expect 2 "list the people and their keys there"

# A signature that was exchanged, with the whole chain written anew, is of other bytes.
signing '{ key = "~/.ssh/rosa" }'
belay_in run calm
file=$(last_file)
chmod 600 "$file"
sqlite3 "$file" "DROP TRIGGER events_stay; DROP TRIGGER events_last;
    UPDATE events SET data = replace(data, 'one', 'two') WHERE kind = 'check'"
previous=0000000000000000000000000000000000000000000000000000000000000000
for seq in $(sqlite3 "$file" "SELECT seq FROM events ORDER BY seq"); do
    [ "$(sqlite3 "$file" "SELECT kind FROM events WHERE seq = $seq")" != signed ] ||
        sqlite3 "$file" "UPDATE events SET data = json_set(data, '\$.hash', '$previous') WHERE seq = $seq"
    sqlite3 "$file" "UPDATE events SET prev = '$previous' WHERE seq = $seq"
    previous=$(sqlite3 "$file" "SELECT prev || char(10) || seq || char(10) || at || char(10) || kind || char(10) || data
        FROM events WHERE seq = $seq" | head -c -1 | sha256sum | cut -d ' ' -f 1)
    sqlite3 "$file" "UPDATE events SET hash = '$previous' WHERE seq = $seq"
done
belay_in verify "$file"
expect 0 "sound"
belay_in verify --signed "$file"
expect 1 "NOT SIGNED: the signature in event" "does not hold"
rm -rf "$work/state"

# A run that was cut off behind its gate: what is there is signed, its end is not.
(cd "$work/project" && exec "$belay" run slow) >"$work/slow" 2>&1 </dev/null &
children=($!)
for _ in $(seq 100); do
    grep -qs '"run"' "$work/state/leases/slow@box.lock" && break
    sleep 0.05
done
sleep 0.3
kill -9 "${children[0]}"
wait "${children[0]}" 2>/dev/null
children=()
belay_in verify --signed last
expect 1 "NOT SIGNED"

# Where signed runs are wanted, one that cannot sign does not begin. No passphrase is asked for.
rm -rf "$work/state"
signing '{ required = true }'
belay_in run calm
expect 2 "'required' needs a 'key'"
for key in locked nowhere; do
    signing "{ key = \"~/.ssh/$key\", required = true }"
    belay_in run calm
    expect 5 "environment box wants signed runs" "$key"
done
[ -z "$(find "$work/state" -name '*.belay' 2>/dev/null)" ] || {
    echo "FAILED: a run that cannot sign has begun"
    failed=1
}
belay_in run calm --dry-run
expect 0
signing '{ key = "~/.ssh/locked" }'
belay_in run calm
expect 0
belay_in log last --kind notice
expect 0 "the run is not signed: cannot sign with" "ssh-add"

# The same key from an agent.
eval "$(ssh-agent -s)" >/dev/null
children=("$SSH_AGENT_PID")
printf '#!/bin/sh\necho sesame-open-7\n' >"$work/phrase"
chmod 700 "$work/phrase"
SSH_ASKPASS_REQUIRE=force SSH_ASKPASS="$work/phrase" ssh-add "$HOME/.ssh/locked" >/dev/null 2>&1
signing '{ key = "~/.ssh/locked.pub", required = true }'
belay_in run calm
expect 0
belay_in verify --signed last
expect 0 "the end too, by locked@example.org"
belay_in verify --signed
expect 1 "1 journal is not as written or not signed"

[ $failed -eq 0 ] && echo "signing: good, wrong, missing and required signatures are told apart"
exit $failed
