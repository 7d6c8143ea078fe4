#!/bin/sh
# Writes what is generated from the API's field tables. usage: tools/docs.sh [build folder]
set -eu
build=${1:-build}
cd "$(dirname "$0")/.."
[ -x "$build/api_docs" ] || { echo "$0: there is no $build/api_docs; build it first" >&2; exit 2; }
"$build/api_docs" markdown > docs/api.md
"$build/api_docs" typescript > web/src/api.d.ts
mkdir -p tests/fuzz/api
"$build/api_docs" dictionary > tests/fuzz/dict/request.dict
