#!/bin/bash
# The figures of docs/perf in one go: about 20 minutes on two cores, with nothing else running.
#   usage: LLAMA=DIR [IK=DIR] bench/all.sh [engine | depth | copies | embeddings]...     (default: all)
#
# LLAMA and IK are the folders with llama.cpp's and ik_llama.cpp's programs. Results go to OUT (JSON,
# plots, and what was printed). Other settings: MODELS, PAIRS, PAIRS_LARGE, THREADS, BUILD, PYTHON;
# for the embeddings MINILM_GGUF (made by llama.cpp's convert_hf_to_gguf.py --outtype f32) and
# MINILM_ONNX, each of which may be missing.
#
# The peers hold their weights in huge pages as we do: read from malloc's memory, not mapped from the
# page cache, whose small pages on an aged machine cost them up to half (docs/perf/0014).
set -euo pipefail
cd "$(dirname "$0")/.."

: "${LLAMA:?LLAMA is the folder with llama-bench}"
IK=${IK:-}
MODELS=${MODELS:-$HOME/.cache/tiro/models}
OUT=${OUT:-bench/out}
PAIRS=${PAIRS:-5}
PAIRS_LARGE=${PAIRS_LARGE:-3} # Of the 1.5B, the quantised copies and the long context.
THREADS=${THREADS:-$(nproc)}
BUILD=${BUILD:-build}
PYTHON=${PYTHON:-python3}
MINILM_GGUF=${MINILM_GGUF:-} MINILM_ONNX=${MINILM_ONNX:-}
export TIRO_BUILD=$PWD/$BUILD
mkdir -p "$OUT"

export GLIBC_TUNABLES=glibc.malloc.hugetlb=1
peers=(--peer "llama.cpp=$LLAMA" --bench-args 'llama.cpp=-mmp 0' --batched-args 'llama.cpp=--no-mmap')
ik=()
[ -z "$IK" ] || ik=(--peer "ik=$IK" --bench-args 'ik=-rtr 1 -fa 1' --single ik)

compare() { # name, then arguments of compare.py
    local name=$1 && shift
    printf '\n== %s (%ds since the start)\n' "$name" "$SECONDS"
    "$PYTHON" bench/compare.py --threads "$THREADS" "${peers[@]}" "$@" \
        --json "$OUT/$name.json" --svg "$OUT/$name.svg" | tee "$OUT/$name.txt"
}

run_engine() {
    local model
    for model in smollm2-135m gemma3-270m-base qwen2.5-coder-0.5b; do
        compare "$model" --pairs "$PAIRS" --batch 16 "${ik[@]}" "$MODELS/$model.gguf"
    done
    model=qwen2.5-coder-1.5b
    compare "$model" --pairs "$PAIRS_LARGE" --batch 16 "${ik[@]}" "$MODELS/$model.gguf"
}

run_depth() {
    compare depth --pairs "$PAIRS_LARGE" --depth 7000 --prompt 0 --gen 64 --batch '' \
        "$MODELS/smollm2-135m.gguf"
}

run_copies() {
    local model type copies=()
    for model in smollm2-135m qwen2.5-coder-0.5b; do
        for type in Q8_0 Q4_0; do
            copies+=("$OUT/$model-$type.gguf")
            [ -e "${copies[-1]}" ] ||
                "$BUILD/tiro" quantize "$MODELS/$model.gguf" "${copies[-1]}" --type "$type"
        done
    done
    compare copies --pairs "$PAIRS_LARGE" --batch '' "${copies[@]}"
}

data='' pids=() # Of the servers below: ended whatever happens.
end_servers() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait
    [ -z "$data" ] || rm -r "$data"
    data='' pids=()
}
trap end_servers EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

run_embeddings() {
    local model=all-minilm-l6-v2 more=()
    data=$(mktemp -d)
    mkdir "$data/models"
    ln -s "$(realpath "$MODELS/$model")" "$data/models/$model"
    "$BUILD/tiro" serve --data "$data" --port 8390 --threads "$THREADS" >/dev/null & pids+=($!)
    if [ -n "$MINILM_GGUF" ]; then
        "$LLAMA/llama-server" -m "$MINILM_GGUF" --no-mmap --embedding --pooling mean -t "$THREADS" -np 16 \
            -c 8192 -b 2048 -ub 2048 --port 8391 >/dev/null 2>&1 & pids+=($!)
        more+=(--peer http://127.0.0.1:8391)
    fi
    [ -z "$MINILM_ONNX" ] ||
        more+=(--onnx "$MINILM_ONNX" --tokenizer "$MODELS/$model/tokenizer.json" --threads "$THREADS")
    printf '\n== embeddings (%ds since the start)\n' "$SECONDS"
    local wait=(--silent --fail --output /dev/null --retry 60 --retry-delay 1 --retry-all-errors)
    curl "${wait[@]}" http://127.0.0.1:8390/ready
    [ -z "$MINILM_GGUF" ] || curl "${wait[@]}" http://127.0.0.1:8391/health
    "$PYTHON" bench/embeddings.py --url http://127.0.0.1:8390 --model "$model" --pairs "$PAIRS" \
        "${more[@]}" --json "$OUT/embeddings.json" | tee "$OUT/embeddings.txt"
    end_servers
}

[ $# -gt 0 ] || set -- engine depth copies embeddings
for section in "$@"; do
    case $section in
    engine | depth | copies | embeddings) "run_$section" ;;
    *) echo "no section '$section'; there are engine, depth, copies, embeddings" >&2 && exit 2 ;;
    esac
done
printf '\n%ds in all; results in %s\n' "$SECONDS" "$OUT"
