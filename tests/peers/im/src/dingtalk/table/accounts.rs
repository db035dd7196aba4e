//! The life of dedicated accounts.

use super::{Call, new};
use crate::dingtalk::accounts;
use crate::schema::{Field, flag, integers, list, map, text};

const USER: Field = text("userId").required();
const RESULT: &[Field] = &[flag("result")];
/// The permission of all these calls. The Python library has a field `permissionCode` besides, which no page explains.
const SECURITY: &str = "Contact.OrgAccountSecurity.ReadWrite";

pub(super) const CALLS: &[Call] = &[
    new("/v1.0/contact/orgAccounts/enable", &[USER], RESULT, accounts::enable).permission(SECURITY).writes(),
    new("/v1.0/contact/orgAccounts/disable", &[USER, text("reason")], RESULT, accounts::disable)
        .permission(SECURITY)
        .writes(),
    new(
        "/v1.0/contact/orgAccounts/signOut",
        &[USER, text("reason"), map("reasonI18nForEmployee")],
        RESULT,
        accounts::sign_out,
    )
    .permission(SECURITY)
    .writes(),
    new("/v1.0/contact/orgAccounts/status", &[USER], &[flag("disable")], accounts::status).get().permission(SECURITY),
    new(
        "/v1.0/contact/orgAccounts/ownedOrganizations",
        &[USER],
        &[list("orgList", &[text("corpId"), text("corpName")])],
        accounts::owned_organisations,
    )
    .get()
    .permission(SECURITY),
    new(
        "/v1.0/contact/orgAccounts/multiOrgPermissions/auth",
        &[text("joinCorpId").required(), integers("grantDeptIdList")],
        &[],
        accounts::allow_joining,
    )
    .permission(SECURITY)
    .writes(),
    new(
        "/v1.0/contact/orgAccounts/dingTalkIds/change",
        &[USER, text("dingTalkId").required()],
        RESULT,
        accounts::change_dingtalk_id,
    )
    .permission(SECURITY)
    .writes(),
];
