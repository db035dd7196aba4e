"""Breaks every call in every way that its definition knows: one unknown field, one wrong type for each field, one missing
field, the missing permission, the missing token, the wrong content type. All are refused with the vendor's code; and the
same call, unbroken, is carried out."""

import copy
import json
import unittest

from receiver import KEY, TOKEN, Receiver
from simulator import APP, HERE, SimulatorTest

WRONG = {"text": 7, "commas": [1], "json": {"a": 1}, "integer": "seven", "flag": "yes", "texts": "a", "integers": "1",
         "object": "o", "list": "l", "map": "m"}


def wrong_types(fields):
    """Each field with a value of a wrong type, on all levels."""
    for field in fields:
        if field["kind"] == "any":
            continue
        yield field["name"], WRONG[field["kind"]]
        if field["kind"] in ("texts", "integers"):
            yield field["name"], [{}]
        for name, value in wrong_types(field.get("fields", [])):
            yield field["name"], [{name: value}] if field["kind"] == "list" else {name: value}


class Mutation(SimulatorTest):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver("dingcorp0001")
        self.calls = self.simulator.control("GET", "/describe")["calls"]
        text = (HERE / "examples.json").read_text()
        text = text.replace("$URL", self.receiver.url).replace("$TOKEN", TOKEN).replace("$KEY", KEY)
        self.examples = json.loads(text)
        self.token = self.simulator.token()

    def tearDown(self):
        self.receiver.stop()
        super().tearDown()

    def refused(self, call, answer, code=None):
        """The vendor's refusal of a shape, or of what `code` says."""
        status, body = answer
        if call["generation"] == "old":
            self.assertEqual(status, 200)
            self.assertEqual(body["errcode"], code or call["refusal"], (call["path"], body))
        else:
            codes = [code] if code else ["invalidParameter", "invalidParameter.param.invalid", "invalid.param"]
            self.assertIn(body["code"], codes, (call["path"], body))
            self.assertEqual(status, 400 if not code else status)

    def test_every_call_has_an_example(self):
        self.assertEqual({call["path"] for call in self.calls}, set(self.examples))

    def test_broken_calls_are_refused_and_whole_ones_are_not(self):
        broken = 0
        # In the order of the examples: later ones need what earlier ones made.
        for path, example in self.examples.items():
            call = next(call for call in self.calls if call["path"] == path)
            send = lambda fields, **more: self.simulator.call(call, fields, self.token, **more)
            in_query = call["place"] == "query"
            with self.subTest(path):
                self.refused(call, send({**example, "unknown_field": "x"}))
                broken += 1
                for name, value in wrong_types(call["request"]):
                    field = next(field for field in call["request"] if field["name"] == name)
                    # In a query every text is a text.
                    if in_query and field["kind"] in ("text", "commas"):
                        continue
                    changed = copy.deepcopy(example)
                    changed[name] = value
                    self.refused(call, send(changed))
                    broken += 1
                for field in call["request"]:
                    if field["required"]:
                        self.refused(call, send({name: value for name, value in example.items() if name != field["name"]}))
                        broken += 1
                if not in_query:
                    self.refused(call, send(example, content_type="text/plain"))
                    broken += 1
                if call["token"]:
                    self.refused(call, self.simulator.call(call, example, None),
                                 41001 if call["generation"] == "old" else "InvalidAuthentication")
                    broken += 1
                if call["permission"]:
                    permissions = f"/apps/{APP}/permissions"
                    self.simulator.control("POST", permissions, {"revoke": [call["permission"]]})
                    code = 43007 if call["writes"] else 60011
                    if call["generation"] == "new":
                        code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
                    self.refused(call, send(example), code)
                    self.simulator.control("POST", permissions, {"grant": [call["permission"]]})
                    broken += 1
                status, body = send(example)
                self.assertEqual(status, 200, body)
                if call["generation"] == "old":
                    self.assertEqual(body["errcode"], 0, body)
        print(f"{broken} broken calls of {len(self.examples)} were refused")
        self.assertGreater(broken, 400)


if __name__ == "__main__":
    unittest.main()
