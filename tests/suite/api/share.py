"""How many valid requests ended in a success: `share.py EVENTS`, events of schemathesis as lines of JSON."""

import collections
import json
import sys

valid = collections.Counter()
by_operation = collections.defaultdict(collections.Counter)
for line in open(sys.argv[1], encoding="utf-8"):
    event = json.loads(line).get("ScenarioFinished")
    recorder = (event or {}).get("recorder") or {}
    answers = recorder.get("interactions") or {}
    for key, case in (recorder.get("cases") or {}).items():
        answer = (answers.get(key) or {}).get("response")
        value = case.get("value") or case
        meta = value.get("meta") or {}
        mode = (meta.get("generation") or {}).get("mode")
        if not answer or mode != "positive":
            continue
        phase = (meta.get("phase") or {}).get("name", event["phase"])
        good = 200 <= answer["status_code"] < 300
        valid[phase, good] += 1
        by_operation[f"{value['method']} {value['path']}"][good] += 1
total = sum(valid.values())
good = sum(count for (_, success), count in valid.items() if success)
for phase in sorted({phase for phase, _ in valid}):
    yes, no = valid[phase, True], valid[phase, False]
    print(f"{phase}: {yes} of {yes + no} valid requests succeeded ({100 * yes // (yes + no)} %)")
print(f"all: {good} of {total} valid requests succeeded ({100 * good // max(total, 1)} %)")
for name in sorted(name for name, count in by_operation.items() if not count[True]):
    print(f"never: {name}")
