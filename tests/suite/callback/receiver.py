"""An application that is called back. What verifies are the libraries of others: standardwebhooks, cryptography, joserfc.

Usage: receiver.py FOLDER. The folder holds keys.json (what an operator of an application would have) and behaviour.json
(what becomes of the next requests: "500", "lost", "retry", ...); events.jsonl is what came and captured.jsonl what
somebody on the way would have. "later" in keys.json sets its clock forward, in seconds. Prints its port.
"""

import base64
import datetime
import json
import pathlib
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from unittest import mock

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import errors, jwe, jws, jwt
from joserfc.jwk import KeySet, OctKey
from standardwebhooks import webhooks

FOLDER = pathlib.Path(sys.argv[1])
LOCK = Lock()
SEEN = set()
MESSAGES = set()


class Refused(Exception):
    """The event is not believed."""


def must_fail(kinds, work, what):
    try:
        work()
    except kinds:
        return
    raise Refused(what + " was accepted")


def at(later):
    """The library's clock, so many seconds ahead."""

    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.now(tz) + datetime.timedelta(seconds=later)

    return mock.patch.object(webhooks, "datetime", Later)


def standard(keys, headers, body):
    """Every secret and key of the application finds a signature of its own."""
    later = keys.get("later", 0)
    plain = {name: headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    wrong = webhooks.WebhookVerificationError
    for secret in keys["secrets"]:
        one = webhooks.Webhook(secret)
        try:
            with at(later):
                one.verify(body, plain)
        except wrong as why:
            raise Refused(f"a secret finds no signature: {why}") from why
        must_fail(wrong, lambda one=one: one.verify(body + b" ", plain), "a changed body")
        must_fail(wrong, lambda one=one: one.verify(body, {**plain, "webhook-id": "msg_other"}), "another id")
        fresh = {**plain, "webhook-timestamp": str(int(plain["webhook-timestamp"]) + 1)}
        must_fail(wrong, lambda one=one: one.verify(body, fresh), "another time")
        for shift in (360, -360):
            with at(shift):
                must_fail(wrong, lambda one=one: one.verify(body, plain), "an old event, or one of the future")
    # The library knows shared secrets only; an application with a public key looks at the time by itself.
    if abs(time.time() + later - int(plain["webhook-timestamp"])) > 300:
        raise Refused("an old event")
    message = f"{plain['webhook-id']}.{plain['webhook-timestamp']}.".encode() + body
    signatures = [text.split(",", 1) for text in plain["webhook-signature"].split(" ")]
    asymmetric = [base64.b64decode(text) for version, text in signatures if version == "v1a"]
    for text in keys["public"]:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(text.removeprefix("whpk_")))
        fits = 0
        for signature in asymmetric:
            must_fail(InvalidSignature, lambda s=signature: key.verify(s, message + b" "), "a changed body")
            must_fail(InvalidSignature, lambda s=signature: key.verify(s, b"msg_other" + message), "another id")
            try:
                key.verify(signature, message)
                fits += 1
            except InvalidSignature:
                pass
        if fits != 1:
            raise Refused(f"{fits} signatures fit {text}")
    event = json.loads(body)
    return [{"id": plain["webhook-id"], "type": event["type"], "object": event["data"].get("id"), "event": event}]


def flipped(text, at=9):
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def opened(cipher, keys):
    """What a JWE says; a changed one, and another key, say nothing."""
    known = bytes.fromhex(keys["encrypt"])
    algorithms = ["dir", f"A{8 * len(known)}GCM"]
    key, other = OctKey.import_key(known), OctKey.import_key(bytes(len(known)))
    wrong = errors.JoseError
    must_fail(wrong, lambda: jwe.decrypt_compact(cipher, other, algorithms=algorithms), "another key")
    parts = cipher.split(".")
    for place in (2, 3, 4):
        changed = ".".join([*parts[:place], flipped(parts[place]), *parts[place + 1 :]])
        must_fail(wrong, lambda c=changed: jwe.decrypt_compact(c, key, algorithms=algorithms), f"a changed part {place}")
    return json.loads(jwe.decrypt_compact(cipher, key, algorithms=algorithms).plaintext)


