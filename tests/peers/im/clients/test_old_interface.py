"""The old interface with `dingtalk-sdk`: its token, callbacks and scopes by name; the calls of `topapi` through its generic
`get` and `post`, because its named calls for people are of a generation that the vendor has replaced."""

import json
import urllib.parse
import unittest
import unittest.mock

from dingtalk import AppKeyClient
from dingtalk.core.exceptions import DingTalkClientException

from simulator import APP, SECRET, SimulatorTest, request


class OldInterface(SimulatorTest):
    def setUp(self):
        super().setUp()
        self.client = self.client_of(APP, SECRET)

    def client_of(self, app, secret):
        client = AppKeyClient("dingcorp0001", app, secret)
        # The way that the library offers to name another host.
        client.API_BASE_URL = self.simulator.api + "/"
        return client

    def post(self, path, fields, client=None):
        return (client or self.client).post("/topapi/" + path, fields).get("result")

    def refused(self, code, path, fields, client=None):
        with self.assertRaises(DingTalkClientException) as caught:
            self.post(path, fields, client)
        self.assertEqual(caught.exception.errcode, code, caught.exception.errmsg)

    def test_a_token_lives_two_hours_and_is_the_same_until_then(self):
        token = self.client.access_token
        self.assertEqual(self.client.get_access_token(), {"errcode": 0, "errmsg": "ok", "access_token": token,
                                                          "expires_in": 7200, "request_id": unittest.mock.ANY})
        self.simulator.control("POST", "/clock", {"advance": 7199_000})
        self.assertEqual(self.client.get_access_token()["access_token"], token)
        self.simulator.control("POST", "/clock", {"advance": 7199_000})
        self.post("v2/department/listsubid", {"dept_id": 1})
        self.simulator.control("POST", "/clock", {"advance": 2_000})
        # The library notices 42001, fetches a new token and asks again.
        self.post("v2/department/listsubid", {"dept_id": 1})
        self.assertNotEqual(self.client.access_token, token)

    def test_a_token_that_is_not_known_is_fetched_again(self):
        self.post("v2/department/listsubid", {"dept_id": 1})
        self.simulator.control("DELETE", "/tokens?forget=yes")
        self.post("v2/department/listsubid", {"dept_id": 1})

    def test_wrong_secrets_are_refused(self):
        client = self.client_of(APP, "wrong")
        with self.assertRaises(DingTalkClientException) as caught:
            client.get_access_token()
        self.assertEqual(caught.exception.errcode, 40089)

    def test_refusals_of_tokens_may_be_wrapped(self):
        self.simulator.fresh(apps={APP: {"secret": SECRET, "wrapped_token_errors": True}})
        body = self.refuses(self.simulator.old("POST", "/topapi/v2/user/get", {"userid": "u1001"}, token="no"), 88)
        self.assertEqual((body["sub_code"], body["sub_msg"]), ("40014", "invalid access_token"))

    def test_scopes(self):
        scopes = self.client.user.auth_scopes()
        self.assertEqual(scopes["auth_org_scopes"], {"authed_user": [], "authed_dept": [1]})
        scoped = self.client_of("dingscoped002", "SCOPED")
        self.assertEqual(scoped.user.auth_scopes()["auth_org_scopes"],
                         {"authed_user": ["u2002"], "authed_dept": [37000095]})
        self.refused(50004, "v2/department/get", {"dept_id": 39900096}, scoped)
        self.refused(50004, "v2/user/list", {"dept_id": 39900096, "cursor": 0, "size": 10}, scoped)
        self.assertEqual(self.post("v2/user/get", {"userid": "u2002"}, scoped)["name"], "Sso Person")
        self.post("v2/user/create", {"userid": "u5", "name": "Out", "mobile": "13800000005", "dept_id_list": "39900096"})
        self.refused(50002, "v2/user/get", {"userid": "u5"}, scoped)
        # Listings of ids do not know scopes.
        self.assertEqual(self.post("v2/department/listsubid", {"dept_id": 1}, scoped),
                         {"dept_id_list": [37000095, 39900096]})
        self.assertEqual(self.post("user/listid", {"dept_id": 39900096}, scoped)["userid_list"], ["u1001", "u2002", "u5"])

    def test_departments_are_read(self):
        below = self.post("v2/department/listsub", {"dept_id": 1})
        self.assertEqual([(one["dept_id"], one["name"], one["parent_id"]) for one in below],
                         [(37000095, "Marketing", 1), (39900096, "Finance", 1)])
        self.assertNotIn("order", below[0])
        got = self.post("v2/department/get", {"dept_id": 37000095})
        self.assertEqual((got["order"], got["source_identifier"], got["member_count"], got["owning_member_count"]),
                         (10, "HR-0007", 4, 3))
        self.assertNotIn("parent_id", self.post("v2/department/get", {"dept_id": 1}))
        self.assertEqual(self.post("v2/department/listparentbydept", {"dept_id": 42000036}),
                         {"parent_id_list": [42000036, 37000095, 1]})
        self.assertEqual(self.post("v2/department/listparentbyuser", {"userid": "u1003"}),
                         {"parent_list": [{"parent_dept_id_list": [42000036, 37000095, 1]}]})
        self.refused(60003, "v2/department/get", {"dept_id": 5})

    def test_departments_are_written(self):
        create, update, delete = ("v2/department/" + name for name in ("create", "update", "delete"))
        new = self.post(create, {"name": "Press", "parent_id": 37000095, "order": 3})["dept_id"]
        self.assertIsNone(self.post(update, {"dept_id": new, "name": "Public", "code": "77"}))
        got = self.post("v2/department/get", {"dept_id": new})
        self.assertEqual((got["name"], got["order"], got["code"]), ("Public", 3, "77"))
        self.refused(60021, create, {"name": "Public", "parent_id": 37000095})
        self.refused(60004, create, {"name": "P", "parent_id": 5})
        self.refused(60001, create, {"name": "x" * 65, "parent_id": 1})
        self.refused(60009, create, {"name": "R-D", "parent_id": 1})
        self.refused(60018, update, {"dept_id": 1, "name": "Root"})
        self.refused(60010, update, {"dept_id": 37000095, "parent_id": 42000036})
        self.refused(60121, update, {"dept_id": 37000095, "dept_manager_userid_list": "u2002"})
        self.refused(40035, update, {"dept_id": 37000095, "dept_manager_userid_list": ""})
        self.post(update, {"dept_id": 37000095, "dept_manager_userid_list": "",
                           "force_update_fields": "dept_manager_userid_list"})
        self.assertEqual(self.post("v2/department/get", {"dept_id": 37000095})["dept_manager_userid_list"], [])
        self.refused(60007, delete, {"dept_id": 1})
        self.refused(60005, delete, {"dept_id": 37000095})
        self.post(create, {"name": "Below", "parent_id": new})
        self.post(delete, {"dept_id": new})
        self.refused(60003, delete, {"dept_id": new})

    def test_forms_and_json_are_the_same(self):
        form = urllib.parse.urlencode({"userid": "u7", "name": "Form", "mobile": "13800000077", "dept_id_list": "37000095",
                                       "dept_order_list": json.dumps([{"dept_id": 37000095, "order": 5}]),
                                       "hide_mobile": "true"}).encode()
        answer = self.simulator.old("POST", "/topapi/v2/user/create", form, token=self.client.access_token,
                                    content_type="application/x-www-form-urlencoded")
        self.assertEqual(self.agrees(answer)["userid"], "u7")
        got = self.post("v2/user/get", {"userid": "u7"})
        self.assertEqual((got["hide_mobile"], got["dept_order_list"]), (True, [{"dept_id": 37000095, "order": 5}]))

    def test_lists_have_pages(self):
        page = {"dept_id": 37000095, "cursor": 0, "size": 2, "order_field": "entry_asc"}
        first = self.post("v2/user/list", page)
        self.assertEqual((first["has_more"], first["next_cursor"]), (True, 2))
        second = self.post("v2/user/list", {**page, "cursor": first["next_cursor"]})
        self.assertEqual([one["userid"] for one in first["list"] + second["list"]], ["u1001", "u1002", "u2001"])
        self.assertNotIn("next_cursor", second)
        self.assertTrue(first["list"][0]["leader"])
        self.assertEqual(first["list"][0]["dept_order"], 176289000000)
        self.refused(40069, "v2/user/list", {**page, "size": 101})
        self.refused(40068, "v2/user/list", {**page, "cursor": 100001})
        simple = self.post("user/listsimple", {"dept_id": 37000095, "cursor": 0, "size": 100})
        self.assertEqual(simple["list"][0], {"userid": "u1001", "name": "Li Lei"})
        self.assertEqual(self.post("user/count", {"only_active": True}), {"count": 4})

    def test_one_member(self):
        got = self.post("v2/user/get", {"userid": "u1001"})
        self.assertEqual(got["manager_userid"], "u1002")
        self.assertEqual(json.loads(got["extension"]), {"badge": "A1"})
        self.assertEqual(got["leader_in_dept"], [{"dept_id": 37000095, "leader": True},
                                                 {"dept_id": 39900096, "leader": False}])
        self.refused(60121, "v2/user/get", {"userid": "nobody"})
        self.assertEqual(self.post("v2/user/getbymobile", {"mobile": "13800000001", "support_exclusive_account_search": True}),
                         {"userid": "u1001", "exclusive_account_userid_list": ["u2001"]})
        self.assertEqual(self.post("v2/user/getbymobile", {"mobile": "+852-51234567"}), {"userid": "u1003"})
        self.refused(40104, "v2/user/getbymobile", {"mobile": "123"})
        self.assertEqual(self.post("user/getbyunionid", {"unionid": "z21HjQliSimUn1"}),
                         {"contact_type": 0, "userid": "u1001"})

    def test_members_are_written(self):
        create, update = "v2/user/create", "v2/user/update"
        person = {"userid": "u1", "name": "New", "mobile": "13800000011", "dept_id_list": "37000095"}
        self.assertEqual(set(self.post(create, person)), {"userid", "unionId"})
        self.refused(60102, create, person)
        self.refused(60104, create, {**person, "userid": "u2"})
        self.refused(60103, create, {**person, "userid": "u2", "mobile": "1"})
        self.refused(60003, create, {**person, "userid": "u2", "mobile": "13800000012", "dept_id_list": "5"})
        self.refused(60128, update, {"userid": "u1", "manager_userid": "nobody"})
        self.refused(60106, update, {"userid": "u1", "email": "lilei@example.test"})
        self.refused(60105, update, {"userid": "u1", "email": "lilei"})
        self.refused(40022, update, {"userid": "u1", "mobile": "13800000099"})
        self.post(update, {"userid": "u1", "manager_userid": "u1001", "extension": '{"a":"1"}'})
        self.post(update, {"userid": "u1", "extension": '{"b":"2"}', "ext_attrs_update_mode": 1, "manager_userid": ""})
        got = self.post("v2/user/get", {"userid": "u1"})
        self.assertEqual((json.loads(got["extension"]), got["manager_userid"]), ({"a": "1", "b": "2"}, "u1001"))
        self.post(update, {"userid": "u1", "extension": '{"c":"3"}', "force_update_fields": "manager_userid"})
        got = self.post("v2/user/get", {"userid": "u1"})
        self.assertEqual(json.loads(got["extension"]), {"c": "3"})
        self.assertNotIn("manager_userid", got)
        self.post("v2/user/delete", {"userid": "u1"})
        self.refused(60121, "v2/user/get", {"userid": "u1"})
        self.refused(33012, "v2/user/delete", {"userid": "u1"})

    def test_some_must_accept_an_invitation(self):
        self.simulator.fresh(settings={"invite": ["13800000013"]})
        person = {"userid": "u3", "name": "Later", "mobile": "13800000013", "dept_id_list": "1"}
        self.refused(40103, "v2/user/create", person)
        self.refused(60121, "v2/user/get", {"userid": "u3"})
        self.simulator.control("POST", "/invitations/13800000013")
        self.assertEqual(self.post("v2/user/get", {"userid": "u3"})["name"], "Later")

    def test_dedicated_accounts(self):
        create, update = "v2/user/create", "v2/user/update"
        account = {"userid": "u8", "exclusive_account": True, "exclusive_account_type": "dingtalk", "login_id": "new.one",
                   "init_password": "Init-2026pw", "name": "New One", "dept_id_list": "37000095"}
        self.refused(40035, create, {**account, "init_password": "short"})
        self.refused(40035, create, {**account, "login_id": "han.meimei"})
        self.post(create, account)
        # `login_id` on create, `loginId` on update.
        self.refused(40035, update, {"userid": "u8", "login_id": "x"})
        self.post(update, {"userid": "u8", "loginId": "other.one"})
        got = self.post("v2/user/get", {"userid": "u8", "login_id": "other.one"})
        self.assertEqual((got["login_id"], got["exclusive_account_type"], got["disable_status"]),
                         ("other.one", "dingtalk", False))
        self.refused(40035, create, {"userid": "u9", "name": "No", "mobile": "13800000019", "dept_id_list": "1",
                                     "nickname": "only for dedicated accounts"})

    def test_fields_are_hidden_by_permission(self):
        self.simulator.control("POST", f"/apps/{APP}/permissions", {"revoke": ["fieldMobile", "fieldEmail"]})
        got = self.post("v2/user/get", {"userid": "u1001"})
        self.assertFalse({"mobile", "state_code", "email", "work_place", "extension"} & set(got), got)
        self.simulator.control("POST", f"/apps/{APP}/permissions", {"grant": ["fieldMobile"]})
        self.assertEqual(self.post("v2/user/get", {"userid": "u1001"})["mobile"], "13800000001")

    def test_leavers_of_the_old_interface(self):
        self.assertEqual(self.client.post("/topapi/smartwork/hrm/employee/querydimission", {"offset": 0, "size": 1})["result"],
                         {"data_list": ["u1009"], "next_cursor": 1})
        self.assertEqual(self.post("smartwork/hrm/employee/queryonjob", {"status_list": "3", "offset": 3, "size": 50}),
                         {"data_list": ["u2001", "u2002"]})


