"""What schemathesis can not know: lines of JSON, and that names and ids are those of one object.

Made-up names and ids are nearly always the shortest that fit, so that all but the first object would be refused. Those that fit
are made different here; what does not fit stays as it is.
"""

import itertools
import json
import re

import schemathesis

NAME = re.compile(r"[!-~]{1,240}")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~@:+=,-]{0,239}")
numbers = itertools.count()


@schemathesis.serializer("application/x-ndjson")
def write(context, value):
    lines = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@schemathesis.deserializer("application/x-ndjson")
def read(context, response):
    return [json.loads(line) for line in response.content.splitlines()]


@schemathesis.hook
def before_call(context, case, **kwargs):
    body = case.body
    if isinstance(body, dict) and "_/actions" not in case.path:
        for field, pattern in (("userName", NAME), ("username", NAME), ("id", ID)):
            value = body.get(field)
            if isinstance(value, str) and pattern.fullmatch(value):
                body = {**body, field: f"{value}{next(numbers)}"}
        case.body = body
    # A made-up version is never the present one: three of four requests go without.
    headers = case.headers
    if headers and "If-Match" in headers and ID.fullmatch(str(headers["If-Match"]).strip('"')) and next(numbers) % 4:
        del headers["If-Match"]
