#!/usr/bin/env bash
# `make demo`: a company of ten thousand goes through the hub, and a judge that shares no code with it counts after it.
# Prints commands and what they print; the README shows the same lines. Works in .demo/, which it replaces.
# ROSTERD=FILE uses a binary that is built already.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/setup.sh
need_all
top=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
people=${PEOPLE:-10000}
work=$top/.demo
rm -rf "$work"
mkdir -p "$work"

# A test among what is built: so the features are those of `make test`, and neither builds what the other has built.
say "building rosterd"
cargo build --quiet "${selection[@]}" --bin rosterd --bin demo-company --test seed
ROSTERD=$(realpath "${ROSTERD:-$target/debug/rosterd}")
say "making a company of $people"
"$target/debug/demo-company" --people "$people" --out "$work/people.csv"
cp tests/demo/rosterd.toml "$work/rosterd.toml"

transcript=$work/transcript.txt
out() { tee -a "$transcript"; }

# show CODES WORD...: prints and runs a command of rosterd; CODES are the exit codes that are right, as "0|7".
show() {
    local codes=$1 code=0
    shift
    printf '$ rosterd %s\n' "$*" | out
    "$ROSTERD" "$@" >"$work/last.txt" 2>"$work/last.err" || code=$?
    cat "$work/last.txt" "$work/last.err" | out
    [[ "|$codes|" == *"|$code|"* ]] || fail "rosterd $* ended with $code, expected $codes"
}

# show_part PATTERN LINES CODES WORD...: the same, and of what it prints the line with PATTERN and so many behind it.
show_part() {
    local pattern=$1 lines=$2 codes=$3 code=0
    shift 3
    printf '$ rosterd %s | grep -A%d "%s"\n' "$*" "$lines" "$pattern" | out
    "$ROSTERD" "$@" >"$work/last.txt" 2>"$work/last.err" || code=$?
    [[ "|$codes|" == *"|$code|"* ]] || fail "rosterd $* ended with $code, expected $codes"
    grep -A"$lines" "$pattern" "$work/last.txt" "$work/last.err" -h | out
}

# keep FILE WORD...: keeps what a command prints as JSON, for the judge.
keep() {
    local file=$1 code=0
    shift
    "$ROSTERD" "$@" --format json >"$work/$file" 2>"$work/last.err" || code=$?
    [[ "|0|6|7|" == *"|$code|"* ]] || { cat "$work/last.err" >&2; fail "rosterd $* ended with $code"; }
}

digest() { sed -nE 's/.*rosterd (apply|plan approve|plan show) ([0-9a-f]{8,64}).*/\2/p' "$work/last.txt" "$work/last.err" | head -n 1; }

show 0 plugin build plugins/csv --out .demo --quiet
cd "$work"
"$ROSTERD" plugin install csv.wasm >"$work/install.log"

# The first plan: who is new, and why; nothing is written but what was read.
show "0|6|7" plan hr
plan=$(digest)
[ -n "$plan" ] || fail "the plan does not name its digest"
keep plan.json plan show "$plan"
show "0|7" apply "$plan"
keep accounts.json account list --limit 1000000
keep quarantine.json quarantine list --limit 1000000
keep stats.json store stats

# The same file again: nothing to do.
keep again.json plan hr

# The same file, cut in half: held, nobody removed.
cp people.csv whole.csv
cp directory.csv directory-before.csv
printf '$ head -n %d whole.csv > people.csv\n' $((people / 2)) | out
head -n $((people / 2)) whole.csv >people.csv
show 6 run hr
keep half.json runs list --limit 1
keep accounts-half.json account list --limit 1000000
# By their numbers: a manager who came late is written into the rows of those who have him.
ids() { cut -d, -f1 "$1"; }
grep -Fvxq -f <(ids directory.csv) <(ids directory-before.csv) && fail "the destination lost somebody although the plan was held"
mv whole.csv people.csv

# Where a value comes from.
show 0 account why "$(sed -n 2p people.csv | cut -d, -f2).mail"

# A component that asks for more than it gets.
cd "$top"
"$ROSTERD" plugin build tests/guests/greedy --out .demo >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; fail "the test components did not build"; }
cd "$work"
show_part refused 1 5 plugin inspect greedy.wasm --connection hr

cd "$top"
python3 tests/check_demo.py "$work"
python3 tests/demo/compare.py "$transcript" README.md
