"""The new interface with `alibabacloud_dingtalk`: every call of the table that the library has."""

import unittest

from alibabacloud_dingtalk.contact_1_0 import models as contact
from alibabacloud_dingtalk.contact_1_0.client import Client as Contact
from alibabacloud_dingtalk.gateway_1_0 import models as gateway
from alibabacloud_dingtalk.gateway_1_0.client import Client as Gateway
from alibabacloud_dingtalk.hrm_1_0 import models as hrm
from alibabacloud_dingtalk.hrm_1_0.client import Client as Hrm
from alibabacloud_dingtalk.oauth2_1_0 import models as oauth
from alibabacloud_dingtalk.oauth2_1_0.client import Client as Oauth
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions

from simulator import APP, SECRET, SimulatorTest


class NewInterface(SimulatorTest):
    def setUp(self):
        super().setUp()
        config = lambda: Config(protocol="http", endpoint=self.simulator.host)
        self.oauth, self.contact, self.hrm = Oauth(config()), Contact(config()), Hrm(config())
        self.gateway = Gateway(config())
        answer = self.oauth.get_access_token(oauth.GetAccessTokenRequest(app_key=APP, app_secret=SECRET))
        self.assertEqual((answer.status_code, answer.body.expire_in), (200, 7200))
        self.token = answer.body.access_token

    def headers(self, kind):
        return kind(x_acs_dingtalk_access_token=self.token)

    def ask(self, client, module, name, model, **fields):
        """One call with its request, its headers and its options, as the library wants them."""
        headers = self.headers(getattr(module, "".join(part.title() for part in name.split("_")) + "Headers"))
        call = getattr(client, name + "_with_options")
        return call(model(**fields), headers, RuntimeOptions())

    def refused(self, status, code, *arguments, **fields):
        with self.assertRaises(Exception) as caught:
            self.ask(*arguments, **fields)
        error = caught.exception
        self.assertEqual(getattr(error, "code", None), code, error)
        self.assertEqual(error.data.get("statusCode"), status, error.data)
        return error

    def test_one_token_for_both_interfaces(self):
        self.assertEqual(self.simulator.token(), self.token)

    def test_wrong_secrets(self):
        with self.assertRaises(Exception) as caught:
            self.oauth.get_access_token(oauth.GetAccessTokenRequest(app_key=APP, app_secret="wrong"))
        self.assertEqual(caught.exception.code, "invalidClientIdOrSecret")

    def test_searching(self):
        found = self.ask(self.contact, contact, "search_department", contact.SearchDepartmentRequest,
                         query_word="Mark", offset=0, size=10).body
        self.assertEqual((found.list, found.total_count, found.has_more), ([37000095], 1, False))
        found = self.ask(self.contact, contact, "search_user", contact.SearchUserRequest,
                         query_word="Li Lei", offset=0, size=10, full_match_field=1).body
        self.assertEqual(found.list, ["u1001"])

    def test_dedicated_accounts(self):
        account = (self.contact, contact)
        status = lambda: self.ask(*account, "query_status", contact.QueryStatusRequest, user_id="u2001").body.disable
        self.assertFalse(status())
        self.assertTrue(self.ask(*account, "set_disable", contact.SetDisableRequest, user_id="u2001", reason="left").body.result)
        self.assertTrue(status())
        self.assertTrue(self.ask(*account, "set_enable", contact.SetEnableRequest, user_id="u2001").body.result)
        self.assertFalse(status())
        self.assertTrue(self.ask(*account, "sign_out", contact.SignOutRequest, user_id="u2001", reason="left",
                                 reason_i18n_for_employee={"zh_CN": "left"}).body.result)
        orgs = self.ask(*account, "list_owned_org_by_staff_id", contact.ListOwnedOrgByStaffIdRequest, user_id="u2001").body
        self.assertEqual([org.corp_id for org in orgs.org_list], ["dingcorp0001", "dingcorp0002"])
        granted = self.ask(*account, "multi_org_permission_grant", contact.MultiOrgPermissionGrantRequest,
                           join_corp_id="dingcorp0002", grant_dept_id_list=[37000095])
        self.assertEqual(granted.status_code, 200)
        change = lambda value: self.ask(*account, "change_ding_talk_id", contact.ChangeDingTalkIdRequest,
                                        user_id="u2001", ding_talk_id=value)
        self.assertTrue(change("hanmeimei2026").body.result)
        name = (*account, "change_ding_talk_id", contact.ChangeDingTalkIdRequest)
        self.refused(400, "have.been.set", *name, user_id="u2001", ding_talk_id="hanmeimei2027")
        self.refused(400, "incorrect.length", *name, user_id="u2001", ding_talk_id="han")
        self.refused(400, "incorrect.format", *name, user_id="u2001", ding_talk_id="1hanmeimei")
        self.refused(400, "user.not.exist", *account, "set_disable", contact.SetDisableRequest, user_id="nobody")
        self.refused(400, "exclusive.account.only", *account, "set_disable", contact.SetDisableRequest, user_id="u1001")
        self.refused(400, "invalid.param", *account, "set_disable", contact.SetDisableRequest, user_id="u2001",
                     permission_code="not documented")

    def test_leavers(self):
        ask = lambda **fields: self.ask(self.contact, contact, "list_emp_leave_records", contact.ListEmpLeaveRecordsRequest,
                                        start_time="2025-12-01T00:00:00Z", **fields).body
        first = ask(next_token="0", max_results=1)
        self.assertEqual((first.records[0].user_id, first.records[0].leave_time, first.records[0].leave_reason),
                         ("u1009", "2025-12-31T00:00:00Z", "oapi"))
        second = ask(next_token=first.next_token, max_results=1)
        self.assertEqual((second.records[0].user_id, second.next_token), ("u1008", None))
        staff = self.ask(self.hrm, hrm, "query_dismission_staff_id_list", hrm.QueryDismissionStaffIdListRequest,
                         next_token=0, max_results=50).body
        self.assertEqual((staff.user_id_list, staff.has_more, staff.next_token), (["u1009", "u1008"], False, 2))
        infos = self.ask(self.hrm, hrm, "query_hrm_employee_dismission_info", hrm.QueryHrmEmployeeDismissionInfoRequest,
                         user_id_list=["u1009"]).body
        self.assertEqual((infos.result[0].main_dept_id, infos.result[0].status), (37000095, 2))
        started = self.ask(self.hrm, hrm, "emp_start_dismission", hrm.EmpStartDismissionRequest, user_id="u1002",
                           last_work_date=1767312000000, remark="moves").body
        self.assertTrue(started.success)

    def test_the_gateway(self):
        request = gateway.OpenConnectionRequest(client_id="dingstream003", client_secret="STREAM", subscriptions=[
            gateway.OpenConnectionRequestSubscriptions(type="EVENT", topic="*")])
        answer = self.gateway.open_connection(request)
        self.assertTrue(answer.body.endpoint.startswith("ws://"))
        self.assertTrue(answer.body.ticket)

    def test_permissions_limits_and_tokens(self):
        search = (self.contact, contact, "search_user", contact.SearchUserRequest)
        fields = {"query_word": "Li", "offset": 0, "size": 10}
        self.simulator.control("POST", f"/apps/{APP}/permissions", {"revoke": ["qyapi_addresslist_search"]})
        error = self.refused(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", *search, **fields)
        self.assertIn("qyapi_addresslist_search", str(vars(error)))
        self.simulator.control("POST", f"/apps/{APP}/permissions", {"grant": ["qyapi_addresslist_search"]})
        self.simulator.control("POST", "/faults", {"action": {"throttle": "app"}})
        self.refused(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", *search, **fields)
        self.simulator.control("POST", "/faults", {"action": "busy"})
        self.refused(500, "system.busy", *search, **fields)
        self.simulator.control("DELETE", "/tokens")
        self.refused(400, "InvalidAuthentication", *search, **fields)


if __name__ == "__main__":
    unittest.main()
