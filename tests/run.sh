#!/usr/bin/env bash
# `make test`: installs what is missing, builds the host and the components, runs every test, then the demo.
# Uses cargo-nextest where it is present, else cargo's own runner. The runner's closing line is the last line.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/setup.sh
need_all

# Everything is tested natively, plugins too.
target=${CARGO_TARGET_DIR:-target}
summary=$target/test-summary.txt
mkdir -p "$target"
rm -f "$summary"

# The binary first, which builds the components that the tests need: it does so while the tests are built.
say "building rosterd"
cargo build "${selection[@]}" --bin rosterd --bin demo-company --test seed
export ROSTERD=$target/debug/rosterd
say "building tests and components"
"$ROSTERD" plugin build plugins/callback plugins/csv plugins/dingtalk plugins/ldap plugins/scim \
    tests/guests/greedy tests/guests/hostile tests/guests/probe \
    --out target/plugins >"$target/components.log" 2>&1 &
components=$!
if command -v cargo-nextest >/dev/null; then
    cargo nextest run "${selection[@]}" --no-run
else
    cargo test "${selection[@]}" --no-run
fi
wait "$components" || { cat "$target/components.log" >&2; fail "the components did not build"; }

say "testing"
status=0
if command -v cargo-nextest >/dev/null; then
    cargo nextest run "${selection[@]}" 2>&1 | tee "$target/test.log" || status=$?
    grep -E '^ *Summary ' "$target/test.log" | tail -n 1 | sed 's/^ *//' >"$summary" || true
else
    cargo test "${selection[@]}" --no-fail-fast 2>&1 | tee "$target/test.log" || status=$?
    awk '/^test result:/ { passed += $4; failed += $6 } END { printf "%d passed, %d failed\n", passed, failed }' \
        "$target/test.log" >"$summary"
fi

if command -v cargo-nextest >/dev/null; then
    # The runner above does not know documentation tests; cargo's own runner has run them already.
    say "documentation tests"
    cargo test "${selection[@]}" --doc || status=$?
fi

say "demo"
tests/demo/run.sh || status=$?

cat "$summary"
exit "$status"
