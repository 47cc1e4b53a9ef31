#!/usr/bin/env bash
# Sends requests made up from the API's own description to a demo system, and
# looks at every answer: no failure of ours, nothing the description does not
# promise, nothing without a key.
#
# FUZZ_SECONDS  how long, 60 if left out
# TIPOFF        the program to test; built if left out
set -euo pipefail
cd "$(dirname "$0")/.."

export PATH="$PWD/.tools/bin:$PATH"
venv=target/schemathesis
if ! "$venv/bin/schemathesis" --version >/dev/null 2>&1; then
    printf 'fuzz-api: installing schemathesis into %s\n' "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5
fi
if [ -z "${TIPOFF:-}" ]; then
    cargo build --quiet --package tipoff
    TIPOFF=target/debug/tipoff
fi

said=$(mktemp -d)
python="$PWD/$venv/bin/python"
scripts="$PWD/scripts"
"$TIPOFF" dev --demo --json --ports 0 >"$said/addresses" 2>"$said/log" &
demo=$!
finish() {
    kill "$demo" 2>/dev/null || true
    wait "$demo" 2>/dev/null || true
    rm -rf "$said"
}
trap finish EXIT
for _ in $(seq 300); do
    [ ! -s "$said/addresses" ] || break
    kill -0 "$demo" 2>/dev/null || break
    sleep 0.2
done
[ -s "$said/addresses" ] || { cat "$said/log" >&2; exit 1; }
field() { "$python" -c 'import json, sys; print(json.loads(open(sys.argv[1]).readline())[sys.argv[2]])' "$said/addresses" "$1"; }

# The live stream never ends, so it would only cost time.
fuzz() {
    (cd "$venv" && PYTHONPATH="$scripts" SCHEMATHESIS_HOOKS=fuzz_api_mails exec bin/schemathesis "${@:2}" run "$(field api)/openapi.json" \
        --header "Authorization: Bearer $(field operator_key)" \
        --exclude-path-regex '/events/stream$' \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,ignored_auth \
        --phases examples,coverage,fuzzing --max-time "$1" \
        --request-timeout 10 --continue-on-failure --warnings off)
}

half=$(((${FUZZ_SECONDS:-60} + 1) / 2))
status=0
printf 'fuzz-api: with any names\n'
fuzz "$half" || status=$?
printf 'fuzz-api: with names that the demo knows\n'
fuzz "$half" --config-file "$scripts/fuzz-api.toml" || status=$?

if ! kill -0 "$demo" 2>/dev/null; then
    printf 'fuzz-api: the demo ended by itself\n' >&2
    status=1
fi
if grep -q 'panicked' "$said/log"; then
    grep -A 3 'panicked' "$said/log" >&2
    status=1
fi
exit "$status"
