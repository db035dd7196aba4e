//! Departments. They are written by the old interface only; the new one searches.

use super::{Call, LANGUAGE, bare, new, old};
use crate::dingtalk::departments::{read, write};
use crate::dingtalk::search;
use crate::schema::{Field, commas, flag, integer, integers, list, object, text, texts};

const ID: Field = integer("dept_id").required();
/// 1 to 64 letters, which have a code of their own.
const NAME: Field = text("name").min(1).max(64).refused(60001);
const ORDER: Field = integer("order").refused(40011);

const BASIC: &[Field] = &[
    integer("dept_id"),
    text("name"),
    integer("parent_id"),
    flag("create_dept_group"),
    flag("auto_add_user"),
    text("ext"),
    flag("from_union_org"),
    text("source_identifier"),
    text("tags"),
];

const WHOLE: &[Field] = &[
    integer("dept_id"),
    text("name"),
    integer("parent_id"),
    integer("order"),
    text("source_identifier"),
    text("code"),
    text("brief"),
    text("telephone"),
    // Spelled so by the vendor in answers, and `extension` in requests.
    text("extention"),
    text("tags"),
    flag("from_union_org"),
    flag("create_dept_group"),
    flag("auto_add_user"),
    flag("auto_approve_apply"),
    text("dept_group_chat_id"),
    flag("group_contain_sub_dept"),
    text("org_dept_owner"),
    texts("dept_manager_userid_list"),
    flag("outer_dept"),
    integers("outer_permit_depts"),
    texts("outer_permit_users"),
    flag("hide_dept"),
    integers("dept_permits"),
    texts("user_permits"),
    integer("member_count"),
    integer("owning_member_count"),
    object("union_dept_ext", &[integer("dept_id"), text("corp_id")]),
];

const CREATE: &[Field] = &[
    NAME.required(),
    integer("parent_id").required(),
    ORDER,
    text("source_identifier"),
    flag("create_dept_group"),
    flag("hide_dept"),
    flag("outer_dept"),
    flag("outer_dept_only_self"),
    flag("auto_approve_apply"),
    // The page says 50 for each pair together, the Java library 200 each. Each is checked here, the pair by the handler.
    commas("dept_permits").max(50),
    commas("user_permits").max(50),
    commas("outer_permit_depts").max(50),
    commas("outer_permit_users").max(50),
    text("brief").max(255),
    text("telephone").max(50),
    text("extension"),
];

const UPDATE: &[Field] = &[
    ID,
    NAME,
    integer("parent_id"),
    ORDER,
    LANGUAGE,
    text("source_identifier"),
    flag("create_dept_group"),
    flag("hide_dept"),
    flag("outer_dept"),
    flag("outer_dept_only_self"),
    flag("auto_approve_apply"),
    flag("auto_add_user"),
    commas("dept_permits").max(50),
    commas("user_permits").max(50),
    commas("outer_permit_depts").max(50),
    commas("outer_permit_users").max(50),
    text("brief").max(255),
    text("telephone").max(50),
    text("extension"),
    commas("dept_manager_userid_list"),
    flag("group_contain_sub_dept"),
    flag("group_contain_outer_dept"),
    flag("group_contain_hidden_dept"),
    text("org_dept_owner"),
    text("code").max(30),
    text("force_update_fields").one_of(&["dept_manager_userid_list"]),
];

const READ: &str = "qyapi_get_department_list";
const WRITE: &str = "qyapi_manage_addresslist";

pub(super) const CALLS: &[Call] = &[
    old("/topapi/v2/department/listsub", &[integer("dept_id"), LANGUAGE], &[list("result", BASIC)], read::list_below)
        .permission(READ),
    old(
        "/topapi/v2/department/listsubid",
        &[ID],
        &[object("result", &[integers("dept_id_list")])],
        read::list_ids_below,
    )
    .permission(READ),
    old(
        "/topapi/v2/department/listparentbydept",
        &[ID],
        &[object("result", &[integers("parent_id_list")])],
        read::path_of_department,
    )
    .permission(READ),
    old(
        "/topapi/v2/department/listparentbyuser",
        &[text("userid").required().max(64)],
        &[object("result", &[list("parent_list", &[integers("parent_dept_id_list")])])],
        read::paths_of_user,
    )
    .permission(READ),
    old("/topapi/v2/department/get", &[ID, LANGUAGE], &[object("result", WHOLE)], read::get).permission(READ),
    old("/topapi/v2/department/create", CREATE, &[object("result", &[integer("dept_id")])], write::create)
        .permission(WRITE)
        .refusal(40035)
        .writes(),
    old("/topapi/v2/department/update", UPDATE, &[], write::update).permission(WRITE).refusal(40035).writes(),
    old("/topapi/v2/department/delete", &[ID], &[], write::delete).permission(WRITE).writes(),
    new(
        "/v1.0/contact/departments/search",
        &[text("queryWord").required(), integer("offset").required(), integer("size").required().range(1, 100)],
        &[flag("hasMore"), integer("totalCount"), bare("list")],
        search::departments,
    )
    .permission("qyapi_addresslist_search"),
];