class Refusals(SimulatorTest):
    """What no library does."""

    def test_methods_paths_and_places_of_the_token(self):
        old, token = self.simulator.old, self.simulator.token()
        self.refuses(old("GET", "/topapi/v2/user/get", token=token), 43002)
        self.refuses(old("POST", "/auth/scopes", {}, token=token), 43001)
        self.refuses(old("POST", "/topapi/v3/user/get", {}, token=token), 404)
        self.refuses(old("POST", "/topapi/v2/user/get", {"userid": "u1001"}), 41001)
        self.refuses(old("POST", "/topapi/v2/user/get", {"userid": "u1001", "access_token": token}), 40014)
        self.refuses(old("POST", "/topapi/v2/user/get", {"userid": "u1001"}, token="no"), 40014)

    def test_limits(self):
        self.simulator.fresh(settings={"rates": {}})
        old, token = self.simulator.old, self.simulator.token()
        ask = lambda: old("POST", "/topapi/v2/user/get", {"userid": "u1001"}, token=token)
        for _ in range(20):
            self.agrees(ask())
        self.refuses(ask(), 90018)
        self.simulator.control("POST", "/clock", {"advance": 1000})
        self.agrees(ask())

    def test_an_address_is_shut_out(self):
        self.simulator.control("POST", "/ban", {"for": 300_000})
        status, body = self.simulator.old("GET", "/gettoken?appkey=a&appsecret=b")
        self.assertEqual((status, body["status"], body["punish"]), (200, 1111, "deny"))
        self.simulator.control("POST", "/ban", {"for": 300_000, "page": True})
        self.assertIn("<html>", self.simulator.old("GET", "/gettoken?appkey=a&appsecret=b")[1])
        self.simulator.control("POST", "/clock", {"advance": 300_000})
        self.simulator.token()

    def test_faults(self):
        old, token = self.simulator.old, self.simulator.token()
        path, fields = "/topapi/v2/department/create", {"name": "Cut", "parent_id": 1}
        count = lambda: len(self.agrees(old("POST", "/topapi/v2/department/listsub", {}, token=token)))
        fault = lambda action, **more: self.simulator.control("POST", "/faults", {"path": path, "action": action, **more})
        before = count()
        fault("cut_all", after=1)
        self.agrees(old("POST", path, {"name": "Whole", "parent_id": 1}, token=token))
        with self.assertRaises(OSError):
            old("POST", path, fields, token=token)
        self.assertEqual(count(), before + 2)
        fault("ignore")
        with self.assertRaises(OSError):
            old("POST", path, {"name": "Not", "parent_id": 1}, token=token)
        self.assertEqual(count(), before + 2)
        fault("cut_half")
        with self.assertRaises(Exception):
            old("POST", path, {"name": "Half", "parent_id": 1}, token=token)
        self.assertEqual(count(), before + 3)
        fault({"throttle": "api"})
        self.refuses(old("POST", path, fields, token=token), 90002)
        fault("busy")
        self.refuses(old("POST", path, fields, token=token), -1)
        fault({"reply": {"status": 502, "body": {}}})
        self.assertEqual(old("POST", path, fields, token=token)[0], 502)
        fault({"delay": 1})
        self.refuses(old("POST", path, fields, token=token), 60021)
        self.assertEqual(self.simulator.control("GET", "/faults"), [])

    def test_reads_lag_behind_writes(self):
        self.simulator.fresh(settings={"lag": 5000})
        old, token = self.simulator.old, self.simulator.token()
        self.agrees(old("POST", "/topapi/v2/user/update", {"userid": "u1001", "title": "Late"}, token=token))
        title = lambda: self.agrees(old("POST", "/topapi/v2/user/get", {"userid": "u1001"}, token=token))["title"]
        self.assertEqual(title(), "Engineer")
        self.simulator.control("POST", "/clock", {"advance": 5000})
        self.assertEqual(title(), "Late")

    def test_calls_are_counted(self):
        self.simulator.token()
        counts = self.simulator.control("GET", "/counts")
        self.assertEqual(counts, {"total": 1, "calls": {"GET /gettoken": 1}})
        log = self.simulator.control("GET", "/log")
        self.assertEqual((log[0]["app"], log[0]["status"]), (APP, 200))

    def test_the_state_can_be_read_back_and_patched(self):
        state = self.simulator.control("GET", "/state")
        self.simulator.control("PUT", "/state", state)
        self.assertEqual(self.simulator.control("GET", "/state"), state)
        self.simulator.control("PATCH", "/state", {"users": {"u1001": {"name": "Patched"}, "u2002": None}})
        users = self.simulator.control("GET", "/state")["users"]
        self.assertEqual((users["u1001"]["name"], "u2002" in users), ("Patched", False))
        status, _ = request("PATCH", self.simulator.control_url + "/state", {"userz": {}})
        self.assertEqual(status, 400)
