//! Looking at what is there. A look changes nothing; one that fails, or answers with something else, is never "not there".

use super::born::Mark;
use super::calls::{BY_MOBILE, BY_UNIONID, CHILD_IDS, CHILDREN, GET_PERSON, GET_UNIT};
use super::shown::Shown;
use super::trouble::Trouble;
use crate::api::{self, Api, Call};
use crate::reply::Refused;
use crate::wire::{self, Object};
use rosterd_sdk::{Class, Fault};
use serde_json::Value;

/// One person as it is now; none: DingTalk says that it is not there.
///
/// # Errors
/// What DingTalk answered.
pub fn person(api: &Api, userid: &str) -> Result<Option<Shown>, Trouble> {
    if !super::person::is_userid(userid) {
        return Ok(None);
    }
    read_person(api::one(api.person(userid)), Some(userid))
}

/// The answer of the call for one person.
///
/// # Errors
/// As [`person`].
pub fn read_person(answer: Result<Object, Refused>, asked: Option<&str>) -> Result<Option<Shown>, Trouble> {
    let Some(answer) = found(answer, Class::Account)? else { return Ok(None) };
    let result = api::result(&answer, GET_PERSON, |result| result.as_object().map(|_| result.clone()));
    let result = result.map_err(Trouble::not_done)?;
    let wrong = |wrong: String| Trouble::not_done(api::broken(GET_PERSON, &wrong));
    Shown::read(&result, asked).map(Some).map_err(wrong)
}

/// The people that a mark finds.
///
/// # Errors
/// What DingTalk answered.
pub fn marked(api: &Api, mark: &Mark) -> Result<Vec<Shown>, Trouble> {
    match mark {
        Mark::Userid(userid) => Ok(person(api, userid)?.into_iter().collect()),
        Mark::Mobile(mobile) => {
            let ids = by_mobile(api, mobile)?;
            people(api, &ids.ordinary.into_iter().collect::<Vec<_>>())
        }
        Mark::Login(login) => {
            let shown = read_person(api::one(api.by_login(login)), None)?;
            // A gateway that overlooks the name would show whoever has it as a userid.
            let own =
                |shown: &Shown| wire::member(&shown.object, "login_id").and_then(wire::words).as_ref() == Some(login);
            Ok(shown.into_iter().filter(own).collect())
        }
    }
}

/// These people, as far as they are there.
///
/// # Errors
/// What DingTalk answered.
pub fn people(api: &Api, ids: &[String]) -> Result<Vec<Shown>, Trouble> {
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(person(api, id)?);
    }
    Ok(all)
}

/// Who has a mobile number.
#[derive(Debug, Default)]
pub struct Numbered {
    /// The ordinary account.
    pub ordinary: Option<String>,
    /// Dedicated accounts of this organisation.
    pub dedicated: Vec<String>,
}

/// Who has this number.
///
/// # Errors
/// What DingTalk answered.
pub fn by_mobile(api: &Api, mobile: &str) -> Result<Numbered, Trouble> {
    let Some(answer) = found(api::one(api.by_mobile(mobile)), Class::Account)? else { return Ok(Numbered::default()) };
    let read = |result: &Value| {
        let fields = result.as_object()?;
        let ordinary = wire::read(fields, "userid", "text", wire::words).ok()?.filter(|userid| !userid.is_empty());
        let dedicated = wire::read(fields, "exclusive_account_userid_list", "list", wire::texts).ok()?;
        let numbered = Numbered { ordinary, dedicated: dedicated.unwrap_or_default() };
        // Nobody at all has a code of its own; an answer with nobody in it is none.
        (numbered.ordinary.is_some() || fields.contains_key("exclusive_account_userid_list")).then_some(numbered)
    };
    api::result(&answer, BY_MOBILE, read).map_err(Trouble::not_done)
}

/// The member of a unionid; external contacts are none.
///
/// # Errors
/// What DingTalk answered.
pub fn by_unionid(api: &Api, unionid: &str) -> Result<Option<String>, Trouble> {
    let Some(answer) = found(api::one(api.by_unionid(unionid)), Class::Account)? else { return Ok(None) };
    let read = |result: &Value| {
        let fields = result.as_object()?;
        let external = wire::member(fields, "contact_type").and_then(wire::whole) == Some(1);
        let userid = wire::member(fields, "userid").and_then(wire::words).filter(|userid| !userid.is_empty());
        if external { Some(None) } else { userid.map(Some) }
    };
    api::result(&answer, BY_UNIONID, read).map_err(Trouble::not_done)
}

/// One department as it is now; none: DingTalk says that it is not there.
///
/// # Errors
/// What DingTalk answered.
pub fn unit(api: &Api, id: i64) -> Result<Option<Object>, Trouble> {
    let Some(answer) = found(api::one(api.department(id)), Class::OrgUnit)? else { return Ok(None) };
    let fields = api::result(&answer, GET_UNIT, |result| result.as_object().cloned()).map_err(Trouble::not_done)?;
    if wire::member(&fields, "dept_id").and_then(wire::whole) == Some(id) {
        return Ok(Some(fields));
    }
    Err(Trouble::not_done(api::broken(GET_UNIT, &format!("the answer for department {id} is about another one"))))
}

/// The children of a department with their basic fields; none: there is no such department.
///
/// # Errors
/// What DingTalk answered.
pub fn children(api: &Api, id: i64) -> Result<Option<Vec<(i64, Object)>>, Trouble> {
    let call: Call = api.children(id);
    let Some(answer) = found(api::one(call), Class::OrgUnit)? else { return Ok(None) };
    let read = |item: &Value| {
        let fields = item.as_object()?;
        Some((wire::member(fields, "dept_id").and_then(wire::whole)?, fields.clone()))
    };
    let list = |result: &Value| wire::list(result)?.iter().map(read).collect::<Option<Vec<_>>>();
    api::result(&answer, CHILDREN, list).map(Some).map_err(Trouble::not_done)
}

/// The ids of all children of a department; none: there is no such department.
///
/// # Errors
/// What DingTalk answered.
pub fn child_ids(api: &Api, id: i64) -> Result<Option<Vec<i64>>, Trouble> {
    let Some(answer) = found(api::one(api.child_ids(id)), Class::OrgUnit)? else { return Ok(None) };
    let ids = |result: &Value| wire::numbers(result.get("dept_id_list")?);
    api::result(&answer, CHILD_IDS, ids).map(Some).map_err(Trouble::not_done)
}

fn found(answer: Result<Object, Refused>, of: Class) -> Result<Option<Object>, Trouble> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(refused) if refused.not_found() => Ok(None),
        Err(refused) => Err(Trouble::looking(refused, of)),
    }
}

/// That an object is not there.
#[must_use]
pub fn missing(what: &str) -> Trouble {
    Trouble::not_done(Fault::not_found(format!(
        "{what} is not in DingTalk, or no longer; whoever removed it there knows why"
    )))
}
