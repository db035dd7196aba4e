#!/bin/sh
# schemathesis against a hub: `schemathesis.sh BASE_URL CLIENT_ID CLIENT_SECRET`. All checks, all phases, links followed.
# ROSTERD_API_TOKEN is the token, where /oauth2/token is not served; SCHEMATHESIS names the program, MOST_EXAMPLES how many
# requests are made up for each operation, KEEP_EVENTS where what happened is kept.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
base=$1
token=${ROSTERD_API_TOKEN:-}
if [ -z "$token" ]; then
    token=$(curl -sf -u "$2:$3" -d grant_type=client_credentials "$base/oauth2/token" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
fi
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT
cd "$report"
status=0
SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$here "${SCHEMATHESIS:-schemathesis}" --config-file "$here/schemathesis.toml" \
    run "$base/v1/openapi.json" --url "$base" --header "Authorization: Bearer $token" \
    --checks all --phases examples,coverage,fuzzing,stateful --max-examples "${MOST_EXAMPLES:-25}" \
     --continue-on-failure --report ndjson --report-ndjson-path events.ndjson || status=$?
python3 "$here/share.py" events.ndjson
[ -z "${KEEP_EVENTS:-}" ] || cp events.ndjson "$KEEP_EVENTS"
exit $status
