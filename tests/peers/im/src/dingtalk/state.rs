//! The organisation: what the state file holds. Everything has a default, so that a file names only what it is about.

use super::index::Index;
use crate::clock::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::OnceLock;

/// The department above all.
pub const ROOT: i64 = 1;

/// A state file.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Org {
    /// The organisation's id.
    pub corp_id: String,
    /// Its name.
    pub corp_name: String,
    /// Departments by id. The root exists even if it is not named.
    pub departments: BTreeMap<i64, Department>,
    /// Members by userid.
    pub users: BTreeMap<String, User>,
    /// Those who left, in the order in which they did.
    pub leavers: Vec<Leaver>,
    /// Invitations that were not answered yet, by mobile number.
    pub invitations: BTreeMap<String, Invitation>,
    /// Applications by AppKey.
    pub apps: BTreeMap<String, App>,
    /// How the organisation and the simulator are set up.
    pub settings: Settings,
    /// The id that the next department gets.
    pub next_department: i64,
    /// What is found once as long as nothing changes; none while something may.
    #[serde(skip)]
    pub(super) index: Option<OnceLock<Index>>,
}

/// A department.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Department {
    /// Its name.
    pub name: String,
    /// The department above; none for the root.
    pub parent_id: Option<i64>,
    /// Place among its siblings, small first.
    pub order: i64,
    /// Everything else that the interface names, under the interface's names; lists are lists.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub more: Map<String, Value>,
}

/// A member.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct User {
    /// Unique among the applications of one developer.
    pub unionid: String,
    /// Name.
    pub name: String,
    /// Departments that it is a direct member of.
    pub dept_id_list: Vec<i64>,
    /// Place in each of them, large first.
    pub dept_order: BTreeMap<i64, i64>,
    /// Title in each of them.
    pub dept_title: BTreeMap<i64, String>,
    /// Work place in each of them.
    pub dept_work_place: BTreeMap<i64, String>,
    /// The department that was marked as the main one.
    pub main_dept: Option<i64>,
    /// Direct manager.
    pub manager_userid: Option<String>,
    /// Fields of the administration console, as an object.
    pub extension: Map<String, Value>,
    /// Roles as the interface shows them.
    pub role_list: Vec<Value>,
    /// The texts `mobile`, `state_code`, `telephone`, `job_number`, `title`, `email`, `org_email`, `org_email_type`,
    /// `work_place`, `remark`, `avatar`, `login_email`, `nickname`, `login_id`, `exclusive_mobile`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<String, String>,
    /// The flags `hide_mobile`, `real_authed`, `senior`, `admin`, `boss`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub flags: BTreeSet<String>,
    /// Whether it never used the software.
    pub inactive: bool,
    /// When it was hired.
    pub hired_date: Option<Millis>,
    /// When it entered.
    pub created: Millis,
    /// When it last changed.
    pub modified: Millis,
    /// A dedicated account.
    pub exclusive: Option<Exclusive>,
    /// Status in the personnel module: 2 trial, 3 regular, 5 about to leave, -1 none.
    pub hrm_status: Option<i64>,
    /// The last day of work and reasons, once leaving was started.
    pub dismissal: Map<String, Value>,
    /// Linked organisations, as the interface shows them.
    pub union_emp_ext: Option<Value>,
    /// Names in other languages, as they were given.
    pub extension_i18n: Option<Value>,
}

/// What only dedicated accounts have.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Exclusive {
    /// `dingtalk` or `sso`.
    pub kind: String,
    /// The organisation that owns it; this one if empty.
    pub owner_corp_id: String,
    /// That organisation's name.
    pub owner_corp_name: String,
    /// Whether it is suspended.
    pub disabled: bool,
    /// How often it was signed out by force.
    pub signed_out: u64,
    /// The id that is unique among all users of the vendor.
    pub dingtalk_id: Option<String>,
    /// When that id last changed.
    pub dingtalk_id_changed: Option<Millis>,
    /// Password, kept so that a test can look.
    pub password: Option<String>,
    /// Other organisations that it belongs to.
    pub organisations: BTreeMap<String, String>,
}

/// Somebody who left.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Leaver {
    /// Who.
    pub userid: String,
    /// `oapi`, `cancel`, `leave`, `delete` or `unknown`.
    pub reason: String,
    /// When.
    pub at: Millis,
    /// What was known of it.
    pub user: User,
}

/// An invitation that a person has to accept first.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Invitation {
    /// The userid that it will have.
    pub userid: String,
    /// What it will be.
    pub user: User,
}

