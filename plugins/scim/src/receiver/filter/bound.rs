//! A filter as a query of the directory.
//!
//! The directory compares without case and each attribute for itself. Where SCIM means something else (case counts, several
//! conditions on one value), the query asks for more, and what comes back is looked at once more ([`super::matches`]): a bound.

use super::{Filter, Is, Name};
use crate::place::ENTERPRISE;
use crate::receiver::filter::matches::main;
use crate::receiver::refusal::Refusal;
use crate::receiver::schema::attribute::{Attribute, Type};
use crate::receiver::schema::{HUB, Kind};
use crate::receiver::{stored, time};
use serde_json::{Value, json};

/// What is asked of the directory.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// Everything.
    All,
    /// Nothing needs to be asked.
    Nothing,
    /// This.
    Of(Value),
}

/// A query that gives everything that fits, and perhaps more.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The query.
    pub tree: Tree,
    /// True: it gives nothing more.
    pub exact: bool,
}

const LOOSE: Bound = Bound { tree: Tree::All, exact: false };

/// The bound of a filter.
///
/// # Errors
/// `invalidFilter`: it compares what has no order, or what we do not keep.
pub fn bound(kind: Kind, filter: &Filter) -> Result<Bound, Refusal> {
    Ok(match filter {
        Filter::And(list) => {
            let list = list.iter().map(|one| bound(kind, one)).collect::<Result<Vec<_>, _>>()?;
            let exact = list.iter().all(|one| one.exact);
            let mut trees = Vec::new();
            for one in list {
                match one.tree {
                    Tree::All => {}
                    Tree::Nothing => return Ok(Bound { tree: Tree::Nothing, exact: true }),
                    Tree::Of(tree) => trees.push(tree),
                }
            }
            Bound { tree: joined("and", trees, Tree::All), exact }
        }
        Filter::Or(list) => {
            let list = list.iter().map(|one| bound(kind, one)).collect::<Result<Vec<_>, _>>()?;
            let exact = list.iter().all(|one| one.exact);
            let mut trees = Vec::new();
            for one in list {
                match one.tree {
                    Tree::All => return Ok(Bound { tree: Tree::All, exact: one.exact }),
                    Tree::Nothing => {}
                    Tree::Of(tree) => trees.push(tree),
                }
            }
            Bound { tree: joined("or", trees, Tree::Nothing), exact }
        }
        Filter::Not(inner) => match bound(kind, inner)? {
            Bound { exact: false, .. } => LOOSE,
            Bound { tree: Tree::All, .. } => Bound { tree: Tree::Nothing, exact: true },
            Bound { tree: Tree::Nothing, .. } => Bound { tree: Tree::All, exact: true },
            Bound { tree: Tree::Of(tree), .. } => Bound { tree: Tree::Of(json!({ "not": tree })), exact: true },
        },
        Filter::Compare(name, is, value) => compared(kind, name, *is, value)?,
        Filter::Within(name, inner) => {
            // A value that fits has each part of an `and`; no more is asked.
            let asked = within(kind, name, inner)?;
            Bound { exact: false, ..asked }
        }
    })
}

fn within(kind: Kind, name: &Name, inner: &Filter) -> Result<Bound, Refusal> {
    let nested =
        |list: &[Filter]| -> Result<Vec<Filter>, Refusal> { list.iter().map(|one| outside(name, one)).collect() };
    match inner {
        Filter::And(list) => {
            // What can not be asked for is left out of the `and`.
            let known: Vec<Filter> = list.iter().filter_map(|one| outside(name, one).ok()).collect();
            if known.is_empty() { Ok(LOOSE) } else { bound(kind, &Filter::And(known)) }
        }
        Filter::Or(list) => nested(list).map_or(Ok(LOOSE), |list| bound(kind, &Filter::Or(list))),
        other => outside(name, other).map_or(Ok(LOOSE), |one| bound(kind, &one)),
    }
}

/// A comparison in brackets as one of the whole attribute: fitting for whatever has a value that fits.
fn outside(name: &Name, inner: &Filter) -> Result<Filter, Refusal> {
    match inner {
        Filter::Compare(member, is, value) if *is != Is::Ne && !value.is_null() || *is == Is::Pr => {
            let name = Name { member: Some(member.attribute.clone()), ..name.clone() };
            Ok(Filter::Compare(name, *is, value.clone()))
        }
        _ => Err(Refusal::filter("it is not asked of the directory")),
    }
}

fn joined(word: &str, mut trees: Vec<Value>, none: Tree) -> Tree {
    match trees.len() {
        0 => none,
        1 => Tree::Of(trees.remove(0)),
        _ => Tree::Of(json!({ word: trees })),
    }
}

