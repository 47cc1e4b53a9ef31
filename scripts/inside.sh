#!/usr/bin/env bash
# Lets strangers name every address of the inside, in a network of its own: there every
# address of the world is this machine, so whatever we connect to is seen.
#
# Needs root, or namespaces of users. Where there are none, it says so and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

own_network=(unshare --net --map-root-user sh -c '
    set -e
    ip link set lo up
    ip route add local 0.0.0.0/0 dev lo
    ip -6 route add local ::/0 dev lo
    exec "$@"' sh)

if ! said=$("${own_network[@]}" true 2>&1); then
    printf 'inside: LEFT OUT, this machine gives us no network of our own: %s\n' "$said"
    exit 0
fi
cargo test --package tipoff-notifier --lib --no-run --quiet
TIPOFF_TEST_INSIDE=1 "${own_network[@]}" cargo test --package tipoff-notifier --lib --offline -- --ignored --exact \
    strangers::tests::inside::nobody_inside_is_connected_to_by_whatever_name
