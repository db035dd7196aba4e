"""Callbacks with `dingtalk.crypto` and wechatpy's class for the same envelope: each side opens what the other sealed."""

import json
import unittest

from dingtalk import AppKeyClient
from dingtalk.core.exceptions import DingTalkClientException, InvalidCorpIdOrSuiteKeyException
from dingtalk.crypto import DingTalkCrypto
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.enterprise.exceptions import InvalidCorpIdException
from wechatpy.exceptions import InvalidSignatureException
import xmltodict

from receiver import KEY, TOKEN, Receiver
from simulator import APP, SECRET, SimulatorTest


class Envelope(SimulatorTest):
    """The envelope alone, through the control port."""

    def test_both_directions_and_every_padding(self):
        crypto = DingTalkCrypto(TOKEN, KEY, "dingsimappkey001")
        keys = {"token": TOKEN, "aes_key": KEY, "owner": "dingsimappkey001"}
        for length in range(0, 67):
            message = "x" * length
            sealed = self.simulator.control("POST", "/crypto/seal", {**keys, "message": message, "time": "1", "nonce": "n"})
            opened = crypto.decrypt_encrypt_str(sealed["signature"], "1", "n", sealed["encrypt"])
            self.assertEqual(opened, message)
            theirs = crypto.encrypt_message(message)
            asked = {**keys, "encrypt": theirs["encrypt"], "time": theirs["timeStamp"], "nonce": theirs["nonce"],
                     "signature": theirs["msg_signature"]}
            self.assertEqual(self.simulator.control("POST", "/crypto/open", asked), {"message": message})

    def test_both_directions_with_another_library(self):
        crypto = WeChatCrypto(TOKEN, KEY, "dingsimappkey001")
        keys = {"token": TOKEN, "aes_key": KEY, "owner": "dingsimappkey001"}
        for message in ["x" * length for length in range(0, 67)] + ["王芳, 𠮷野", json.dumps({"EventType": "check_url"})]:
            sealed = self.simulator.control("POST", "/crypto/seal", {**keys, "message": message, "time": "1", "nonce": "n"})
            opened = crypto.decrypt_message({"Encrypt": sealed["encrypt"]}, sealed["signature"], "1", "n")
            self.assertEqual(opened, message)
            theirs = xmltodict.parse(crypto.encrypt_message(message, "n", "1"))["xml"]
            asked = {**keys, "encrypt": theirs["Encrypt"], "time": theirs["TimeStamp"], "nonce": theirs["Nonce"],
                     "signature": theirs["MsgSignature"]}
            self.assertEqual(self.simulator.control("POST", "/crypto/open", asked), {"message": message})

    def test_another_owner_and_another_signature_are_refused_by_both_libraries(self):
        keys = {"token": TOKEN, "aes_key": KEY, "owner": "dingother"}
        sealed = self.simulator.control("POST", "/crypto/seal", {**keys, "message": "m", "time": "1", "nonce": "n"})
        crypto = WeChatCrypto(TOKEN, KEY, "dingsimappkey001")
        with self.assertRaises(InvalidCorpIdException):
            crypto.decrypt_message({"Encrypt": sealed["encrypt"]}, sealed["signature"], "1", "n")
        with self.assertRaises(InvalidSignatureException):
            crypto.decrypt_message({"Encrypt": sealed["encrypt"]}, sealed["signature"], "2", "n")
        theirs = xmltodict.parse(crypto.encrypt_message("m", "n", "1"))["xml"]
        asked = {**keys, "owner": "dingsimappkey001", "encrypt": theirs["Encrypt"], "time": "2", "nonce": "n",
                 "signature": theirs["MsgSignature"]}
        self.assertEqual(self.simulator.control("POST", "/crypto/open", asked), {"refused": "signature"})

    def test_another_owner_is_refused_by_both(self):
        keys = {"token": TOKEN, "aes_key": KEY, "owner": "dingother"}
        sealed = self.simulator.control("POST", "/crypto/seal", {**keys, "message": "m", "time": "1", "nonce": "n"})
        with self.assertRaises(InvalidCorpIdOrSuiteKeyException):
            DingTalkCrypto(TOKEN, KEY, "dingsimappkey001").decrypt_encrypt_str(sealed["signature"], "1", "n", sealed["encrypt"])
        theirs = DingTalkCrypto(TOKEN, KEY, "dingsimappkey001").encrypt_message("m")
        asked = {**keys, "encrypt": theirs["encrypt"], "time": theirs["timeStamp"], "nonce": theirs["nonce"],
                 "signature": theirs["msg_signature"]}
        self.assertEqual(self.simulator.control("POST", "/crypto/open", asked), {"refused": "owner"})