fn compared(kind: Kind, name: &Name, is: Is, value: &Value) -> Result<Bound, Refusal> {
    let attribute = kind.attribute(name.schema.as_deref(), &name.attribute);
    let leaf =
        attribute.map(|one| name.member.as_deref().or(main(one)).and_then(|member| one.member(member)).unwrap_or(one));
    let typed = leaf.map(|leaf| leaf.kind);
    if is.orders() && matches!(typed, Some(Type::Boolean | Type::Binary)) {
        return Err(Refusal::filter(format!("{} has no order; it can be compared by eq and ne", name.text())));
    }
    if name.schema.is_none() && name.attribute.eq_ignore_ascii_case("password") {
        return Err(Refusal::filter("passwords are not kept"));
    }
    if kind == Kind::User && name.schema.is_none() && name.attribute.eq_ignore_ascii_case("groups") {
        return Err(Refusal::filter("users are not filtered by their groups; filter /Groups by members"));
    }
    if name.schema.is_none() && name.attribute.eq_ignore_ascii_case("meta") {
        return Ok(of_meta(kind, name, is, value));
    }
    // A value is there, too, if it has no more than a type: what is compared is not what makes it present.
    let whole = is == Is::Pr || value.is_null();
    let several = attribute.is_some_and(|one| one.multi && one.kind == Type::Complex) && name.member.is_none();
    let column = match attribute {
        Some(one) if whole && several && name.schema.is_none() => Some(one.name.to_owned()),
        _ => column(kind, name, attribute),
    };
    let Some(column) = column else { return Ok(LOOSE) };
    if value.is_null() && is != Is::Pr {
        let present = json!({ "attribute": column, "is": "pr" });
        let tree = if is == Is::Ne { present } else { json!({ "not": present }) };
        return Ok(Bound { tree: Tree::Of(tree), exact: true });
    }
    let value = match (typed, value) {
        (Some(Type::Boolean), Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" => &Value::Bool(true),
            "false" => &Value::Bool(false),
            _ => value,
        },
        _ => value,
    };
    Ok(match is {
        Is::Pr => Bound { tree: Tree::Of(json!({ "attribute": column, "is": "pr" })), exact: true },
        Is::Ne => {
            let equal = json!({ "attribute": column, "is": "eq", "value": value });
            if counts_case(leaf, value) {
                LOOSE
            } else {
                Bound { tree: Tree::Of(json!({ "not": equal })), exact: true }
            }
        }
        _ if counts_case(leaf, value) && is.orders() => {
            Bound { tree: Tree::Of(json!({ "attribute": column, "is": "pr" })), exact: false }
        }
        _ => {
            let tree = json!({ "attribute": column, "is": is.word(), "value": value });
            Bound { tree: Tree::Of(tree), exact: !counts_case(leaf, value) }
        }
    })
}

fn counts_case(leaf: Option<&Attribute>, value: &Value) -> bool {
    leaf.is_some_and(|leaf| leaf.exact) && value.is_string()
}

/// The name under which the directory has it; none: it has it otherwise.
fn column(kind: Kind, name: &Name, attribute: Option<&'static Attribute>) -> Option<String> {
    let plain = attribute.map_or(name.attribute.as_str(), |one| one.name);
    let member = name
        .member
        .as_deref()
        .map(|member| attribute.and_then(|one| one.member(member)).map_or(member, |one| one.name));
    if name.attribute.is_empty() || (name.schema.is_none() && ["schemas", "meta"].contains(&plain)) {
        return None;
    }
    if stored::is_reference(kind, name.schema.as_deref(), plain) {
        return matches!(member, None | Some("value")).then(|| format!("{plain}{}", stored::ID_OF_REFERENCE));
    }
    let base = match name.schema.as_deref() {
        None => plain.to_owned(),
        Some(ENTERPRISE | HUB) => plain.to_owned(),
        Some(urn) => format!("{urn}:{plain}"),
    };
    match (member, attribute) {
        (Some(member), _) => Some(format!("{base}.{member}")),
        (None, Some(one)) if one.kind == Type::Complex => {
            if one.multi {
                main(one).map(|main| format!("{base}.{main}"))
            } else {
                None
            }
        }
        (None, Some(_)) => Some(base),
        // Of an attribute that is not known nobody knows whether it has members.
        (None, None) => None,
    }
}

fn of_meta(kind: Kind, name: &Name, is: Is, value: &Value) -> Bound {
    let member = name.member.as_deref().unwrap_or_default();
    if member.eq_ignore_ascii_case("resourceType") && is == Is::Eq {
        let tree = if value.as_str() == Some(kind.name()) { Tree::All } else { Tree::Nothing };
        return Bound { tree, exact: true };
    }
    let known = ["created", "lastModified"].into_iter().find(|known| known.eq_ignore_ascii_case(member));
    let moment = value.as_str().and_then(time::milliseconds).and_then(|moment| u64::try_from(moment).ok());
    match (known, moment) {
        (Some(known), Some(moment)) if is == Is::Eq || is.orders() => {
            let tree = json!({ "attribute": format!("meta.{known}"), "is": is.word(), "value": time::shown(moment) });
            Bound { tree: Tree::Of(tree), exact: true }
        }
        _ => LOOSE,
    }
}

/// The name by which the directory sorts; none: it is not sorted by that.
#[must_use]
pub fn sort_key(kind: Kind, name: &Name) -> Option<String> {
    let attribute = kind.attribute(name.schema.as_deref(), &name.attribute);
    if name.schema.is_none() && name.attribute.eq_ignore_ascii_case("meta") {
        let member = name.member.as_deref()?;
        let known = ["created", "lastModified"].into_iter().find(|known| known.eq_ignore_ascii_case(member))?;
        return Some(format!("meta.{known}"));
    }
    column(kind, name, attribute).or_else(|| attribute.is_none().then(|| name.text()))
}
