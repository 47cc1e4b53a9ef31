#!/bin/sh
# Everything that is said of scaling out, on the empty cluster that run.sh has
# started: leads through two routers and notifiers, the same leads through 1, 2
# and 4 of each, and every story, one after the other.
set -eu
tipoff=${TIPOFF:-target/release/tipoff}
leads=${CLUSTER_LEADS:-3000}

on_cluster() {
    "$tipoff" bench "$@" --nats-url "$TIPOFF_NATS_URL" --redis-url "$TIPOFF_REDIS_URL" --replicas "$TIPOFF_REPLICAS"
}
on_cluster route --leads "$leads" --no-bare --processes --routers 2 --notifiers 2
on_cluster scale --leads "$leads" --in-hand 16

# Stories move the clock and wipe what they find, so they come last.
TIPOFF_TEST_NATS_URL=$TIPOFF_NATS_URL TIPOFF_TEST_REDIS_URL=$TIPOFF_REDIS_URL TIPOFF_TEST_REPLICAS=$TIPOFF_REPLICAS \
    cargo test --package tipoff-tests --test stories
