#!/bin/sh
# Makes this machine one of a Diwan: brings the bridge, joins, and keeps it running.
#
#   sh install.sh URL#FINGERPRINT --token TOKEN [--policy standard|strict|own-machine] [--as-root] [--force]
#       [--foreground]
#
# As root it makes a user `diwan-bridge`, which everything runs as, and a service of the system. As anybody
# else it installs into that person's home. It can be run again: what is there already is kept, and another
# bridge takes the place of the one before. With --foreground it becomes the bridge, for a container.
set -eu
# The bridges of the control plane that handed this file out, by platform.
checksums='@CHECKSUMS@'

say() { printf 'diwan: %s\n' "$*"; }
fail() {
    printf 'diwan: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'diwan: next: %s\n' "$2" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

target='' token='' policy='standard' as_root=no force='' foreground=no
while [ $# -gt 0 ]; do
    case $1 in
        --token | --policy)
            [ $# -ge 2 ] || fail "$1 needs a value" 'Copy the whole line from the dashboard.'
            case $1 in --token) token=$2 ;; --policy) policy=$2 ;; esac
            shift 2
            ;;
        --as-root) as_root=yes && shift ;;
        --force) force=--force && shift ;;
        --foreground) foreground=yes && shift ;;
        http://*#* | https://*#*) target=$1 && shift ;;
        *) fail "the argument $1 is not known" 'Copy the whole line from the dashboard.' ;;
    esac
done
control_plane=${target%%#*}
[ -n "$control_plane" ] || fail 'the control plane is missing' 'Copy the whole line from the dashboard.'
[ -n "$token" ] || fail 'the token is missing' 'Copy the whole line from the dashboard.'
case $policy in standard | strict | own-machine) ;; *) fail "there is no policy $policy" 'Take standard, strict or own-machine.' ;; esac

system=$(uname -s) architecture=$(uname -m)
case $system-$architecture in
    Linux-x86_64 | Linux-amd64) platform=linux-x86_64 ;;
    Linux-aarch64 | Linux-arm64) platform=linux-aarch64 ;;
    *) fail "there is no bridge for $system on $architecture yet" 'Bridges run on Linux, on x86_64 and aarch64.' ;;
esac
checksum=$(printf '%s\n' "$checksums" | sed -n "s/^$platform //p")
[ -n "$checksum" ] || fail "this control plane has no bridge for $platform" \
    'Build one (cargo build --profile dist -p diwan-bridge) and put it into downloads/ of the data directory, as diwan-bridge-'$platform'.'
has sha256sum || fail 'sha256sum is missing' 'Install coreutils.'

if [ "$(id -u)" = 0 ]; then
    user=diwan-bridge bin=/usr/local/bin state=/var/lib/diwan-bridge etc=/etc/diwan-bridge
    log=/var/log/diwan-bridge.log work=/srv/projects
    [ $as_root = no ] || user=root
else
    [ $as_root = no ] || fail '--as-root needs root' 'Run it with sudo, or leave it out.'
    user=$(id -un) bin=$HOME/.local/bin log=${XDG_STATE_HOME:-$HOME/.local/state}/diwan-bridge.log
    state=${XDG_STATE_HOME:-$HOME/.local/state}/diwan-bridge etc=${XDG_CONFIG_HOME:-$HOME/.config}/diwan-bridge
    work=$HOME/projects
fi
bridge=$bin/diwan-bridge

# Becomes something that runs as the user of the bridge, who has no shell.
become() {
    if [ "$(id -un)" = "$user" ]; then
        exec "$@"
    elif has runuser; then
        exec runuser -u "$user" -- "$@"
    else
        # shellcheck disable=SC2016
        exec su -s /bin/sh -c 'exec "$0" "$@"' -- "$user" "$@"
    fi
}
as_user() { (become "$@"); }

make_user() {
    [ "$user" = diwan-bridge ] || return 0
    id "$user" >/dev/null 2>&1 && return 0
    say "making the user $user"
    if has useradd; then
        useradd --system --user-group --home-dir "$state" --no-create-home --shell /usr/sbin/nologin "$user"
    else
        # As Alpine has it.
        addgroup -S "$user" && adduser -S -D -H -h "$state" -s /sbin/nologin -G "$user" "$user"
    fi
}

