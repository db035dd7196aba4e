//! The calls of the writing role, and the permission that each needs.
//!
//! Sources are DingTalk's pages of the same names: "create user", "update user information", "delete user", "get userid by
//! mobile number", "create department", "search department ids", "enable enterprise account" and so on.

use crate::api::{Api, Call};
use serde_json::{Map, Value, json};

/// Adds a member.
pub const CREATE_PERSON: &str = "/topapi/v2/user/create";
/// Changes a member.
pub const UPDATE_PERSON: &str = "/topapi/v2/user/update";
/// Removes a member.
pub const DELETE_PERSON: &str = "/topapi/v2/user/delete";
/// Finds a member by a number.
pub const BY_MOBILE: &str = "/topapi/v2/user/getbymobile";
/// Finds a member by its unionid.
pub const BY_UNIONID: &str = "/topapi/user/getbyunionid";
/// Shows a member.
pub const GET_PERSON: &str = "/topapi/v2/user/get";
/// Adds a department.
pub const CREATE_UNIT: &str = "/topapi/v2/department/create";
/// Changes a department.
pub const UPDATE_UNIT: &str = "/topapi/v2/department/update";
/// Removes a department.
pub const DELETE_UNIT: &str = "/topapi/v2/department/delete";
/// Shows a department.
pub const GET_UNIT: &str = "/topapi/v2/department/get";
/// The children of a department.
pub const CHILDREN: &str = "/topapi/v2/department/listsub";
/// The ids of all children of a department, also of those that the application may not see.
pub const CHILD_IDS: &str = "/topapi/v2/department/listsubid";
/// Departments by a part of their names.
pub const SEARCH_UNITS: &str = "/v1.0/contact/departments/search";
/// Members by their names.
pub const SEARCH_PEOPLE: &str = "/v1.0/contact/users/search";
/// Lets a dedicated account be used.
pub const ENABLE: &str = "/v1.0/contact/orgAccounts/enable";
/// Stops a dedicated account.
pub const DISABLE: &str = "/v1.0/contact/orgAccounts/disable";
/// Ends the sessions of a dedicated account.
pub const SIGN_OUT: &str = "/v1.0/contact/orgAccounts/signOut";

/// Permission points, as the developer console names them.
pub const PERMISSIONS: [(&str, &str); 14] = [
    (CREATE_PERSON, "qyapi_manage_addresslist"),
    (UPDATE_PERSON, "qyapi_manage_addresslist"),
    (DELETE_PERSON, "qyapi_manage_addresslist"),
    (CREATE_UNIT, "qyapi_manage_addresslist"),
    (UPDATE_UNIT, "qyapi_manage_addresslist"),
    (DELETE_UNIT, "qyapi_manage_addresslist"),
    (BY_MOBILE, "qyapi_get_member_by_mobile"),
    (BY_UNIONID, "qyapi_get_member"),
    (CHILD_IDS, "qyapi_get_department_list"),
    (SEARCH_UNITS, "qyapi_addresslist_search"),
    (SEARCH_PEOPLE, "qyapi_addresslist_search"),
    (ENABLE, "Contact.OrgAccountSecurity.ReadWrite"),
    (DISABLE, "Contact.OrgAccountSecurity.ReadWrite"),
    (SIGN_OUT, "Contact.OrgAccountSecurity.ReadWrite"),
];

/// The permission that a call of writing needs.
#[must_use]
pub fn permission(path: &str) -> &'static str {
    PERMISSIONS.iter().find(|(own, _)| *own == path).map_or("", |(_, permission)| *permission)
}

/// Why an account is stopped or signed out, as the administrators of the organisation see it.
const REASON: &str = "rosterd";

impl Api {
    /// Adds a member with these fields. `who` is for messages; a mobile number has no place there.
    #[must_use]
    pub fn create_person(&self, who: &str, fields: &Map<String, Value>) -> Call {
        self.post(CREATE_PERSON, who.to_owned(), &json!(fields))
    }