def idaas(keys, _headers, body):
    """A message as Alibaba Cloud documents it: RS256 outside, AES inside, and claims that are looked at."""
    message = json.loads(body)["event"]
    known = KeySet.import_key_set(keys["jwks"])
    token = jwt.decode(message, known, algorithms=["RS256"])
    wanted = {"iss": {"essential": True, "value": "urn:alibaba:idaas:app:event"}, "iat": {"essential": True}}
    wanted |= {"aud": {"essential": True, "value": keys["audience"]}, "exp": {"essential": True}}
    now = int(time.time()) + keys.get("later", 0)
    jwt.JWTClaimsRegistry(now=now, leeway=60, **wanted).validate(token.claims)
    if token.claims["jti"] in MESSAGES:
        raise Refused("a message that was here before")
    late = jwt.JWTClaimsRegistry(now=int(time.time()) + 1900, leeway=60, **wanted)
    must_fail(errors.ExpiredTokenError, lambda: late.validate(token.claims), "an old message")
    head, payload, signature = message.split(".")
    changed = f"{head}.{flipped(payload)}.{signature}"
    must_fail(errors.JoseError, lambda: jws.deserialize_compact(changed, known, ["RS256"]), "a changed message")
    MESSAGES.add(token.claims["jti"])
    if token.claims["dataEncrypted"]:
        inner = opened(token.claims["cipherData"], keys)
        if token.claims["plainData"] != "":
            raise Refused("plain text beside the cipher")
    else:
        inner = token.claims["plainData"]
    events = json.loads(inner["eventData"])
    shape = lambda event: {"id": event["eventId"], "type": event["eventType"].rsplit("event:", 1)[1], "object": event["bizId"]}
    return [shape(event) | {"event": json.loads(event["bizData"])} for event in events]


def take(path):
    """The next of the behaviours; none: it is as it should be."""
    left = json.loads(path.read_text())
    path.write_text(json.dumps(left[1:]))
    return left[0] if left else "take"


class Application(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body="", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with LOCK:
            keys = json.loads((FOLDER / "keys.json").read_text())
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.note([headers, body.decode()], "captured.jsonl")
            try:
                events = (idaas if keys["form"] == "idaas" else standard)(keys, self.headers, body)
            except (Refused, errors.JoseError, KeyError, ValueError) as why:
                self.note({"refused": f"{type(why).__name__}: {why}"})
                return self.answer(401, json.dumps({"error": "the signature does not fit"}))
            # What tries the endpoint says nothing about the events that are to come.
            tries = events[0]["type"] in ("ping", "common:test")
            behaviour = "take" if tries else take(FOLDER / "behaviour.json")
            for event in events:
                self.note(event | {"again": event["id"] in SEEN, "answered": behaviour})
            if behaviour in ("take", "lost", "broken"):
                SEEN.update(event["id"] for event in events)
        if behaviour == "lost":
            # It was taken, and the answer never arrives.
            self.close_connection = True
            return None
        if behaviour.isdigit():
            return self.answer(int(behaviour), "", [("location", self.path), ("retry-after", "1")][: 1 if behaviour[0] == "3" else 0])
        if keys["form"] != "idaas":
            return self.answer(204)
        lists = {"successEvents": [], "skippedEvents": [], "failedEvents": [], "retriedEvents": []}
        name = {"retry": "retriedEvents", "refuse": "failedEvents"}.get(behaviour, "successEvents")
        lists[name] = [{"eventId": event["id"], "eventCode": "SUCCESS", "eventMessage": "ok"} for event in events]
        return self.answer(200, json.dumps(lists))

    def note(self, line, name="events.jsonl"):
        with (FOLDER / name).open("a") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Application)
    print(server.server_port, flush=True)
    server.serve_forever()
