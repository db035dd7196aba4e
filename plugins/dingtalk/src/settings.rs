//! The settings of a connection. Their schema for operators stands in `connector.toml`.

use rosterd_sdk::Fault;
use serde::Deserialize;
use std::collections::BTreeSet;

/// What the operator wrote, defaults filled in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// AppKey of the application; only the host uses it.
    pub app_key: String,
    /// Departments to read, with everything below; none: all that the application may see.
    #[serde(default)]
    pub departments: Vec<i64>,
    /// Whether each department is asked for what its listing lacks.
    #[serde(default = "yes")]
    pub department_details: bool,
    /// Whether each person is.
    #[serde(default)]
    pub details: Details,
    /// Whether to ask how many people there are.
    #[serde(default = "yes")]
    pub count: bool,
    /// Whether there are deltas, of leavers only.
    #[serde(default)]
    pub leavers: bool,
    /// The organisation, which events must be about and envelopes may be for.
    pub corp_id: Option<String>,
    /// Hosts and ports that Stream mode may connect to; only the hub uses them, but for `ws://` in front.
    #[serde(default)]
    pub gateways: Vec<String>,
    /// The department at the top of what is written: for departments without a parent, and people without a department.
    #[serde(default = "root")]
    pub top_department: i64,
    /// What kind of account is made where the mapping does not say it.
    #[serde(default)]
    pub new_accounts: NewAccounts,
    /// Whether the organisation is registered outside of the mainland: then every mobile number has its prefix.
    #[serde(default)]
    pub overseas: bool,
    /// Whether DingTalk sends the first password of a dedicated account to its owner.
    #[serde(default)]
    pub send_password: bool,
    /// Whether `check` looks for the permissions to write.
    #[serde(default)]
    pub check_writing: bool,
    /// Language of names.
    #[serde(default = "chinese")]
    pub language: String,
    /// The old interface.
    #[serde(default = "old_server")]
    pub server: String,
    /// The new interface.
    #[serde(default = "new_server")]
    pub new_server: String,
}

/// Where the attributes of people come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Details {
    /// The listings of departments.
    #[default]
    Listed,
    /// A call for each person.
    Each,
}

/// A kind of account that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewAccounts {
    /// A person's own account, known by its mobile number.
    #[default]
    Ordinary,
    /// A dedicated account that logs in with a password kept by DingTalk.
    Dingtalk,
    /// A dedicated account that logs in at the organisation.
    Sso,
}

impl Settings {
    /// Settings that no schema can check.
    ///
    /// # Errors
    /// `settings`, naming the one that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        let known: BTreeSet<i64> = self.departments.iter().copied().collect();
        if known.len() != self.departments.len() || known.first().is_some_and(|id| *id < 1) {
            let text = "the setting departments names ids of departments, whole numbers from 1, each once";
            return Err(Fault::settings(text).about("departments"));
        }
        if self.top_department < crate::tree::ROOT {
            let text = "the setting top-department is the id of a department, a whole number from 1";
            return Err(Fault::settings(text).about("top-department"));
        }
        for (name, url) in [("server", &self.server), ("new-server", &self.new_server)] {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if rest.is_none_or(|rest| rest.is_empty() || rest.contains(['/', '?', '#'])) {
                let text =
                    format!("the setting {name} must be a url of a host only, such as https://oapi.dingtalk.com");
                return Err(Fault::settings(text).about(name));
            }
        }
        Ok(())
    }

    /// True if people are asked for one by one.
    #[must_use]
    pub fn each(&self) -> bool {
        self.details == Details::Each
    }
}

fn root() -> i64 {
    crate::tree::ROOT
}

fn yes() -> bool {
    true
}

fn chinese() -> String {
    "zh_CN".to_owned()
}

fn old_server() -> String {
    "https://oapi.dingtalk.com".to_owned()
}

fn new_server() -> String {
    "https://api.dingtalk.com".to_owned()
}
