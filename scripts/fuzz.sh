#!/usr/bin/env bash
# Throws random bytes at every parser: `scripts/fuzz.sh`, or `scripts/fuzz.sh lead link`.
#
# FUZZ_SECONDS  how long at each, 20 if left out
#
# What was learnt stays in target/fuzz/corpus; fuzz/seeds is where everybody
# begins. Whatever breaks a parser is written to target/fuzz/artifacts: run it
# again with `target/fuzz/*/release/<target> <file>`, and make a test of it.
set -euo pipefail
cd "$(dirname "$0")/.."

export PATH="$PWD/.tools/bin:$PATH" CARGO_TARGET_DIR="$PWD/target/fuzz"
seconds=${FUZZ_SECONDS:-20}

if ! command -v cargo-fuzz >/dev/null 2>&1; then
    printf 'fuzz: installing cargo-fuzz into .tools/bin\n'
    CARGO_TARGET_DIR="$PWD/target/tools" cargo install cargo-fuzz --version 0.13.2 --locked --quiet --root .tools
fi

# No sanitizer: our code is safe Rust, and so the stable toolchain will do.
fuzz() { cargo fuzz "$1" --fuzz-dir fuzz "${@:2}"; }
(($# > 0)) || mapfile -t all < <(fuzz list)
targets=("$@" "${all[@]:+${all[@]}}")

fuzz build --sanitizer none
for target in "${targets[@]}"; do
    corpus="$CARGO_TARGET_DIR/corpus/$target"
    mkdir -p "$corpus" "$CARGO_TARGET_DIR/artifacts"
    printf 'fuzz: %s for %s s\n' "$target" "$seconds"
    nice -n 10 cargo fuzz run --fuzz-dir fuzz --sanitizer none "$target" "$corpus" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -dict=fuzz/json.dict -timeout=30 -rss_limit_mb=1024 -verbosity=0 \
        -artifact_prefix="$CARGO_TARGET_DIR/artifacts/$target-"
done
printf 'fuzz: nothing was found\n'
