#!/bin/bash
# A newcomer's first hour, in a bare Debian 12: installs git and make, clones this repository's HEAD,
# runs `make run` until it answers, then `make test`. Needs root and debootstrap; prints the times.
#   usage: tools/newcomer.sh [DIR] [run|test|all]      DIR is kept and used again (default build-newcomer)
set -euo pipefail
cd "$(dirname "$0")/.."
repo=$PWD
root=$(realpath -m "${1:-build-newcomer}")
what=${2:-all}

[ "$(id -u)" = 0 ] || { echo "newcomer: needs root, for chroot"; exit 1; }
command -v debootstrap >/dev/null || { echo "newcomer: needs debootstrap"; exit 1; }

mounts=()
clean() {
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
    for m in "${mounts[@]}"; do umount -l "$m" 2>/dev/null || true; done
}
trap clean EXIT

seconds() { date +%s.%N; }
took() { echo "newcomer: $1 took $(echo "$(seconds) - $2" | awk '{printf "%.0f s", $1 - $3}')"; }

if [ ! -e "$root/etc/debian_version" ]; then
    mirror=$(grep -hoE '^URIs: *[^ ]+' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -1 | sed 's/URIs: *//')
    debootstrap --variant=minbase bookworm "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 ||
        { tail "$root.log"; exit 1; }
fi
# This machine's way to its package mirrors is the newcomer's too.
cp -a /etc/apt/sources.list* "$root/etc/apt/" 2>/dev/null || true
mkdir -p "$root/etc/ssl/certs" "$root/root"
# Installing ca-certificates writes the bundle anew, so this machine's is laid there again after it.
trust() { cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true; }
trust
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
for f in /etc/pip.conf "$HOME/.npmrc" "$HOME/.config/pip/pip.conf"; do
    [ ! -e "$f" ] || install -D "$f" "$root$f"
done
for m in proc sys dev dev/pts dev/shm; do
    mountpoint -q "$root/$m" && continue
    mkdir -p "$root/$m"
    mount --rbind "/$m" "$root/$m" 2>/dev/null || mount --bind "/$m" "$root/$m"
    mounts=("$root/$m" "${mounts[@]}")
done

inside() { chroot "$root" /usr/bin/env HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -c "$1"; }

start=$(seconds)
# README, line one.
inside "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends git make >/dev/null 2>&1"
took "installing git and make" "$start"
rm -rf "$root/root/tiro"
git clone -q --no-hardlinks "$repo" "$root/root/tiro"

if [ "$what" != test ]; then
    start=$(seconds)
    inside "cd /root/tiro && tools/setup.sh build" >"$root.setup.log" 2>&1 || { tail -30 "$root.setup.log"; exit 1; }
    took "packages for make run" "$start"
    trust
    start=$(seconds)
    inside "cd /root/tiro && make" >"$root.make.log" 2>&1 || { tail -30 "$root.make.log"; exit 1; }
    took "the build" "$start"
    start=$(seconds)
    inside "cd /root/tiro && exec make run PORT=18080" >"$root.run.log" 2>&1 &
    server=$!
    until grep -q '^http' "$root.run.log"; do
        kill -0 "$server" 2>/dev/null || { cat "$root.run.log"; exit 1; }
        sleep 0.2
    done
    took "models and start" "$start"
    start=$(seconds)
    python3 -c "
import json, urllib.request
r = urllib.request.Request('http://127.0.0.1:18080/v1/chat/completions', json.dumps({'model': 'smollm2-135m',
    'messages': [{'role': 'user', 'content': 'Say hello.'}], 'max_tokens': 16}).encode(),
    {'content-type': 'application/json'})
print(urllib.request.urlopen(r).read().decode())"
    took "the first answer" "$start"
    pid=$(cat "$root/root/.local/share/tiro/tiro.lock" 2>/dev/null | grep -oE '[0-9]+' | head -1 || true)
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    wait "$server" || true
    server=
fi

if [ "$what" != run ]; then
    start=$(seconds)
    inside "cd /root/tiro && tools/setup.sh test" >"$root.setup.log" 2>&1 || { tail -30 "$root.setup.log"; exit 1; }
    took "packages for make test" "$start"
    trust
    start=$(seconds)
    inside "cd /root/tiro && make test" >"$root.test.log" 2>&1 || { tail -60 "$root.test.log"; exit 1; }
    took "make test" "$start"
    grep -E '^== |passed|failed|Total Test time' "$root.test.log"
fi
