//! Those who left or are about to.

use super::{Call, new, old};
use crate::dingtalk::leavers;
use crate::schema::{Field, commas, flag, integer, list, object, text, texts};

const RECORD: &[Field] =
    &[text("userId"), text("name"), text("stateCode"), text("mobile"), text("leaveTime"), text("leaveReason")];

const DISMISSAL: &[Field] = &[
    text("userId"),
    text("name"),
    integer("lastWorkDay"),
    list("deptList", &[integer("dept_id"), text("dept_path")]),
    text("reasonMemo"),
    integer("preStatus"),
    text("handoverUserId"),
    integer("status"),
    text("mainDeptName"),
    integer("mainDeptId"),
    texts("voluntaryReason"),
    texts("passiveReason"),
];

const START: &[Field] = &[
    text("userId").required(),
    integer("lastWorkDate").required(),
    texts("terminationReasonVoluntary"),
    texts("terminationReasonPassive"),
    text("remark"),
    flag("partner"),
    flag("toHireBlackList"),
    flag("toHireDismissionTalent"),
    flag("toHrmBlackList"),
];

/// The permission of the personnel module. Which one starts a dismissal no source names; it is this one here.
const HRM: &str = "qyapi_hrm_read_user";

const PAGE: &[Field] = &[object("result", &[texts("data_list"), integer("next_cursor")])];

pub(super) const CALLS: &[Call] = &[
    new(
        "/v1.0/contact/empLeaveRecords",
        &[
            text("startTime").required(),
            text("endTime"),
            text("nextToken").required(),
            integer("maxResults").required().range(1, 50),
        ],
        &[text("nextToken"), list("records", RECORD)],
        leavers::records,
    )
    .get()
    .permission("Contact.Common.Read"),
    new(
        "/v1.0/hrm/employees/dismissions",
        &[integer("nextToken").range(0, i64::MAX), integer("maxResults").range(1, 50)],
        &[integer("nextToken"), flag("hasMore"), texts("userIdList")],
        leavers::dismissed,
    )
    .get()
    .permission(HRM),
    new(
        "/v1.0/hrm/employees/dimissionInfos",
        &[texts("userIdList").required().max(50)],
        &[list("result", DISMISSAL)],
        leavers::dismissals,
    )
    .get()
    .permission(HRM),
    new(
        "/v1.0/hrm/pendingDismission/start",
        START,
        &[text("requestId"), flag("success"), flag("result")],
        leavers::start,
    )
    .permission(HRM)
    .writes(),
    old(
        "/topapi/smartwork/hrm/employee/queryonjob",
        &[
            commas("status_list").required(),
            integer("offset").required().range(0, i64::MAX).refused(40068),
            integer("size").required().range(1, 50).refused(40069),
        ],
        PAGE,
        leavers::on_job,
    )
    .permission(HRM),
    old(
        "/topapi/smartwork/hrm/employee/querydimission",
        &[
            integer("offset").required().range(0, i64::MAX).refused(40068),
            integer("size").required().range(1, 50).refused(40069),
        ],
        PAGE,
        leavers::left,
    )
    .permission(HRM),
];
