//! What the hub takes of the claims of a good token: who it is, attributes, and where he belongs.
//!
//! A login says what it says, and nothing about the rest: a claim that is missing leaves its attribute as it is. So do
//! groups that the provider did not list because there are too many (an overage is no empty list).

use super::refusal::{Refusal, Refused};
use super::settings::{LoginSettings, Preset, UnverifiedEmail};
use super::validate::tenant_of;
use rosterd_model::ExternalId;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The longest text that is taken.
const LONGEST_TEXT: usize = 1_024;
/// The most values of a list that are taken; a longer list is not.
const MOST_VALUES: usize = 2_000;

/// Who logged in, and what is said of him.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Person {
    pub(super) id: ExternalId,
    /// Attributes of the account.
    pub(super) attributes: Map<String, Value>,
    /// The org unit, by the value of the claim and its display name.
    pub(super) unit: Option<(String, String)>,
    /// Values of the claim of groups that the settings name; none: unknown.
    pub(super) groups: Option<BTreeSet<String>>,
    /// What was left out and why, as sentences.
    pub(super) notes: Vec<String>,
}

/// Who a token is about: the issuer, then what never changes there. An issuer has no `#`, so no two can be mistaken.
pub(super) fn id<S>(settings: &LoginSettings<S>, claims: &Map<String, Value>) -> Result<ExternalId, Refused> {
    let key = match settings.preset {
        // `sub` differs from application to application; `oid` is the person in the tenant.
        Preset::EntraId => {
            let tenant = text_of(claims, "tid");
            if tenant.is_none() || tenant != tenant_of(&settings.issuer) {
                return Err(Refusal::Tenant.into());
            }
            text_of(claims, "oid")
                .ok_or_else(|| Refused::new(Refusal::Subject, "it has no oid; grant the scope profile"))?
        }
        Preset::Generic | Preset::Okta => text_of(claims, "sub").ok_or(Refusal::Subject)?,
    };
    let fits = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        return Err(Refused::new(Refusal::Subject, "it is empty, longer than 255 characters, or not plain ASCII"));
    }
    Ok(ExternalId::from(format!("{}#{key}", settings.issuer)))
}

/// What is taken of the claims of the token, and of those of the userinfo endpoint beside them.
pub(super) fn person<S>(
    settings: &LoginSettings<S>,
    token: &Map<String, Value>,
    userinfo: Option<&Map<String, Value>>,
) -> Result<Person, Refused> {
    let id = id(settings, token)?;
    let mut notes = Vec::new();
    let mut attributes = Map::new();
    attributes.insert("issuer".to_owned(), json!(settings.issuer));
    attributes.insert("subject".to_owned(), json!(id.as_str().rsplit_once('#').map_or("", |(_, key)| key)));
    let find = |claim: &str| token.get(claim).or_else(|| userinfo.and_then(|more| more.get(claim)));
    for (attribute, claim) in settings.wanted_claims() {
        match find(claim).map(plain) {
            None => {}
            Some(Some(value)) => drop(attributes.insert(attribute.to_owned(), value)),
            Some(None) => {
                notes.push(format!("claim \"{claim}\" is no plain value, so \"{attribute}\" was left as it is"));
            }
        }
    }
    // An address and the word about it come from the same place, or one would vouch for the other's address.
    let about_email = [Some(token), userinfo].into_iter().flatten().find(|claims| claims.contains_key("email"));
    match about_email.map(|claims| email(settings, claims)) {
        None => {}
        Some(Ok(address)) => drop(attributes.insert("emails.work".to_owned(), Value::String(address))),
        Some(Err(Kept::Unverified)) if settings.unverified_email == UnverifiedEmail::Refuse => {
            return Err(Refusal::Email.into());
        }
        Some(Err(kept)) => notes.push(kept.sentence().to_owned()),
    }
    let unit = settings.org_unit.as_ref().and_then(|unit| {
        let value = find(&unit.claim)?.as_str()?;
        Some((value.to_owned(), unit.values.get(value)?.clone()))
    });
    if let Some((unit, _)) = &unit {
        attributes.insert("orgUnit".to_owned(), json!({ "ref": "org-unit", "id": unit }));
    }
    let groups = groups(settings, token, userinfo, &mut notes);
    Ok(Person { id, attributes, unit, groups, notes })
}

