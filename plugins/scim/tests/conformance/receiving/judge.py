"""Lets scim2-tester judge the service provider at an address; prints what is not right, and the counts as the last line."""

import collections
import json
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

headers = dict(pair.split("=", 1) for pair in sys.argv[2:])
with Client(base_url=sys.argv[1], headers=headers, timeout=60) as http:
    results = check_server(SyncSCIMClient(http))
for result in results:
    if result.status.name != "SUCCESS":
        print(result.status.name, result.resource_type, result.title, str(result.reason)[:600])
counts = collections.Counter(result.status.name for result in results)
print(json.dumps(counts))
sys.exit(0 if set(counts) == {"SUCCESS"} else 1)
