//! Members. One call creates ordinary and dedicated accounts; which fields a dedicated one needs is the handler's business.

use super::{Call, LANGUAGE, bare, new, old};
use crate::dingtalk::search;
use crate::dingtalk::users::{create, look, read, remove, update};
use crate::schema::{Field, any, commas, flag, integer, integers, json_text, list, object, text, texts};

const USERID: Field = text("userid").required().max(64);
const DEPARTMENT: Field = integer("dept_id").required().range(1, i64::MAX);
const PAGE: &[Field] = &[
    DEPARTMENT,
    integer("cursor").required().range(0, 100_000).refused(40068),
    integer("size").required().range(1, 100).refused(40069),
    text("order_field").one_of(&["entry_asc", "entry_desc", "modify_asc", "modify_desc", "custom"]),
    flag("contain_access_limit"),
    LANGUAGE,
];

const ROLE: &[Field] = &[integer("id"), text("name"), text("group_name")];
const POSITION: &[Field] = &[integer("dept_id"), text("title"), text("work_place"), flag("is_main")];
const UNION: &[Field] =
    &[text("userid"), text("corp_id"), list("union_emp_map_list", &[text("userid"), text("corp_id")])];

/// What single and listed members have in common.
macro_rules! member {
    ($($more:expr),* $(,)?) => { &[
        text("userid"), text("unionid"), text("name"), text("avatar"), text("state_code"), text("mobile"),
        flag("hide_mobile"), text("telephone"), text("job_number"), text("title"), text("work_place"), text("remark"),
        text("email"), text("org_email"), text("org_email_type"), text("login_email"), integers("dept_id_list"),
        text("extension"), any("extension_i18n"), integer("hired_date"), flag("active"), flag("admin"), flag("boss"),
        flag("exclusive_account"), text("exclusive_account_type"), text("login_id"), text("nickname"),
        text("exclusive_account_corp_id"), text("exclusive_account_corp_name"), flag("disable_status"),
        $($more),*
    ] };
}

const WHOLE: &[Field] = member![
    text("manager_userid"),
    list("dept_order_list", &[integer("dept_id"), integer("order")]),
    list("leader_in_dept", &[integer("dept_id"), flag("leader")]),
    list("dept_position_list", POSITION),
    flag("real_authed"),
    flag("senior"),
    list("role_list", ROLE),
    object("union_emp_ext", UNION),
];

const LISTED: &[Field] = member![integer("dept_order"), flag("leader")];

const CREATE: &[Field] = &[
    text("userid").min(1).max(64),
    text("name").required().min(1).max(80).refused(60112),
    text("mobile"),
    commas("dept_id_list").required().max(100),
    list("dept_order_list", &[integer("dept_id").required(), integer("order").required()]).max(100),
    list("dept_title_list", &[integer("dept_id").required(), text("title").required()]).max(100),
    list("dept_position_list", POSITION).max(999),
    text("telephone").max(50),
    text("job_number").max(50).refused(60123),
    text("title").max(200).refused(60119),
    text("email").max(50).refused(60105),
    text("org_email").max(100),
    text("org_email_type").one_of(&["profession", "base"]),
    text("work_place").max(100),
    text("remark").max(2000),
    integer("hired_date").range(1, i64::MAX),
    text("manager_userid"),
    text("login_email").max(64),
    json_text("extension").max(2000).refused(60122),
    any("extension_i18n"),
    flag("hide_mobile"),
    flag("senior_mode"),
    flag("exclusive_account"),
    text("exclusive_account_type").one_of(&["dingtalk", "sso"]),
    text("login_id"),
    text("init_password"),
    flag("send_password_to_user"),
    text("exclusive_mobile"),
    // Only the Java library knows it.
    text("exclusive_mobile_verify_status"),
    // Spelled so, among names with underscores.
    text("avatarMediaId"),
    text("nickname"),
    text("outer_exclusive_corpid"),
    text("outer_exclusive_userid"),
];

const UPDATE: &[Field] = &[
    USERID,
    text("name").min(1).max(80).refused(60112),
    // In the Java library, but no page has it: a number that differs is refused.
    text("mobile"),
    commas("dept_id_list").max(300),
    list("dept_order_list", &[integer("dept_id").required(), integer("order").required()]).max(100),
    list("dept_title_list", &[integer("dept_id").required(), text("title").required()]).max(100),
    list("dept_position_list", POSITION).max(999),
    text("telephone").max(50),
    text("job_number").max(50).refused(60123),
    text("title").max(200).refused(60119),
    text("email").max(50).refused(60105),
    text("org_email").max(100),
    text("org_email_type").one_of(&["profession", "base"]),
    text("work_place").max(100),
    text("remark").max(2000),
    integer("hired_date").range(1, i64::MAX),
    text("manager_userid"),
    json_text("extension").max(2000).refused(60122),
    integer("ext_attrs_update_mode").range(0, 1),
    any("extension_i18n"),
    flag("hide_mobile"),
    flag("senior_mode"),
    LANGUAGE,
    commas("force_update_fields"),
    // In camel case here, with an underscore on create.
    text("loginId"),
    text("init_password"),
    flag("send_password_to_user"),
    text("exclusive_mobile"),
    text("avatarMediaId"),
    text("nickname"),
];

const LIST: &str = "qyapi_get_department_member";
const GET: &str = "qyapi_get_member";
const WRITE: &str = "qyapi_manage_addresslist";

macro_rules! page_of {
    ($item:expr) => {
        &[object("result", &[flag("has_more"), integer("next_cursor"), list("list", $item)])]
    };
}

pub(super) const CALLS: &[Call] = &[
    old("/topapi/v2/user/list", PAGE, page_of!(LISTED), read::list).permission(LIST).refusal(40035),
    old("/topapi/user/listsimple", PAGE, page_of!(&[text("userid"), text("name")]), read::list_simple)
        .permission(LIST)
        .refusal(40035),
    old("/topapi/user/listid", &[DEPARTMENT], &[object("result", &[texts("userid_list")])], read::list_ids)
        .permission(LIST),
    old("/topapi/user/count", &[flag("only_active").required()], &[object("result", &[integer("count")])], read::count)
        .permission(LIST),
    old("/topapi/v2/user/get", &[USERID, LANGUAGE, text("login_id")], &[object("result", WHOLE)], look::get)
        .permission(GET),
    old(
        "/topapi/v2/user/getbymobile",
        &[text("mobile").required().refused(40104), flag("support_exclusive_account_search")],
        &[object("result", &[text("userid"), texts("exclusive_account_userid_list")])],
        look::by_mobile,
    )
    .permission("qyapi_get_member_by_mobile"),
    old(
        "/topapi/user/getbyunionid",
        &[text("unionid").required()],
        &[object("result", &[integer("contact_type"), text("userid")])],
        look::by_unionid,
    )
    .permission(GET),
    old("/topapi/v2/user/create", CREATE, &[object("result", &[text("userid"), text("unionId")])], create::create)
        .permission(WRITE)
        .refusal(40035)
        .writes(),
    old("/topapi/v2/user/update", UPDATE, &[], update::update).permission(WRITE).refusal(40035).writes(),
    old("/topapi/v2/user/delete", &[USERID], &[], remove::delete).permission(WRITE).writes(),
    new(
        "/v1.0/contact/users/search",
        &[
            text("queryWord").required(),
            integer("offset").required(),
            integer("size").required().range(1, 100),
            integer("fullMatchField").range(0, 1),
        ],
        &[flag("hasMore"), integer("totalCount"), bare("list")],
        search::users,
    )
    .permission("qyapi_addresslist_search"),
];
