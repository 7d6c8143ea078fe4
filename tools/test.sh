#!/bin/bash
# The tests, by stage; `make test` runs them all in this order and stops at the first failure.
#   usage: tools/test.sh STAGE...    all | lint | unit | check | sanitize | tsan | disk | fuzz | models
#                                    | api | postgres | fault | sdk | howto | browser | verify | soak
#                                    | coverage
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=$(nproc)
# What the environment says of proxies and of another PostgreSQL is not of servers on this machine.
direct=${no_proxy:-${NO_PROXY:-}}
export no_proxy="127.0.0.1,localhost${direct:+,$direct}"
export NO_PROXY="$no_proxy"
unset "${!PG@}"
export TIRO_MODELS="${TIRO_MODELS:-$HOME/.cache/tiro/models}"
export ASAN_OPTIONS="abort_on_error=1:detect_leaks=1:allocator_may_return_null=1"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1"
fuzz_seconds="${FUZZ_SECONDS:-5}"
# Under some kernels' address randomisation the sanitizers cannot place their shadow or their heap.
# Where it may not be switched off, as in some containers, they are tried with it.
in_order=()
setarch -R true 2>/dev/null && in_order=(setarch -R)

say() { printf '\n== %s (%ds since the start)\n' "$*" "$SECONDS"; }

configure() { # preset
    cmake --preset "$1" >"/tmp/tiro-cmake-$$.log" 2>&1 || { cat "/tmp/tiro-cmake-$$.log"; exit 1; }
    rm -f "/tmp/tiro-cmake-$$.log"
}

build() { # preset [target...]
    local preset=$1 && shift
    local dir=build
    [ "$preset" = release ] || dir=build-$preset
    configure "$preset"
    cmake --build "$dir" -j "$jobs" ${1:+--target "$@"}
}

# A PostgreSQL of its own for the store's tests (without one they are skipped); it ends with them.
postgres_dir=
postgres_begin() {
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || return 0
    postgres_dir=$(mktemp -d /tmp/tiro-postgres-XXXXXX)
    TIRO_TEST_POSTGRES=$(tools/postgres.sh start "$postgres_dir")
    export TIRO_TEST_POSTGRES
}

postgres_end() {
    [ -z "$postgres_dir" ] || tools/postgres.sh stop "$postgres_dir"
    postgres_dir=
    unset TIRO_TEST_POSTGRES
}
trap postgres_end EXIT

under=() # what the tests run under
run_ctest() { # dir [ctest arguments]
    local dir=$1 && shift
    postgres_begin
    "${under[@]}" ctest --test-dir "$dir" --output-on-failure --no-tests=error -j "$jobs" "$@"
    postgres_end
}

venv() {
    if ! cmp -s tests/requirements.txt .venv/requirements.installed; then
        python3 -m venv .venv
        .venv/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
        cp tests/requirements.txt .venv/requirements.installed
    fi
}

stage_lint() {
    say "lint: layers, banned functions, sizes, format"
    python3 tools/lint.py
    git ls-files '*.c' '*.h' | xargs clang-format-14 --dry-run --Werror
    say "lint: clang, warnings as errors"
    build clang
}

stage_unit() {
    say "unit and kernel tests, release"
    build release
    run_ctest build
}

stage_check() { stage_unit; }

stage_sanitize() {
    say "unit and kernel tests, AddressSanitizer and UndefinedBehaviorSanitizer"
    build debug
    under=("${in_order[@]}")
    run_ctest build-debug
    under=()
}

stage_tsan() {
    say "threads, ThreadSanitizer"
    build tsan
    # What has one thread and takes minutes here is left to the other stages.
    TIRO_DISK_FAULTS=35 "${in_order[@]}" \
        ctest --test-dir build-tsan --output-on-failure --no-tests=error -j "$jobs" \
        -R "unit/(base|graph|engine|proto|worker_encoder|store_(store|power_cut|disk_fault|alloc))" \
        -E "unit/engine_(logits|tokenizer)$"
}