fetch() {
    if has curl; then
        curl --fail --silent --show-error --location --output "$2" "$1"
    elif has wget; then
        wget -q -O "$2" "$1"
    else
        fail 'neither curl nor wget is here' 'Install curl.'
    fi
}

bring_bridge() {
    mkdir -p "$bin"
    if [ -x "$bridge" ] && printf '%s  %s\n' "$checksum" "$bridge" | sha256sum -c - >/dev/null 2>&1; then
        say "$bridge is there already"
        return 0
    fi
    say "fetching the bridge for $platform"
    new=$(mktemp "$bin/.diwan-bridge.XXXXXX")
    trap 'rm -f "$new"' EXIT INT TERM
    fetch "$control_plane/downloads/diwan-bridge-$platform" "$new" ||
        fail 'the bridge could not be fetched' "Can this machine reach $control_plane?"
    printf '%s  %s\n' "$checksum" "$new" | sha256sum -c - >/dev/null 2>&1 ||
        fail 'what was fetched is not the bridge of this control plane: its checksum differs' \
            'Something between here and the control plane changed it. Use https, or another network.'
    chmod 755 "$new"
    "$new" --version >/dev/null 2>&1 ||
        fail 'the bridge does not run on this system' \
            'It was built for another C library. Put one that was built for this into downloads/ of the data directory.'
    mv -f "$new" "$bridge"
    trap - EXIT INT TERM
}

# An address as the bridge shows it, or as people write it: without the port that goes without saying.
plain() { sed -e 's#^\(https://[^/]*\):443\(/.*\)*$#\1\2#' -e 's#^\(http://[^/]*\):80\(/.*\)*$#\1\2#'; }

join() {
    mkdir -p "$state" "$etc"
    chmod 700 "$state"
    chmod 755 "$etc"
    [ "$user" != diwan-bridge ] || chown "$user:$user" "$state"
    mkdir -p "$work"
    # A new one, or one that a container was given for this.
    if [ -z "$(ls -A "$work")" ] && [ -O "$work" ]; then
        chmod 755 "$work"
        [ "$user" != diwan-bridge ] || chown "$user:$user" "$work"
    fi
    # The bridge reads its policy and cannot write it.
    if [ ! -e "$etc/policy.toml" ]; then
        "$bridge" policy print "$policy" --work-dir "$work" >"$etc/policy.toml.new"
        chmod 644 "$etc/policy.toml.new"
        mv "$etc/policy.toml.new" "$etc/policy.toml"
    fi
    token_hash=$(printf '%s' "$token" | sha256sum | cut -d ' ' -f 1)
    # The same line again does nothing again, also when it says --force.
    [ "$(cat "$etc/joined-with" 2>/dev/null)" != "$token_hash" ] || force=''
    joined=$(as_user "$bridge" show --state-dir "$state" 2>/dev/null | sed -n '1s/ (.*) of /\n/p')
    if [ -z "$force" ] && [ -n "$joined" ] &&
        [ "$(printf '%s\n' "$joined" | sed -n 2p | plain)" = "$(printf '%s\n' "$control_plane" | plain)" ]; then
        say "this machine is $(printf '%s\n' "$joined" | sed -n 1p) of $control_plane already; the token was not used"
        say 'if it was put out there, or is to join anew: make another line, and add --force at its end'
        return 0
    fi
    [ -z "$joined" ] || stop
    # Not as an argument: everybody can read those.
    if printf '%s\n' "$token" | as_user "$bridge" join "$target" --token-stdin $force \
        --state-dir "$state" --policy-file "$etc/policy.toml"; then
        printf '%s\n' "$token_hash" >"$etc/joined-with"
        return 0
    fi
    # What it was part of before, it still is.
    [ -z "$joined" ] || start
    fail 'this machine did not join, for the reason above'
}