class Callbacks(SimulatorTest):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver(APP)
        callback = {"url": self.receiver.url, "token": TOKEN, "aes_key": KEY, "owner": APP}
        self.simulator.fresh(apps={APP: {"secret": SECRET, "callback": callback}})
        self.token = self.simulator.token()

    def tearDown(self):
        self.receiver.stop()
        super().tearDown()

    def fire(self, *users):
        for user in users:
            self.simulator.control("POST", "/fire", {"type": "user_active_org", "users": [user]})

    def users(self):
        return [event["userId"][0] for event in self.receiver.events]

    def settle(self, advance=0):
        self.simulator.control("POST", "/clock", {"advance": advance})

    def progress(self):
        return [one["progress"] for one in self.simulator.control("GET", "/events")][-len(self.users()) or None:]

    def test_changes_arrive(self):
        self.simulator.control("POST", "/people/u1001", {"name": "Li L", "texts": {"email": None}})
        self.simulator.control("POST", "/people/u5", {"name": "New"})
        self.simulator.control("DELETE", "/people/u5")
        self.simulator.control("POST", "/departments/42000036", {"name": "Fairs"})
        self.simulator.old("POST", "/topapi/v2/department/create", {"name": "New", "parent_id": 1}, token=self.token)
        self.settle()
        kinds = [event["EventType"] for event in self.receiver.events]
        self.assertEqual(kinds, ["user_modify_org", "user_add_org", "user_leave_org", "org_dept_modify", "org_dept_create"])
        self.assertEqual(self.receiver.events[0]["diffInfo"], {
            "userid": "u1001", "prev": {"name": "Li Lei", "email": "lilei@example.test"}, "curr": {"name": "Li L"}})
        self.assertEqual(self.receiver.events[3]["deptId"], [42000036])
        self.assertEqual(self.receiver.events[0]["CorpId"], "dingcorp0001")
        self.assertIn("signature", self.receiver.queries[0])
        self.assertIn("msg_signature", self.receiver.queries[0])

    def test_what_fails_comes_twice_again_and_then_waits_to_be_fetched(self):
        self.receiver.answers = [500, "not success", 500]
        self.fire("u1001")
        self.settle(9_999)
        self.assertEqual(len(self.receiver.events), 1)
        self.settle(1)
        self.assertEqual(len(self.receiver.events), 2)
        self.settle(29_999)
        self.assertEqual(len(self.receiver.events), 2)
        self.settle(1)
        self.settle(60_000)
        self.assertEqual(len(self.receiver.events), 3)
        fetch = lambda: self.simulator.old("GET", "/call_back/get_call_back_failed_result", token=self.token)[1]
        self.assertEqual(fetch()["failed_list"], [])
        self.settle(120_000)
        failed = fetch()
        self.assertFalse(failed["has_more"])
        self.assertEqual([(one["call_back_tag"], one["user_active_org"]) for one in failed["failed_list"]],
                         [("user_active_org", {"corpid": "dingcorp0001", "userid": ["u1001"]})])
        self.assertEqual(fetch()["failed_list"], [])

    def test_what_succeeds_at_the_second_time_is_done(self):
        self.receiver.answers = [500]
        self.fire("u1001")
        self.settle(10_000)
        self.settle(100_000)
        self.assertEqual(len(self.receiver.events), 2)

    def test_events_are_lost_repeated_and_reordered(self):
        events = lambda body: self.simulator.control("POST", "/events", body)
        events({"lose": {"after": 1}})
        self.fire("a", "b", "c")
        self.assertEqual(self.users(), ["a", "c"])
        events({"repeat": {"times": 2}})
        self.fire("d")
        self.assertEqual(self.users(), ["a", "c", "d", "d", "d"])
        self.receiver.events.clear()
        events({"hold": True})
        self.fire("e", "f", "g")
        self.assertEqual(self.users(), [])
        events({"hold": False, "release": "reversed"})
        self.assertEqual(self.users(), ["g", "f", "e"])
        last = self.simulator.control("GET", "/events")[-1]
        events({"resend": last["number"]})
        self.assertEqual(self.users(), ["g", "f", "e", "e"])


class Registration(SimulatorTest):
    """The older way: a program registers the address, and the name in the envelope is the organisation's."""

    def setUp(self):
        super().setUp()
        self.receiver = Receiver("dingcorp0001")
        self.client = AppKeyClient("dingcorp0001", APP, SECRET, TOKEN, KEY)
        self.client.API_BASE_URL = self.simulator.api + "/"

    def tearDown(self):
        self.receiver.stop()
        super().tearDown()

    def refused(self, code, call, *arguments):
        with self.assertRaises(DingTalkClientException) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.errcode, code, caught.exception.errmsg)

    def test_the_whole_life(self):
        calls = self.client.callback
        named = (["user_add_org", "user_leave_org"], TOKEN, KEY, self.receiver.url)
        self.refused(71007, calls.get_call_back)
        self.refused(71007, calls.update_call_back, *named)
        self.receiver.answers = ["not success"]
        self.refused(71013, calls.register_call_back, *named)
        self.refused(71012, calls.register_call_back, *named[:3], "http://127.0.0.1:9/")
        calls.register_call_back(*named)
        self.refused(71006, calls.register_call_back, *named)
        self.assertEqual(self.receiver.events, [{"EventType": "check_url"}] * 2)
        got = calls.get_call_back()
        self.assertEqual((got["call_back_tag"], got["url"]), (["user_add_org", "user_leave_org"], self.receiver.url))
        self.simulator.control("POST", "/people/u6", {"name": "Six"})
        self.simulator.control("POST", "/people/u6", {"name": "Not subscribed"})
        self.assertEqual({name: value for name, value in self.receiver.events[-1].items() if name != "TimeStamp"},
                         {"EventType": "user_add_org", "CorpId": "dingcorp0001", "UserId": ["u6"]})
        calls.update_call_back(["user_leave_org"], *named[1:])
        self.assertEqual(calls.get_call_back_failed_result()["failed_list"], [])
        calls.delete_call_back()
        self.refused(71007, calls.delete_call_back)
        self.assertEqual(len(self.receiver.events), 4, json.dumps(self.receiver.events))


if __name__ == "__main__":
    unittest.main()
