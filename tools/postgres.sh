#!/bin/sh
# A PostgreSQL server of its own for tests: in a folder, on a Unix socket in it, for everyone there.
#   usage: tools/postgres.sh start DIR            prints the URL of an empty database
#          tools/postgres.sh restart DIR [MODE]   smart, fast or immediate (a crash)
#          tools/postgres.sh stop DIR             and removes the folder
# PostgreSQL does not run as root: then it runs as the user postgres.
set -eu

what=${1:?start, restart or stop}
dir=${2:?a folder}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || { echo "there is no PostgreSQL in /usr/lib/postgresql" >&2 && exit 1; }

run() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups "$@")
    else
        "$@"
    fi
}

case $what in
start)
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown postgres: "$dir"
    run "$bin/initdb" -D "$dir/data" -U tiro -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1
    printf "listen_addresses = ''\nunix_socket_directories = '%s'\nshared_buffers = 32MB\n" "$dir" \
        >>"$dir/data/postgresql.conf"
    run "$bin/pg_ctl" -t 300 -D "$dir/data" -l "$dir/log" -w start >/dev/null
    echo "postgres://tiro@/postgres?host=$dir"
    ;;
restart) run "$bin/pg_ctl" -t 300 -D "$dir/data" -l "$dir/log" -m "${3:-fast}" -w restart >/dev/null ;;
stop)
    run "$bin/pg_ctl" -t 300 -D "$dir/data" -m immediate -w stop >/dev/null || true
    rm -r "$dir"
    ;;
esac