/// An application of the organisation.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct App {
    /// Its secret.
    pub secret: String,
    /// Permission points; all if there is no list.
    pub permissions: Option<BTreeSet<String>>,
    /// What it may see; everything if there is none.
    pub scope: Option<Scope>,
    /// Addresses that it may call from; any if there is no list.
    pub addresses: Option<Vec<IpAddr>>,
    /// Where it is called back.
    pub callback: Option<Callback>,
    /// Whether events go to sockets that it opens.
    pub stream: bool,
    /// What its tokens begin with, so that a test can look for them before there is one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token_prefix: String,
    /// Whether the gateway wraps refusals of tokens into code 88.
    pub wrapped_token_errors: bool,
}

/// What an application may see.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    /// Members by themselves.
    pub users: BTreeSet<String>,
    /// Departments with all below.
    pub departments: BTreeSet<i64>,
}

/// A subscription to callbacks.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Callback {
    /// Where to; `http` only.
    pub url: String,
    /// For the signature.
    pub token: String,
    /// 43 letters.
    pub aes_key: String,
    /// The name at the end of the plain text: AppKey of a subscription in the console, CorpId of one by the interface,
    /// SuiteKey of a third party.
    pub owner: String,
    /// The types of events; all if it is empty.
    pub tags: BTreeSet<String>,
    /// Whether it was made by `register_call_back`.
    pub registered: bool,
    /// How events are spelled.
    pub spelling: Spelling,
    /// Names of the signature in the address.
    pub signature: SignatureName,
}

/// How events are spelled.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// `userId`, `deptId`, `timeStamp` beside `EventType`.
    #[default]
    Current,
    /// `UserId`, `DeptId`, `TimeStamp`.
    Legacy,
}

/// What the signature is called in the address of a callback: documents and their own samples differ.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SignatureName {
    /// Both names.
    #[default]
    Both,
    /// `signature`.
    Signature,
    /// `msg_signature`.
    MsgSignature,
}

/// How the organisation and the simulator are set up.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the clock stands; it runs if there is none.
    pub clock: Option<Millis>,
    /// Whether changes by the interface fire events, too.
    pub echo: bool,
    /// Whether the organisation bought dedicated accounts.
    pub dedicated: bool,
    /// Whether it has the personnel module.
    pub hrm: bool,
    /// Whether it has mailboxes.
    pub mailbox: bool,
    /// Whether it is registered outside of the mainland, so that mobile numbers need a prefix.
    pub overseas: bool,
    /// Keys of `extension` that exist in the console; any if there is no list.
    pub extension_keys: Option<BTreeSet<String>>,
    /// Mobile numbers whose owners have to accept an invitation.
    pub invite: BTreeSet<String>,
    /// Whether somebody who left within a day has to accept one.
    pub invite_returning: bool,
    /// Whether a department with empty departments below is refused with 60006 instead of removed with them.
    pub keep_parents: bool,
    /// Most members; the vendor answers -1 above.
    pub most_users: Option<usize>,
    /// Most departments.
    pub most_departments: Option<usize>,
    /// Most levels of departments.
    pub most_levels: Option<usize>,
    /// Limits.
    pub rates: Rates,
    /// Milliseconds until reads see a write.
    pub lag: Millis,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: None,
            echo: true,
            dedicated: true,
            hrm: true,
            mailbox: true,
            overseas: false,
            extension_keys: None,
            invite: BTreeSet::new(),
            invite_returning: false,
            keep_parents: false,
            most_users: None,
            most_departments: None,
            most_levels: None,
            rates: Rates::default(),
            lag: 0,
        }
    }
}

/// Limits of calls, as the vendor publishes them for its standard edition.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    /// Calls of one application to one path in a second.
    pub app_per_second: u64,
    /// Calls of everybody to one path in a second; the vendor does not say how many.
    pub path_per_second: Option<u64>,
    /// Calls of one application to one path in a minute.
    pub app_per_minute: Option<u64>,
    /// Calls from one address in twenty seconds.
    pub address_per_twenty_seconds: u64,
    /// How long an address is shut out then.
    pub address_pause: Millis,
    /// Calls of the organisation in thirty days to paths that are not exempt.
    pub month: Option<u64>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            app_per_second: 20,
            path_per_second: None,
            app_per_minute: None,
            address_per_twenty_seconds: 10_000,
            address_pause: 5 * crate::clock::MINUTE,
            month: None,
        }
    }
}
