"""Starts the simulator for a test, and speaks to it: to its control port, and plainly to the vendor's interface."""

import json
import os
import pathlib
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
PROGRAM = os.environ["PEER_IM"]
APP, SECRET = "dingsimkey001", "SIMSECRET"


def state(**changes):
    """The sample organisation; `settings` are merged, everything else replaces."""
    value = json.loads((HERE / "state.json").read_text())
    for name, change in changes.items():
        if isinstance(change, dict) and isinstance(value.get(name), dict):
            value[name].update(change)
        else:
            value[name] = change
    return value


class Simulator:
    def __init__(self, arguments=()):
        self.process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, text=True)
        ports = json.loads(self.process.stdout.readline())
        self.host = f"127.0.0.1:{ports['api']}"
        self.api = f"http://{self.host}"
        self.control_url = f"http://127.0.0.1:{ports['control']}"

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def control(self, method, path, body=None):
        status, answer = request(method, self.control_url + path, body)
        if status != 200:
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer

    def fresh(self, **changes):
        """The sample organisation again, and no fault, no token, no log, no ban."""
        for path in ["/faults", "/log", "/rates", "/ban", "/tokens?forget=yes"]:
            self.control("DELETE", path)
        self.control("PUT", "/state", state(**changes))

    def token(self, app=APP, secret=SECRET):
        _, answer = self.old("GET", f"/gettoken?appkey={app}&appsecret={secret}")
        return answer["access_token"]

    def old(self, method, path, body=None, token=None, **more):
        if token:
            path += ("&" if "?" in path else "?") + "access_token=" + token
        return request(method, self.api + path, body, **more)

    def new(self, method, path, body=None, token=None, **more):
        headers = {"x-acs-dingtalk-access-token": token} if token else {}
        return request(method, self.api + path, body, headers=headers, **more)

    def call(self, description, fields, token, **more):
        """A call of the table, with these fields where it takes them."""
        path, body = description["path"], fields
        if description["place"] == "query":
            text = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
            path, body = path + ("?" + urllib.parse.urlencode(text) if text else ""), None
        send = self.old if description["generation"] == "old" else self.new
        return send(description["method"], path, body, token=token if description["token"] else None, **more)


def request(method, url, body=None, headers=(), content_type="application/json"):
    """Status and body; the body is JSON if it is any, else text."""
    data = None
    headers = dict(headers)
    headers.setdefault("Accept", "application/json")
    if body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers["Content-Type"] = content_type
    asked = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            status, text = error.code, error.read().decode()
    try:
        return status, json.loads(text) if text else None
    except ValueError:
        return status, text


class SimulatorTest(unittest.TestCase):
    """A test with a simulator; the simulator must not have made a mistake of its own."""

    changes = {}

    @classmethod
    def setUpClass(cls):
        cls.simulator = Simulator()

    @classmethod
    def tearDownClass(cls):
        cls.simulator.stop()

    def setUp(self):
        self.simulator.fresh(**self.changes)

    def tearDown(self):
        self.assertEqual(self.simulator.control("GET", "/mistakes"), [])

    def refuses(self, answer, code):
        """The body of an old answer carries this code."""
        status, body = answer
        self.assertEqual((status, body.get("errcode")), (200, code), body)
        return body

    def agrees(self, answer):
        status, body = answer
        self.assertEqual((status, body["errcode"], body["errmsg"]), (200, 0, "ok"), body)
        return body.get("result")
