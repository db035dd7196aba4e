//! Accounts, org units and groups as clients write and read them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The most org units of an account, beside its own.
pub(super) const MOST_UNITS: usize = 100;
/// The most attributes of the company's own.
pub(super) const MOST_OWN: usize = 100;
/// The longest text of an attribute of the company's own, in characters.
pub(super) const LONGEST_OWN: usize = 4096;
/// The most texts of one attribute.
pub(super) const MOST_TEXTS: usize = 100;

/// The greatest whole number, as the least one with its sign: those that every reader of JSON reads as they are.
pub(super) const GREATEST: i64 = (1 << 53) - 1;

/// A value of an attribute of the company's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, try_from = "serde_json::Value")]
pub(super) enum Own {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// Text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
}

impl TryFrom<serde_json::Value> for Own {
    type Error = &'static str;

    fn try_from(value: serde_json::Value) -> Result<Self, Self::Error> {
        use serde_json::Value;
        const NONE: &str = "it is no text, no whole number, neither true nor false, and no list of texts";
        match value {
            Value::Bool(flag) => Ok(Self::Flag(flag)),
            Value::Number(number) => whole(&number).map(Self::Whole).ok_or(NONE),
            Value::String(text) => Ok(Self::Text(text)),
            Value::Array(list) => {
                let texts = list.into_iter().map(|one| if let Value::String(text) = one { Some(text) } else { None });
                texts.collect::<Option<_>>().map(Self::Texts).ok_or(NONE)
            }
            Value::Null | Value::Object(_) => Err(NONE),
        }
    }
}

/// A whole number, however it is written: 7.0 is one, too.
fn whole(number: &serde_json::Number) -> Option<i64> {
    let value = number.as_i64().or_else(|| {
        let value = number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() <= GREATEST as f64)?;
        Some(value as i64)
    });
    value.filter(|value| value.unsigned_abs() <= GREATEST.unsigned_abs())
}

/// Attributes of the company's own, by name.
pub(super) type Owns = BTreeMap<String, Own>;

/// A person's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Account {
    /// The name by which the person logs in; no other account of this connection has it.
    #[schema(pattern = r"NAME", min_length = 1, max_length = 256)]
    pub(super) user_name: String,
    /// The number or name of the person in the client's own system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 256)]
    pub(super) external_id: Option<String>,
    /// How the person is called.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 256)]
    pub(super) display_name: Option<String>,
    /// The given name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 256)]
    pub(super) given_name: Option<String>,
    /// The family name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 256)]
    pub(super) family_name: Option<String>,
    /// The address of e-mail at work.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"EMAIL", max_length = 254)]
    pub(super) email: Option<String>,
    /// True: the client has made sure that the address is the person's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) email_verified: Option<bool>,
    /// The mobile telephone, as E.164 writes it: `+8613800000000`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"PHONE", max_length = 22)]
    pub(super) phone_number: Option<String>,
    /// True: the client has made sure that the telephone is the person's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) phone_number_verified: Option<bool>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 256)]
    pub(super) title: Option<String>,
    /// The department, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 256)]
    pub(super) department: Option<String>,
    /// The number of the person in the company.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 256)]
    pub(super) employee_number: Option<String>,
    /// The language that the person likes best: `zh-CN`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 64)]
    pub(super) preferred_language: Option<String>,
    /// Anything to be remembered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 1024)]
    pub(super) description: Option<String>,
    /// False: the account may not be used. Left out: it may.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) active: Option<bool>,
    /// The id of the org unit where the person works.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"ID", max_length = 256)]
    pub(super) org_unit: Option<String>,
    /// Ids of further org units.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(max_items = 100)]
    pub(super) org_units: Option<Vec<String>>,
    /// The id of the account of the manager.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"ID", max_length = 256)]
    pub(super) manager: Option<String>,
    /// Attributes of the company's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(super) attributes: Option<Owns>,
}

/// A unit of the organisation's tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct OrgUnit {
    /// What it is called.
    #[schema(pattern = r"WORDS", min_length = 1, max_length = 256)]
    pub(super) display_name: String,
    /// The number or name of the unit in the client's own system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 256)]
    pub(super) external_id: Option<String>,
    /// Anything to be remembered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 1024)]
    pub(super) description: Option<String>,
    /// The id of the unit above; left out for one that stands at the top.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"ID", max_length = 256)]
    pub(super) parent: Option<String>,
    /// The id of the account of whoever leads it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"ID", max_length = 256)]
    pub(super) manager: Option<String>,
    /// Attributes of the company's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(super) attributes: Option<Owns>,
}

/// A set of accounts or groups. Who is in it stands under `/members`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Group {
    /// What it is called.
    #[schema(pattern = r"WORDS", min_length = 1, max_length = 256)]
    pub(super) display_name: String,
    /// The number or name of the group in the client's own system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 256)]
    pub(super) external_id: Option<String>,
    /// Anything to be remembered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(pattern = r"TEXT", max_length = 1024)]
    pub(super) description: Option<String>,
    /// Attributes of the company's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(super) attributes: Option<Owns>,
}

/// What a member of a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MemberKind {
    /// An account.
    Account,
    /// A group.
    Group,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    /// What it is.
    #[serde(rename = "type")]
    pub(super) kind: MemberKind,
    /// Its id.
    #[schema(pattern = r"ID", min_length = 1, max_length = 256)]
    pub(super) id: String,
}

/// Members that come or go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Members {
    /// At most a thousand at once.
    #[schema(min_items = 1, max_items = 1000)]
    pub(super) members: Vec<Member>,
}

/// One page of the members of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct MemberPage {
    /// In the order of kinds and ids.
    #[schema(max_items = 500)]
    pub(super) items: Vec<Member>,
    /// Where the next page begins; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"CURSOR", max_length = 2048)]
    pub(super) next: Option<String>,
    /// How many there are.
    pub(super) total: u64,
}

/// How the document shows a value of the company's own.
pub(super) fn own_schema(nothing: bool) -> serde_json::Value {
    let mut any = vec![
        serde_json::json!({ "type": "string", "pattern": super::pattern::TEXT, "maxLength": LONGEST_OWN }),
        serde_json::json!({ "type": "integer", "format": "int64", "minimum": -GREATEST, "maximum": GREATEST }),
        serde_json::json!({ "type": "boolean" }),
        serde_json::json!({ "type": "array", "maxItems": MOST_TEXTS,
            "items": { "type": "string", "pattern": super::pattern::WORDS, "maxLength": LONGEST_OWN } }),
    ];
    if nothing {
        any.push(serde_json::json!({ "type": "null" }));
    }
    serde_json::json!({ "anyOf": any })
}