has_systemd() { [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && has systemctl; }

# A service knows nothing of the proxy, or of the authority, that this was fetched with.
keep_way() {
    for name in http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY \
        SSL_CERT_FILE SSL_CERT_DIR; do
        ! value=$(printenv "$name") || printf '%s="%s"\n' "$name" "$value"
    done >"$etc/environment.new"
    chmod 600 "$etc/environment.new"
    if [ -s "$etc/environment.new" ]; then mv "$etc/environment.new" "$etc/environment"; else rm "$etc/environment.new"; fi
}

run_by_systemd() {
    say 'handing the bridge to systemd'
    keep_way
    cat >/etc/systemd/system/diwan-bridge.service <<UNIT
[Unit]
Description=Diwan bridge
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
User=$user
EnvironmentFile=-$etc/environment
ExecStart=$bridge run --state-dir $state --policy-file $etc/policy.toml
Restart=always
RestartSec=5
# Commands have namespaces and limits of their own, for which the bridge needs a branch of the control groups.
Delegate=yes
KillMode=mixed
TimeoutStopSec=20
NoNewPrivileges=$([ "$user" = root ] && echo no || echo yes)
ProtectSystem=full
# For a root of the policy below /home: systemctl edit diwan-bridge, and there [Service] and ProtectHome=no.
ProtectHome=$([ "$user" = root ] && echo no || echo yes)
# Not ProtectKernelLogs, ProtectKernelTunables, ProtectProc or RestrictSUIDSGID (which forbids openat2): under them
# nobody can build the sandbox, which under ProtectHostname cannot hide the machine's name. ProtectClock would take
# graphics processors away.
ProtectKernelModules=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
UMask=0077
OOMScoreAdjust=-100

[Install]
WantedBy=multi-user.target
UNIT
    systemctl daemon-reload
    systemctl enable --quiet diwan-bridge.service
    began=$(date +%s)
    systemctl restart diwan-bridge.service
    say 'it runs, and will after a restart of the machine'
}

# The processes of the bridge with this state. Those of containers are not meant.
running() {
    here=$(readlink /proc/self/ns/pid)
    for of in /proc/[0-9]*; do
        case $({ tr '\0' ' ' <"$of/cmdline"; } 2>/dev/null) in
            "$bridge run --state-dir $state "*) [ "$(readlink "$of/ns/pid")" != "$here" ] || printf '%s\n' "${of#/proc/}" ;;
        esac
    done
}

# A bridge that is told to stop gives its commands some seconds to end. Two cannot have the same state.
stop_running() {
    before=$(running)
    [ -n "$before" ] || return 0
    say 'stopping the bridge that runs'
    # shellcheck disable=SC2086
    kill $before || true
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        [ -n "$(running)" ] || return 0
        sleep 1
    done
    # shellcheck disable=SC2086
    kill -KILL $before 2>/dev/null || true
}

run_by_itself() {
    stop_running
    : >>"$log"
    [ "$user" != diwan-bridge ] || chown "$user:$user" "$log"
    said=$(wc -c <"$log")
    if has setsid; then detach='setsid'; else detach='nohup'; fi
    become $detach "$bridge" run --state-dir "$state" --policy-file "$etc/policy.toml" >>"$log" 2>&1 </dev/null &
    pid=$!
    say "there is no systemd here: it runs in the background and writes to $log"
    say 'it does not start by itself after a restart of the machine'
}

# What the bridge has said since its start.
words() {
    if has_systemd; then
        journalctl --quiet --no-pager --unit diwan-bridge.service --since "@$began"
    else
        tail -c "+$((said + 1))" "$log"
    fi
}

wait_for_it() {
    if has_systemd; then look='journalctl -u diwan-bridge'; else look="tail $log"; fi
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        ! words | grep -q ' connected ' || { say 'it is connected' && return 0; }
        has_systemd || kill -0 "$pid" 2>/dev/null || fail "it has ended: $(tail -n 1 "$log")" "See more: $look"
        ! words | grep -Eq ': (revoked|unknown|locked|version): ' || break
        sleep 1
    done
    say "it is not connected yet: $(words | grep WARN | tail -n 1)"
    say "see more: $look"
}

stop() { if has_systemd; then systemctl stop diwan-bridge.service 2>/dev/null || true; else stop_running; fi; }
start() {
    if has_systemd; then run_by_systemd; else run_by_itself; fi
    wait_for_it
}

main() {
    [ "$(id -u)" != 0 ] || make_user
    bring_bridge
    join
    if [ $foreground = yes ]; then
        say 'this is the bridge from here on'
        become "$bridge" run --state-dir "$state" --policy-file "$etc/policy.toml"
    fi
    start
    say 'done'
}
# The last line, so that half of the script does nothing.
main
