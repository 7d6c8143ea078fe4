#!/bin/sh
# Installs the system packages Tiro needs, saying which and why. `build`: to build and run; `check`:
# for the unit tests besides; `test`: for all tests. Does nothing when all are there.
set -eu

build_packages="
gcc:the_compiler libc6-dev:the_C_library cmake:the_build_system ninja-build:runs_the_build
pkg-config:finds_libraries libuv1-dev:event_loop_of_the_server libjansson-dev:reads_JSON
libsodium-dev:hashes_and_random_numbers libssl-dev:checks_passkeys libcurl4-openssl-dev:downloads_models
libcyaml-dev:reads_YAML libyaml-dev:which_libcyaml_uses libutf8proc-dev:Unicode_tables libseccomp-dev:the_workers'_walls
libsqlite3-dev:keeps_what_must_last libpq-dev:keeps_it_in_PostgreSQL
libedit-dev:line_editing_in_'tiro_chat' zlib1g-dev:unpacks_packages_and_packs_the_page
libexpat1-dev:reads_the_XML_of_documents poppler-utils:reads_PDF,_a_program_of_its_own
libpango1.0-dev:sets_the_text_of_books_in_PDF fonts-linuxlibertine:a_serif_for_them
fonts-dejavu-core:letters_that_it_lacks
ca-certificates:checks_servers python3-pip:fetches_models_from_package_mirrors"
check_packages="libcmocka-dev:unit_tests libsimde-dev:tests_kernels_for_other_CPUs"
test_packages="$check_packages
clang-14:second_compiler_and_fuzzing clang-format-14:checks_the_formatting
libclang-rt-14-dev:sanitizers_and_fuzzing chromium:browser_tests
python3-venv:test_tools_of_their_own curl:runs_the_examples_of_docs git:lists_the_sources_for_lint procps:finds_processes
postgresql:the_store's_tests_on_it default-jre-headless:runs_epubcheck
qpdf:checks_PDF fonts-droid-fallback:Chinese_and_Japanese_in_PDF"

missing() {
    for row in $1; do
        name=${row%%:*}
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)" = installed ] ||
            echo "$row"
    done
}

want=$build_packages
case "${1:-build}" in
check) want="$want $check_packages" ;;
test) want="$want $test_packages" ;;
esac
# Any Node.js from 18 on builds the page; the distribution's is used when there is none.
if ! { command -v node && command -v npm; } >/dev/null 2>&1; then
    want="$want nodejs:builds_the_web_page npm:gets_the_page's_libraries"
fi

rows=$(missing "$want")
[ -n "$rows" ] || exit 0

names=
echo "Tiro needs these packages:" >&2
for row in $rows; do
    name=${row%%:*}
    names="$names $name"
    printf '  %-22s %s\n' "$name" "$(echo "${row#*:}" | tr _ ' ')" >&2
done

if ! command -v apt-get >/dev/null 2>&1; then
    echo "This system has no apt-get. Install their equivalents and run make again." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
    echo "Installing them with sudo; it may ask for your password." >&2
else
    echo "You are not root and there is no sudo. Have an administrator run:" >&2
    echo "  apt-get install --no-install-recommends$names" >&2
    exit 1
fi
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
# shellcheck disable=SC2086 # a list of names
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 $names >&2
