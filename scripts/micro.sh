#!/bin/sh
# Benchmarks of the rules, the scripts and the letters, of this tree beside another
# revision: both are built, then run in turn, so that whatever else the machine
# does meets both alike. Prints the medians and their ratio.
#   scripts/micro.sh [REVISION] [FILTER]      (MICRO_ROUNDS=5)
set -eu

revision=${1:-HEAD}
filter=${2:-}
rounds=${MICRO_ROUNDS:-5}
here=$(git rev-parse --show-toplevel)
target=${CARGO_TARGET_DIR:-$here/target}
commit=$(git -C "$here" rev-parse --short "$revision^{commit}")
other=$target/micro/$commit
data=$(mktemp -d "${TMPDIR:-/tmp}/tipoff-micro-XXXXXX")
trap 'rm -rf "$data"; git -C "$here" worktree remove --force "$other" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

git -C "$here" worktree prune
rm -rf "$other"
git -C "$here" worktree add --quiet --detach "$other" "$commit"
[ -f "$other/shared/domain/benches/rules.rs" ] || {
    echo "micro: $revision has no benchmarks to compare with" >&2
    exit 1
}

# The benchmarks that the tree in $1 has, as arguments of cargo.
benches() {
    for bench in domain/benches/rules board/benches/scripts letters/benches/letters; do
        [ ! -f "$1/shared/$bench.rs" ] || printf ' --package tipoff-%s --bench %s' "${bench%%/*}" "${bench##*/}"
    done
}

# Names the programs that were built of $1 in $3, the last lines of which say so. Each tree
# has a directory of its own: in one, cargo takes the older tree for built already.
build() {
    # shellcheck disable=SC2046 # words, not one word
    (cd "$1" && CARGO_TARGET_DIR=$3 cargo bench --no-run $(benches "$1")) 2>&1 | tee "$data/build.log" |
        sed -n 's/^ *Executable .*(\(.*\))$/\1/p' >"$2"
    [ "$(wc -l <"$2")" -eq "$(benches "$1" | grep -o -e --bench | wc -l)" ] || { tail -n 20 "$data/build.log" >&2; exit 1; }
}
echo "micro: building $commit and this tree" >&2
build "$other" "$data/programs.then" "$target/micro/target"
build "$here" "$data/programs.now" "$target"

measure() {
    while read -r program; do
        case $program in
            /*) ;;
            *) program=$here/$program ;;
        esac
        "$program" --bench --output-format bencher --warm-up-time 0.2 --measurement-time 0.6 --sample-size 20 \
            ${filter:+"$filter"} 2>"$data/errors" </dev/null || {
            echo "micro: $program failed" >&2
            tail -n 20 "$data/errors" >&2
            exit 1
        }
    done <"$data/programs.$1" >>"$data/figures.$1"
}
export CRITERION_HOME="$data/criterion"
round=1
while [ "$round" -le "$rounds" ]; do
    echo "micro: round $round of $rounds" >&2
    if [ $((round % 2)) -eq 1 ]; then measure then; measure now; else measure now; measure then; fi
    round=$((round + 1))
done

# As in `test plan/routes/10 ... bench: 1,234 ns/iter (+/- 56)`.
for which in then now; do
    sed -n 's/^test \(.*[^ ]\)  *\.\.\. bench: *\([0-9,]*\) ns.*/\1\t\2/p' "$data/figures.$which" | tr -d ',' |
        sed "s/^/$which\t/"
done | awk -F '\t' -v then="$commit" '
    function median(list,   parts, count, i, j, swap) {
        count = split(list, parts, " ")
        for (i = 1; i <= count; i++)
            for (j = i + 1; j <= count; j++)
                if (parts[j] + 0 < parts[i] + 0) { swap = parts[i]; parts[i] = parts[j]; parts[j] = swap }
        return parts[int((count + 1) / 2)] + 0
    }
    { all[$1, $2] = all[$1, $2] " " $3; if (!($2 in seen)) { seen[$2]; names[++many] = $2 } }
    END {
        printf "  %-32s %12s %12s   %s\n", "ns, median", then, "now", "now/then"
        for (at = 1; at <= many; at++) {
            name = names[at]
            before = median(all["then", name]); after = median(all["now", name])
            ratio = before > 0 && after > 0 ? sprintf("%.2f", after / before) : "-"
            printf "  %-32s %12s %12s   %s\n", name, (before > 0 ? before : "-"), (after > 0 ? after : "-"), ratio
        }
    }'
