#!/bin/sh
# A small cluster on this machine: three NATS servers and three Redis masters,
# all as careful as in production, on loopback. Runs the command that is given
# with TIPOFF_NATS_URL, TIPOFF_REDIS_URL and TIPOFF_REPLICAS set, then takes
# everything down again. Without a command it stays until Ctrl-C.
set -eu

nats_server=${TIPOFF_NATS_SERVER:-nats-server}
redis_server=${TIPOFF_REDIS_SERVER:-redis-server}
first_nats=${CLUSTER_NATS_PORT:-14221}
first_redis=${CLUSTER_REDIS_PORT:-17001}
data=$(mktemp -d "${TMPDIR:-/tmp}/tipoff-cluster-XXXXXX")
servers=

down() {
    trap - EXIT INT TERM
    for server in $servers; do kill "$server" 2>/dev/null || true; done
    wait
    rm -rf "$data"
}
trap down EXIT
trap 'exit 130' INT TERM

routes=
for node in 0 1 2; do
    routes="$routes${routes:+, }\"nats://127.0.0.1:$((first_nats + 100 + node))\""
done
for node in 0 1 2; do
    port=$((first_nats + node))
    cat >"$data/nats-$node.conf" <<CONF
server_name: "nats-$node"
listen: "127.0.0.1:$port"
max_payload: 8MB
jetstream { store_dir: "$data/nats-$node", sync_interval: always }
cluster { name: "tipoff", listen: "127.0.0.1:$((port + 100))", routes: [$routes] }
CONF
    "$nats_server" -c "$data/nats-$node.conf" >"$data/nats-$node.log" 2>&1 &
    servers="$servers $!"
done

redis_nodes=
for node in 0 1 2; do
    port=$((first_redis + node))
    mkdir "$data/redis-$node"
    "$redis_server" --bind 127.0.0.1 --port "$port" --dir "$data/redis-$node" --save '' \
        --appendonly yes --appendfsync always --maxmemory-policy noeviction \
        --cluster-enabled yes --cluster-node-timeout 5000 >"$data/redis-$node.log" 2>&1 &
    servers="$servers $!"
    redis_nodes="$redis_nodes 127.0.0.1:$port"
done

# Foreign processes: nothing tells us that they are there but asking.
until_it_works() {
    tries=100
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ]; then
            echo "cluster: gave up waiting for: $*; logs were in $data" >&2
            tail -n 5 "$data"/*.log >&2
            exit 1
        fi
        sleep 0.2
    done
}
for node in $redis_nodes; do
    until_it_works redis-cli -p "${node#*:}" ping
done
# shellcheck disable=SC2086 # one word per node
redis-cli --cluster create $redis_nodes --cluster-yes >"$data/create.log" 2>&1 || {
    cat "$data/create.log" >&2
    exit 1
}
for node in $redis_nodes; do
    until_it_works sh -c "redis-cli -p ${node#*:} cluster info | grep -q cluster_state:ok"
done
until_it_works grep -q 'JetStream cluster new metadata leader' "$data"/nats-0.log "$data"/nats-1.log "$data"/nats-2.log

TIPOFF_NATS_URL="nats://127.0.0.1:$first_nats,nats://127.0.0.1:$((first_nats + 1)),nats://127.0.0.1:$((first_nats + 2))"
TIPOFF_REDIS_URL="redis://127.0.0.1:$first_redis,redis://127.0.0.1:$((first_redis + 1)),redis://127.0.0.1:$((first_redis + 2))"
TIPOFF_REPLICAS=3
export TIPOFF_NATS_URL TIPOFF_REDIS_URL TIPOFF_REPLICAS
echo "TIPOFF_NATS_URL=$TIPOFF_NATS_URL TIPOFF_REDIS_URL=$TIPOFF_REDIS_URL TIPOFF_REPLICAS=3" >&2
if [ "$#" -eq 0 ]; then
    echo "three NATS servers and three Redis masters; Ctrl-C takes them down" >&2
    wait
else
    "$@"
fi
