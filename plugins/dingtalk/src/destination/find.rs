//! Objects by a value: what DingTalk can look up, and for the keys of departments a walk over all of them.

use super::born::Mark;
use super::calls::{SEARCH_PEOPLE, SEARCH_UNITS};
use super::looking;
use super::mobile::Mobile;
use super::show;
use super::shown::Shown;
use super::trouble::Trouble;
use crate::api::{self, Api, Call};
use crate::settings::Settings;
use crate::tree::Tree;
use crate::wire;
use rosterd_sdk::{Class, Fault, Object as Entry};
use serde_json::Value;
use std::collections::BTreeMap;

/// Ids in one page of a search.
const PAGE: usize = 100;
/// More pages than this are taken for a search that never ends.
const MOST_PAGES: usize = 50;

/// Departments by the key that another system gave them.
pub type Index = BTreeMap<String, Vec<i64>>;

/// People with this value, by DingTalk's own comparison.
///
/// # Errors
/// `unsupported` if it has no call for it.
pub fn people(api: &Api, settings: &Settings, attribute: &str, value: &str) -> Result<Vec<Entry>, Fault> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let found = match attribute {
        "userid" => looking::marked(api, &Mark::Userid(value.to_owned())),
        "login_id" => looking::marked(api, &Mark::Login(value.to_owned())),
        "unionid" => looking::by_unionid(api, value).and_then(|found| looking::people(api, &Vec::from_iter(found))),
        "mobile" | "exclusive_mobile" => match Mobile::parse(value) {
            None => return Ok(Vec::new()),
            Some(mobile) => looking::by_mobile(api, &mobile.written(settings.overseas)).and_then(|numbered| {
                let ids = if attribute == "mobile" { Vec::from_iter(numbered.ordinary) } else { numbered.dedicated };
                looking::people(api, &ids)
            }),
        },
        "name" => pages(SEARCH_PEOPLE, |offset| api.search_people(value, offset, PAGE), wire::words)
            .and_then(|ids| looking::people(api, &ids))
            .map(|found| found.into_iter().filter(|shown| has(&shown.object, "name", value)).collect()),
        _ => return Err(Fault::unsupported(format!("DingTalk has no call that looks people up by {attribute}"))),
    };
    found.map_err(|trouble| trouble.fault)?.iter().map(|shown| entry(shown, settings)).collect()
}

/// Departments with this value.
///
/// # Errors
/// `unsupported` if there is no way to look them up by it.
pub fn units(
    api: &Api,
    settings: &Settings,
    index: &mut Option<Index>,
    attribute: &str,
    value: &str,
) -> Result<Vec<Entry>, Fault> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let ids = match attribute {
        "name" => pages(SEARCH_UNITS, |offset| api.search_units(value, offset, PAGE), wire::whole)
            .map_err(|trouble| trouble.fault)?,
        "source_identifier" => {
            let known = match index.take() {
                Some(known) => known,
                None => walk(api, settings)?,
            };
            index.insert(known).get(value).cloned().unwrap_or_default()
        }
        _ => return Err(Fault::unsupported(format!("DingTalk has no call that looks departments up by {attribute}"))),
    };
    let mut all = Vec::new();
    for id in ids {
        let Some(fields) = looking::unit(api, id).map_err(|trouble| trouble.fault)? else { continue };
        // The search is for a part of the name, and the index may be older than the department.
        if has(&fields, attribute, value) {
            all.push(
                show::department(id, &fields, settings)
                    .map_err(|wrong| wrong_shape(&format!("department {id}"), &wrong))?,
            );
        }
    }
    Ok(all)
}

/// The record of a person.
///
/// # Errors
/// A field has another shape than documented.
pub fn entry(shown: &Shown, settings: &Settings) -> Result<Entry, Fault> {
    show::person(shown, settings).map_err(|wrong| wrong_shape(&format!("person {}", shown.userid), &wrong))
}

/// The fault of an object that can not be read.
#[must_use]
pub fn wrong_shape(what: &str, wrong: &str) -> Fault {
    let who = "nobody has to act unless it stays, then an administrator of DingTalk looks at it";
    Fault::transient(format!("{what} can not be read: {wrong}; {who}"))
}

fn has(fields: &wire::Object, attribute: &str, value: &str) -> bool {
    wire::member(fields, attribute).and_then(wire::words).as_deref() == Some(value)
}

/// Every department below the top, by its key.
fn walk(api: &Api, settings: &Settings) -> Result<Index, Fault> {
    let mut tree = Tree::new(&[settings.top_department]);
    while !tree.is_walked() {
        tree.walk(api).map_err(|fault| Trouble::not_done(fault).fault)?;
    }
    let mut index = Index::new();
    for id in tree.ids() {
        let key = tree.get(*id).and_then(|node| wire::member(&node.basic, "source_identifier")).and_then(wire::words);
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            index.entry(key).or_default().push(*id);
        }
    }
    Ok(index)
}

/// All ids of a search.
fn pages<T>(
    path: &'static str,
    call: impl Fn(usize) -> Call,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>, Trouble> {
    let broken = |what: &str| Trouble::not_done(api::broken(path, what));
    let mut ids = Vec::new();
    for _ in 0..MOST_PAGES {
        let answer = api::one(call(ids.len())).map_err(|refused| Trouble::looking(refused, Class::Account))?;
        let list = wire::member(&answer, "list").and_then(Value::as_array).ok_or_else(|| broken("it has no list"))?;
        let before = ids.len();
        for item in list {
            ids.push(read(item).ok_or_else(|| broken("its list has something that is no id"))?);
        }
        match wire::member(&answer, "hasMore").and_then(wire::truth) {
            Some(false) => return Ok(ids),
            Some(true) if ids.len() > before => {}
            _ => return Err(broken("it does not say whether there is more, or does not go on")),
        }
    }
    Err(broken("its pages do not end"))
}
