#!/usr/bin/env bash
# `make bench`: builds in release, builds the components, and measures. More words go to the driver (--people 100000).
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/setup.sh
need_all
target=${CARGO_TARGET_DIR:-target}

say "building in release"
cargo build --locked --release -p rosterd -p rosterd-demo-company -p rosterd-bench -p rosterd-unattended
mkdir -p "$target/plugins"
"$target/release/rosterd" plugin build --packaged plugins/callback plugins/csv plugins/dingtalk plugins/ldap plugins/scim --out "$target/plugins"

mkdir -p "$target/bench/work"
"$target/release/bench" --plugin "$target/plugins/csv.wasm" --work "$target/bench/work" --out "$target/bench/bench.json" "$@"