    /// Changes these fields of a member.
    #[must_use]
    pub fn update_person(&self, userid: &str, fields: &Map<String, Value>) -> Call {
        let mut body = fields.clone();
        body.insert("userid".to_owned(), userid.into());
        self.post(UPDATE_PERSON, format!("person {userid}"), &Value::Object(body))
    }

    /// Removes a member.
    #[must_use]
    pub fn delete_person(&self, userid: &str) -> Call {
        self.post(DELETE_PERSON, format!("person {userid}"), &json!({ "userid": userid }))
    }

    /// The members of a mobile number: the ordinary account, and the dedicated ones of this organisation.
    #[must_use]
    pub fn by_mobile(&self, mobile: &str) -> Call {
        let body = json!({ "mobile": mobile, "support_exclusive_account_search": true });
        self.post(BY_MOBILE, "by a mobile number".to_owned(), &body)
    }

    /// The member of a unionid.
    #[must_use]
    pub fn by_unionid(&self, unionid: &str) -> Call {
        self.post(BY_UNIONID, format!("unionid {unionid}"), &json!({ "unionid": unionid }))
    }

    /// The dedicated account that logs in with this name.
    #[must_use]
    pub fn by_login(&self, login: &str) -> Call {
        // The name wins over the userid, which the page still wants.
        let body = json!({ "userid": login, "login_id": login, "language": self.language() });
        self.post(GET_PERSON, format!("login id {login}"), &body)
    }

    /// Members with exactly this name, from a place in the list.
    #[must_use]
    pub fn search_people(&self, name: &str, offset: usize, size: usize) -> Call {
        let body = json!({ "queryWord": name, "offset": offset, "size": size, "fullMatchField": 1 });
        self.post_new(SEARCH_PEOPLE, format!("people named {name}"), &body)
    }

    /// Adds a department with these fields.
    #[must_use]
    pub fn create_unit(&self, name: &str, fields: &Map<String, Value>) -> Call {
        self.post(CREATE_UNIT, format!("department {name}"), &json!(fields))
    }

    /// Changes these fields of a department.
    #[must_use]
    pub fn update_unit(&self, id: i64, fields: &Map<String, Value>) -> Call {
        let mut body = fields.clone();
        body.insert("dept_id".to_owned(), id.into());
        self.post(UPDATE_UNIT, format!("department {id}"), &Value::Object(body))
    }

    /// Removes a department, and the empty ones below it.
    #[must_use]
    pub fn delete_unit(&self, id: i64) -> Call {
        self.post(DELETE_UNIT, format!("department {id}"), &json!({ "dept_id": id }))
    }

    /// The ids of a department's children.
    #[must_use]
    pub fn child_ids(&self, id: i64) -> Call {
        self.post(CHILD_IDS, format!("department {id}"), &json!({ "dept_id": id }))
    }

    /// Departments whose name has this in it, from a place in the list.
    #[must_use]
    pub fn search_units(&self, name: &str, offset: usize, size: usize) -> Call {
        let body = json!({ "queryWord": name, "offset": offset, "size": size });
        self.post_new(SEARCH_UNITS, format!("departments named {name}"), &body)
    }

    /// A call that names nobody, and can do nothing: its refusal tells whether it would be allowed.
    #[must_use]
    pub fn nobody(&self, path: &'static str) -> Call {
        let about = "nobody, to see whether it is allowed".to_owned();
        if path.starts_with("/v1.0/") {
            self.post_new(path, about, &json!({}))
        } else {
            self.post(path, about, &json!({}))
        }
    }

    /// Lets a dedicated account be used, or stops it.
    #[must_use]
    pub fn set_enabled(&self, userid: &str, enabled: bool) -> Call {
        let about = format!("person {userid}");
        if enabled {
            return self.post_new(ENABLE, about, &json!({ "userId": userid }));
        }
        self.post_new(DISABLE, about, &json!({ "userId": userid, "reason": REASON }))
    }

    /// Ends the sessions of a dedicated account.
    #[must_use]
    pub fn sign_out(&self, userid: &str) -> Call {
        self.post_new(SIGN_OUT, format!("person {userid}"), &json!({ "userId": userid, "reason": REASON }))
    }
}