/// Why an address is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Unverified,
    Elsewhere,
    Malformed,
}

impl Kept {
    const fn sentence(self) -> &'static str {
        match self {
            Self::Unverified => "the e-mail address was left out: the provider does not vouch for it",
            Self::Elsewhere => "the e-mail address was left out: its domain is not one of email-domains",
            Self::Malformed => "the e-mail address was left out: it is no plain address",
        }
    }
}

/// The address, if the provider vouches for it and is the authority for its domain. Letters outside of ASCII are not taken:
/// they look like others.
fn email<S>(settings: &LoginSettings<S>, claims: &Map<String, Value>) -> Result<String, Kept> {
    let word = match settings.preset {
        // Anybody can write any address into a tenant of his own; this claim tells whether the domain is the tenant's.
        Preset::EntraId => "xms_edov",
        Preset::Generic | Preset::Okta => "email_verified",
    };
    if !is_true(claims.get(word)) {
        return Err(Kept::Unverified);
    }
    let address = claims.get("email").and_then(Value::as_str).ok_or(Kept::Malformed)?;
    let (local, domain) = address.split_once('@').ok_or(Kept::Malformed)?;
    let is_plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"@,;<>\"()".contains(&byte))
    };
    if address.len() > 254 || !is_plain(local) || !is_plain(domain) {
        return Err(Kept::Malformed);
    }
    let domain = domain.to_ascii_lowercase();
    if !settings.email_domains.contains(&domain) {
        return Err(Kept::Elsewhere);
    }
    Ok(format!("{local}@{domain}"))
}

/// True, in the ways in which providers write it.
fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) => text == "true" || text == "1",
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        _ => false,
    }
}

fn groups<S>(
    settings: &LoginSettings<S>,
    token: &Map<String, Value>,
    userinfo: Option<&Map<String, Value>>,
    notes: &mut Vec<String>,
) -> Option<BTreeSet<String>> {
    let wanted = settings.groups.as_ref()?;
    if [Some(token), userinfo].into_iter().flatten().any(|claims| is_overage(claims, &wanted.claim)) {
        notes.push("memberships were left as they are: the provider has more groups than it lists".to_owned());
        return None;
    }
    let claim = token.get(&wanted.claim).or_else(|| userinfo.and_then(|more| more.get(&wanted.claim)))?;
    let listed: Option<Vec<&str>> = match claim {
        Value::Array(values) if values.len() <= MOST_VALUES => values.iter().map(Value::as_str).collect(),
        // A list of one that lost its brackets.
        Value::String(one) => Some(vec![one]),
        _ => None,
    };
    let Some(listed) = listed else {
        notes.push(format!(
            "memberships were left as they are: claim \"{}\" is no list of texts, or too long",
            wanted.claim
        ));
        return None;
    };
    Some(listed.into_iter().filter(|value| wanted.values.contains_key(*value)).map(str::to_owned).collect())
}

/// True if the claim is only pointed at: there are too many values for a token.
fn is_overage(claims: &Map<String, Value>, claim: &str) -> bool {
    let named = claims.get("_claim_names").and_then(Value::as_object).is_some_and(|names| names.contains_key(claim));
    named || (claim == "groups" && is_true(claims.get("hasgroups")))
}

fn text_of<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str)
}

/// A text, number or truth value, or a list of texts.
fn plain(value: &Value) -> Option<Value> {
    let fits = |text: &str| text.len() <= LONGEST_TEXT && !text.chars().any(char::is_control);
    match value {
        Value::Bool(_) | Value::Number(_) => Some(value.clone()),
        Value::String(text) if fits(text) => Some(value.clone()),
        Value::Array(values) if values.len() <= MOST_VALUES => {
            values.iter().all(|value| value.as_str().is_some_and(fits)).then(|| value.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "tests/claims.rs"]
mod tests;