fuzz_one() { # program
    local name corpus
    name=$(basename "$1") && corpus=tests/fuzz/corpus/${name#fuzz_}
    mkdir -p "build-fuzz/found/$name" "build-fuzz/corpus/$name"
    local seeds=()
    [ -d "$corpus" ] && seeds=("$corpus")
    local dict=tests/fuzz/dict/${name#fuzz_}.dict
    if ! "$1" -max_total_time="$fuzz_seconds" -timeout=10 -rss_limit_mb=3000 -print_final_stats=1 \
        ${dict:+$([ -f "$dict" ] && echo "-dict=$dict")} \
        -artifact_prefix="build-fuzz/found/$name/" "build-fuzz/corpus/$name" "${seeds[@]}" \
        >"build-fuzz/$name.log" 2>&1; then
        tail -40 "build-fuzz/$name.log"
        echo "fuzz: $name failed; the input is under build-fuzz/found/$name"
        return 1
    fi
    printf 'fuzz: %-26s %s\n' "$name" \
        "$(grep -o 'stat::number_of_executed_units: .*' "build-fuzz/$name.log")"
}

stage_disk() {
    say "the store at every power cut, failing call of the disk and failing allocation"
    build release store_test_power_cut store_test_disk_fault store_test_alloc
    TIRO_POWER_CUTS=4 build/tests/store_test_power_cut | tail -2
    TIRO_DISK_FAULTS=1 build/tests/store_test_disk_fault | tail -2
    TIRO_ALLOC_FAULTS=1 build/tests/store_test_alloc | tail -2
}

stage_fuzz() {
    say "fuzzing every parser for ${fuzz_seconds}s"
    build fuzz
    export -f fuzz_one
    export fuzz_seconds
    printf '%s\n' build-fuzz/fuzz/fuzz_* | "${in_order[@]}" xargs -P "$jobs" -I{} bash -c 'fuzz_one {}'
}

models() {
    local data
    data=$(dirname "$TIRO_MODELS")
    for name in smollm2-135m all-minilm-l6-v2 qwen2.5-coder-0.5b; do
        build/tiro pull "$name" --data "$data"
    done
}

stage_models() {
    say "real models against independent references"
    build release
    models
    venv
    .venv/bin/python -m pytest -q tests/golden
}

stage_api() {
    say "the API through the official clients"
    build release
    models
    venv
    .venv/bin/python -m pytest -q tests/api -m "not soak"
}

stage_fault() {
    say "kill -9 in the middle of batches, responses and vector stores"
    build release
    models
    venv
    .venv/bin/python tests/fault/batches.py --kills "${KILLS:-30}"
    .venv/bin/python tests/fault/responses.py --kills "${KILLS:-30}"
    .venv/bin/python tests/fault/vector_stores.py --kills "${KILLS:-8}" --copies 8
}

stage_sdk() {
    say "the Python SDK's own tests"
    build release
    models
    venv
    .venv/bin/python tests/sdk/run.py
}

# The API's tests once more, on PostgreSQL; then crashes of it under load.
stage_postgres() {
    say "PostgreSQL behind the API; its crashes under load"
    build release
    models
    venv
    postgres_begin
    .venv/bin/python -m pytest -q tests/api -m "not soak" \
        -k "ledger or usage or files or conversations or stored or responses or batches or vector or folders or memory or shares or through_crashes"
    postgres_end
    .venv/bin/python tests/fault/postgres_restarts.py "${RESTARTS:-5}"
}

stage_howto() {
    say "the examples of docs/how-to, with the real packages"
    build release
    models
    venv
    .venv/bin/python -m pytest -q tests/howto
}

stage_browser() {
    say "the page in a real browser"
    build release
    models
    venv
    .venv/bin/python -m pytest -q tests/browser
}

stage_verify() {
    build release
    models
    venv
    TIRO_VERIFY=full .venv/bin/python -m pytest -q -s tests/golden
}

stage_soak() {
    build release
    models
    venv
    .venv/bin/python -m pytest -q -s tests/api -m soak
}

stage_coverage() {
    build coverage
    run_ctest build-coverage
    gcovr -r . --object-directory build-coverage --filter src/ --branches --print-summary | tail -40
}

[ $# -gt 0 ] || { sed -n 2,5p "$0"; exit 2; }
for stage in "$@"; do
    if [ "$stage" = all ]; then
        tools/setup.sh test
        for s in lint unit sanitize tsan disk fuzz models api postgres fault sdk howto browser; do "stage_$s"; done
        say "all tests passed"
    else
        case $stage in check | unit) tools/setup.sh check ;; *) tools/setup.sh test ;; esac
        "stage_$stage"
    fi
done
