"""What schemathesis can not know: lines of JSON, that names are those of one object, and which objects there are.

Made-up names and ids are nearly always the shortest that fit, so that all but the first object would be refused and nothing but
that would ever be found. In valid requests of the phases that do not follow links, names are made different here, and three of
four ids, versions and cursors are those of something that is there, or left out. What does not fit stays as it is.
"""

import itertools
import json
import re

import schemathesis

NAME = re.compile(r"[!-~]{1,240}")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~@:+=,-]{0,239}")
numbers = itertools.count()
there = {}
CLASSES = (
    (re.compile("^/v1/(import/|export/)?accounts|^/v2/.*/users"), "account"),
    (re.compile("^/v1/(import/|export/)?org-units|^/v2/.*/organizationalUnits"), "org-unit"),
    (re.compile("^/v1/(import/|export/)?groups|^/v2/.*/groups"), "group"),
    (re.compile("^/v1/hub/accounts"), "hub account"),
    (re.compile("^/v1/hub/org-units"), "hub org-unit"),
    (re.compile("^/v1/hub/groups"), "hub group"),
)
FIELDS = {"primaryOrganizationalUnitId": "org-unit", "organizationalUnitId": "org-unit", "parentId": "org-unit"}
LISTS = {"organizationalUnitIds": "org-unit", "userIds": "account"}


@schemathesis.serializer("application/x-ndjson")
def write(context, value):
    lines = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@schemathesis.deserializer("application/x-ndjson")
def read(context, response):
    return [json.loads(line) for line in response.content.splitlines()]


def class_of(path):
    return next((name for pattern, name in CLASSES if pattern.match(path)), None)


def known(name):
    """The id of something that is there; for one of four requests, or if there is nothing, none."""
    ids = list(there.get(name, ()))
    return ids[next(numbers) % len(ids)] if ids and next(numbers) % 4 else None


@schemathesis.hook
def before_call(context, case, **kwargs):
    meta = case.meta
    if meta is None or meta.generation.mode.value != "positive" or "stateful" in str(meta.phase.name).lower():
        return
    body, path = case.body, case.path
    if isinstance(body, dict):
        for field, pattern in (("userName", NAME), ("username", NAME), ("id", ID)):
            value = body.get(field)
            if isinstance(value, str) and pattern.fullmatch(value) and "_/actions" not in path:
                body = {**body, field: f"{value}{next(numbers)}"}
        for field, name in FIELDS.items():
            if field in body and (identity := known(name)):
                body = {**body, field: identity}
        for field, name in LISTS.items():
            if field in body and (identity := known(name)):
                body = {**body, field: [identity]}
        case.body = body
    parameters = case.path_parameters or {}
    for name in list(parameters):
        of = {"id": class_of(path), "userId": "account", "groupId": "group", "organizationalUnitId": "org-unit"}.get(name)
        if of and (identity := known(of)):
            parameters[name] = identity
            # What is encoded already would be looked at anew, and found not to fit.
            parameters.update({other: "a1" for other in ("instanceId", "applicationId") if other in parameters})
    for holder, names in ((case.headers, ("If-Match",)), (case.query, ("after", "nextToken"))):
        for name in names:
            if holder and name in holder and next(numbers) % 4:
                del holder[name]


@schemathesis.hook
def after_call(context, case, response):
    name = class_of(case.path)
    if not name or not 200 <= response.status_code < 300:
        return
    if case.method == "DELETE" and "members" not in case.path:
        for identity in (case.path_parameters or {}).values():
            there.get(name, {}).pop(identity, None)
        return
    try:
        answer = json.loads(response.content)
    except ValueError:
        return
    found = answer.get("items", [answer]) if isinstance(answer, dict) else []
    for one in found:
        for field in ("id", "userId", "groupId", "organizationalUnitId"):
            if isinstance(one, dict) and field in one and "members" not in case.path:
                there.setdefault(name, {})[one[field]] = True
