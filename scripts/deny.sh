#!/usr/bin/env bash
# Checks licences, origins and known weaknesses of everything we depend on.
# Fetches the database of RustSec, so it needs the internet.
set -euo pipefail
cd "$(dirname "$0")/.."

export PATH="$PWD/.tools/bin:$PATH"
if ! command -v cargo-deny >/dev/null 2>&1; then
    printf 'deny: installing cargo-deny into .tools/bin\n'
    CARGO_TARGET_DIR="$PWD/target/tools" cargo install cargo-deny --version 0.20.2 --locked --quiet --root .tools
fi
cargo deny check "$@"
