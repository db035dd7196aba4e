#!/usr/bin/env bash
# Writes OPEN.md anew: the rules that no scenario shows, and the accidents that none plays. Also the way out of a conflict
# of two branches in it.
set -euo pipefail
cd "$(dirname "$0")"
# The list of a key on one line: `rules = ["4.shrink"]`.
values() { sed -n "s/^$1 = //p" "$2" | grep -o '"[^"]*"' | tr -d '"' || true; }
shown=$(for file in *.toml; do
    switches=$(values switch "$file")
    if [ -n "$switches" ]; then echo "$switches"; else values rules "$file" | sed -n 1p; fi
done)
played=$(for file in *.toml; do values accident "$file"; done)
rules=$(sed -nE 's/^ +[A-Za-z]+, "([0-9]+\.[a-z-]+)", "([^"]*)".*;$/\1\t\2/p' ../../host/model/src/rule/list.rs)
accidents=$(sed -nE 's/^ +[A-Za-z]+, "[0-9]+\.[a-z-]+", "[^"]*", "([^"]*)";$/\1/p' ../../host/model/src/rule/list.rs
    printf '%s\n' 'bitwarden#397' 'rancher#55220')
{
    echo '# What is still owed'
    echo
    echo 'Rules without a scenario, and public accidents that none plays. The list only shrinks: a test fails for a rule that'
    echo 'is neither here nor shown, and for one that is both. `./open.sh` writes it anew.'
    echo
    while IFS=$'\t' read -r id text; do
        grep -qxF "$id" <<<"$shown" || printf -- '- `%s` %s\n\n' "$id" "$text"
    done <<<"$rules"
    echo '## Accidents'
    while read -r accident; do
        grep -qxF "$accident" <<<"$played" || printf -- '\n- `%s`\n' "$accident"
    done <<<"$accidents"
} >OPEN.md
