//! Where an attribute of the hub stands in the JSON of SCIM. Names are those of RFC 7643, with dots: `name.familyName`,
//! `emails.work`, `addresses.work.locality`; those of the enterprise extension are short (`department`), and those of other
//! extensions have their urn in front, as paths of RFC 7644 have it.

use crate::filter::literal;
use serde_json::{Map, Value, json};

/// The enterprise extension of RFC 7643.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Its attributes.
const OF_ENTERPRISE: [&str; 6] = ["employeeNumber", "costCenter", "organization", "division", "department", "manager"];
/// Attributes whose values are told apart by their type, and the member that is meant if none is named.
const TYPED: [(&str, &str); 5] =
    [("emails", "value"), ("phoneNumbers", "value"), ("ims", "value"), ("photos", "value"), ("addresses", "formatted")];

/// The place of one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The extension that it belongs to; none: the core.
    pub schema: Option<&'a str>,
    /// The attribute itself.
    pub attribute: &'a str,
    /// Of several values the one of this type.
    pub kind: Option<&'a str>,
    /// A member of the value.
    pub member: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The place that a name of the hub means; none if it is no name of SCIM.
    #[must_use]
    pub fn of(name: &'a str) -> Option<Self> {
        if name.len() > 256 {
            return None;
        }
        let (schema, rest) = match name.get(..4) {
            Some(urn) if urn.eq_ignore_ascii_case("urn:") => {
                // A urn has dots (`2.0`), so the attribute begins after the last colon.
                let (schema, rest) = name.rsplit_once(':')?;
                let plain = |letter: char| letter.is_ascii_alphanumeric() || ":._-".contains(letter);
                (schema.len() > 4 && schema.chars().all(plain)).then_some((Some(schema), rest))?
            }
            _ if OF_ENTERPRISE.contains(&name) => (Some(ENTERPRISE), name),
            _ => (None, name),
        };
        let mut parts = rest.split('.');
        let attribute = parts.next().filter(|part| is_name(part))?;
        let (first, second) = (parts.next(), parts.next());
        if parts.next().is_some() || !first.into_iter().chain(second).all(is_name) {
            return None;
        }
        let main = TYPED.iter().find(|(typed, _)| schema.is_none() && *typed == attribute).map(|(_, main)| *main);
        let (kind, member) = match (main, first, second) {
            (Some(main), Some(kind), member) => (Some(kind), Some(member.unwrap_or(main))),
            (None, member, None) => (None, member),
            _ => return None,
        };
        Some(Self { schema, attribute, kind, member })
    }

    /// The path of RFC 7644, section 3.5.2.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = self.element();
        if let Some(member) = self.member {
            path.push('.');
            path.push_str(member);
        }
        path
    }

    /// The path of the whole value: without the member.
    #[must_use]
    pub fn element(&self) -> String {
        let schema = self.schema.map(|schema| format!("{schema}:")).unwrap_or_default();
        let kind = self.kind.map(|kind| format!("[type eq {}]", literal(kind))).unwrap_or_default();
        format!("{schema}{}{kind}", self.attribute)
    }

    /// What stands there; none: nothing, or null.
    #[must_use]
    pub fn take<'v>(&self, resource: &'v Map<String, Value>) -> Option<&'v Value> {
        let holder = match self.schema {
            Some(schema) => get(resource, schema)?.as_object()?,
            None => resource,
        };
        let value = get(holder, self.attribute)?;
        let value = match self.kind {
            Some(kind) => Value::as_object(typed(value, kind)?).and_then(|all| get(all, self.member?))?,
            None => match self.member {
                Some(member) => get(value.as_object()?, member)?,
                None => value,
            },
        };
        (!value.is_null()).then_some(value)
    }

    /// Puts a value there; null takes away what is there. Of a value with a type everything goes if its main member does.
    pub fn put(&self, resource: &mut Map<String, Value>, value: Value) {
        let holder = match self.schema {
            Some(schema) => object(slot(resource, schema)),
            None => Some(resource),
        };
        let Some(holder) = holder else { return };
        match (self.kind, self.member) {
            (None, None) => set(holder, self.attribute, value),
            (None, Some(member)) => {
                if let Some(whole) = object(slot(holder, self.attribute)) {
                    set(whole, member, value);
                }
            }
            (Some(kind), member) => {
                let member = member.unwrap_or("value");
                let list = slot(holder, self.attribute);
                if !list.is_array() {
                    *list = json!([]);
                }
                let Some(list) = list.as_array_mut() else { return };
                if value.is_null() && self.is_main() {
                    list.retain(|element| !has_type(element, kind));
                    return;
                }
                let at = list.iter().position(|element| has_type(element, kind));
                match at.and_then(|at| list[at].as_object_mut()) {
                    Some(element) => set(element, member, value),
                    None if value.is_null() => {}
                    None => {
                        let element = self.new_element(list, &value);
                        list.push(element);
                    }
                }
            }
        }
    }

    /// A value of several, to be added to those that are there. The first address of mail is the primary one.
    #[must_use]
    pub fn new_element(&self, there: &[Value], value: &Value) -> Value {
        let mut element = json!({ "type": self.kind, self.member.unwrap_or("value"): value });
        if self.attribute == "emails" && !there.iter().any(is_primary) {
            element["primary"] = true.into();
        }
        element
    }

    /// True if this is the member that makes a value of several a value at all.
    #[must_use]
    pub fn is_main(&self) -> bool {
        TYPED
            .iter()
            .any(|(attribute, main)| *attribute == self.attribute && Some(*main) == self.member && *main == "value")
    }

    /// The values of which this is one, by type.
    #[must_use]
    pub fn siblings<'v>(&self, resource: &'v Map<String, Value>) -> &'v [Value] {
        get(resource, self.attribute).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// True if a value of this type is there.
    #[must_use]
    pub fn has_element(&self, resource: &Map<String, Value>) -> bool {
        self.kind.is_some_and(|kind| self.siblings(resource).iter().any(|element| has_type(element, kind)))
    }
}

