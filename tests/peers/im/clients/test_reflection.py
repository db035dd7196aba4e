"""Walks the client libraries: every field of every model of a call in use is known to the simulator, or left out with a
reason in `omitted.toml`; and every type agrees."""

import importlib
import inspect
import re
import tomllib
import typing
import unittest

from simulator import HERE, SimulatorTest

MODULES = ["oauth2_1_0", "contact_1_0", "hrm_1_0", "gateway_1_0"]
# Kinds of the table for types of the library.
KINDS = {str: {"text", "commas", "json"}, int: {"integer"}, bool: {"flag"}}
# Models whose fields the library turns into one text, which then stands in the query.
SHRUNK = "ShrinkRequest"


def calls_of(module):
    """Method, path, request model and response model of each call of a client."""
    client = importlib.import_module(f"alibabacloud_dingtalk.{module}.client").Client
    models = importlib.import_module(f"alibabacloud_dingtalk.{module}.models")
    for name, function in inspect.getmembers(client, inspect.isfunction):
        if not name.endswith("_with_options"):
            continue
        source = inspect.getsource(function)
        path = re.search(r"pathname=f?'([^']+)'", source)
        method = re.search(r"method='(\w+)'", source)
        if path and method:
            hints = list(typing.get_type_hints(function).values())
            named = [kind for kind in hints if getattr(kind, "__module__", "") == models.__name__]
            request = [kind for kind in named if kind.__name__.endswith("Request")]
            response = [kind for kind in named if kind.__name__.endswith("Response")]
            yield f"{method[1]} {path[1]}", request[0] if request else None, response[0]


def fields_of(model):
    """Name on the wire and type of each field of a model."""
    names = {}
    attributes = [name for name in inspect.signature(model.__init__).parameters if name != "self"]
    source = inspect.getsource(model.to_map)
    for attribute, wire in re.findall(r"if self\.(\w+) is not None:\s+result\['([^']+)'\]", source):
        names[attribute] = wire
    for attribute, wire in re.findall(r"result\['([^']+)'\] = \[\]\s+(?:if|for) .*?self\.(\w+)", source):
        names[wire] = attribute
    hints = re.findall(r"^\s+(\w+): (.+?) = None", inspect.getsource(model.__init__), re.M)
    scope = vars(typing) | vars(importlib.import_module(model.__module__))
    types = {name: eval(hint, scope) for name, hint in hints}
    for attribute in attributes:
        yield names[attribute], types[attribute]


class Reflection(SimulatorTest):
    def setUp(self):
        super().setUp()
        described = self.simulator.control("GET", "/describe")["calls"]
        self.calls = {f"{call['method']} {call['path']}": call for call in described}
        self.omitted = tomllib.loads((HERE / "omitted.toml").read_text())
        self.used, self.problems, self.walked = set(), [], 0

    def agree(self, at, kind, field):
        """A type of the library with a kind of the table."""
        origin, within = typing.get_origin(kind), typing.get_args(kind)
        known = field["kind"]
        if known == "any":
            return
        if origin is dict:
            right = known == "map"
        elif origin is list and within[0] in (str, int):
            right = known == {str: "texts", int: "integers"}[within[0]]
        elif origin is list:
            right = known == "list"
            if right:
                self.walk(at, within[0], field["fields"], None)
        elif kind in KINDS:
            right = known in KINDS[kind]
        else:
            right = known == "object"
            if right:
                self.walk(at, kind, field["fields"], None)
        if not right:
            self.problems.append(f"{at}: {kind} in the library, {known} in the table")

    def walk(self, at, model, known, omitted):
        known = {field["name"]: field for field in known}
        for name, kind in fields_of(model):
            self.walked += 1
            if name in known:
                self.agree(f"{at}.{name}", kind, known[name])
            elif omitted and name in omitted:
                self.used.add(f"{at}.{name}")
            else:
                self.problems.append(f"{at}.{name}: neither in the table nor in omitted.toml")

    def test_every_field_of_the_library_is_known_or_left_out_with_a_reason(self):
        seen = set()
        for module in MODULES:
            for name, request, response in calls_of(module):
                if name not in self.calls:
                    continue
                seen.add(name)
                call, omitted = self.calls[name], self.omitted.get(name, {})
                if request:
                    self.walk(f"{name}.request", request, call["request"], omitted.get("request"))
                body = dict(fields_of(response)).get("body") if hasattr(response, "to_map") else None
                if body:
                    self.walk(f"{name}.response", body, call["response"], omitted.get("response"))
        new = {name for name, call in self.calls.items() if call["generation"] == "new"}
        self.assertEqual(self.problems, [])
        self.assertEqual(new - seen, set(), "calls of the table that the library does not have")
        listed = {f"{name}.{side}.{field}" for name, sides in self.omitted.items() if "/v1.0/" in name
                  for side, fields in sides.items() for field in fields}
        self.assertEqual(listed - self.used, set(), "lines of omitted.toml that are not needed")
        self.assertGreater(self.walked, 80)

    def test_every_reason_is_one(self):
        for name, sides in self.omitted.items():
            for side, fields in sides.items():
                for field, reason in fields.items():
                    self.assertGreater(len(reason), 20, f"{name}.{side}.{field}")


class OldLibrary(SimulatorTest):
    """`dingtalk-sdk` has no models, but its calls name the fields that they send."""

    def test_callbacks_tokens_and_scopes_send_what_is_known(self):
        from dingtalk.client import AppKeyClient
        from dingtalk.client.api import Callback, User

        calls = {call["path"]: call for call in self.simulator.control("GET", "/describe")["calls"]}
        functions = [function for _, function in inspect.getmembers(Callback, inspect.isfunction)]
        functions += [User.auth_scopes, AppKeyClient.get_access_token]
        walked = 0
        for function in functions:
            source = inspect.getsource(function)
            path = re.search(r"'(/\w+/?\w*)'", source)
            if not path:
                continue
            known = {field["name"] for field in calls[path[1]]["request"]}
            sent = set(re.findall(r"[\"'](\w+)[\"']: ", source))
            self.assertEqual(sent - known, set(), path[1])
            walked += 1
        self.assertEqual(walked, 7)


if __name__ == "__main__":
    unittest.main()