fn is_name(part: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_alphabetic())
        && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
}

/// A member by its name, in which case does not count (RFC 7643, section 2.1).
#[must_use]
pub fn get<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn key(object: &Map<String, Value>, name: &str) -> String {
    let other = || object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
    if object.contains_key(name) { name.to_owned() } else { other().unwrap_or_else(|| name.to_owned()) }
}

fn slot<'v>(object: &'v mut Map<String, Value>, name: &str) -> &'v mut Value {
    object.entry(key(object, name)).or_insert(Value::Null)
}

fn set(object: &mut Map<String, Value>, name: &str, value: Value) {
    let key = key(object, name);
    if value.is_null() {
        object.shift_remove(&key);
    } else {
        object.insert(key, value);
    }
}

fn object(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut()
}

fn has_type(element: &Value, kind: &str) -> bool {
    let own = element.as_object().and_then(|element| get(element, "type")).and_then(Value::as_str);
    own.is_some_and(|own| own.eq_ignore_ascii_case(kind))
}

fn is_primary(element: &Value) -> bool {
    element.as_object().and_then(|element| get(element, "primary")) == Some(&Value::Bool(true))
}

/// The value of a type, the primary one first. A value without a type counts as one of work, if there is none.
fn typed<'v>(list: &'v Value, kind: &str) -> Option<&'v Value> {
    let list = list.as_array()?;
    let of_kind = || list.iter().filter(|element| has_type(element, kind));
    let untyped =
        |element: &&Value| element.as_object().is_some_and(|element| get(element, "type").is_none_or(Value::is_null));
    of_kind()
        .find(|element| is_primary(element))
        .or_else(|| of_kind().next())
        .or_else(|| list.iter().filter(|_| kind == "work").find(untyped))
}
