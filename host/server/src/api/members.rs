//! Members of groups: added, removed, listed.

use super::call::Call;
use super::desk::{Found, missing};
use super::kind::{Kind as _, reference};
use super::object::{Wanted, opened, sealed, wanted};
use super::pattern::{self, fits};
use super::problem::{Finding, Problem, Refused};
use super::read;
use super::shape::{Group, Member, MemberKind, MemberPage, Members};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rosterd_model::Class;
use rosterd_model::record::Edit;
use serde_json::Value;
use std::collections::BTreeSet;

/// Members that come or go in one request.
const MOST: usize = 1000;

/// Who is in a group.
pub(super) fn members_of(found: &Found) -> BTreeSet<Member> {
    let list = found.kept.get("members").map(|value| match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    });
    let member = |one: &Value| {
        let kind = if one.get("ref")?.as_str()? == "group" { MemberKind::Group } else { MemberKind::Account };
        Some(Member { kind, id: one.get("id")?.as_str()?.to_owned() })
    };
    list.unwrap_or_default().iter().filter_map(member).collect()
}

fn kept(members: &[&Member]) -> Option<String> {
    let class = |member: &Member| if member.kind == MemberKind::Group { Class::Group } else { Class::Account };
    let list: Vec<Value> = members.iter().map(|member| reference(class(member), &member.id)).collect();
    (!list.is_empty()).then(|| Value::Array(list).to_string())
}

/// The edit that adds those who are not there yet; none if all are.
pub(super) fn adding(found: &Found, members: &[Member]) -> Vec<Edit> {
    let there = members_of(found);
    let new: BTreeSet<&Member> = members.iter().filter(|member| !there.contains(*member)).collect();
    edit(kept(&new.into_iter().collect::<Vec<_>>()), None)
}

/// The edit that takes out those who are there; none if nobody is.
pub(super) fn removing(found: &Found, members: &[Member]) -> Vec<Edit> {
    let there = members_of(found);
    edit(None, kept(&members.iter().filter(|member| there.contains(*member)).collect::<Vec<_>>()))
}

fn edit(add: Option<String>, remove: Option<String>) -> Vec<Edit> {
    let any = add.is_some() || remove.is_some();
    any.then(|| Edit { attribute: "members".to_owned(), replace: None, add, remove }).into_iter().collect()
}

/// `GET /v1/groups/{id}/members`
pub(super) async fn list(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::reading())?;
    let Wanted { limit, after, rest } = wanted(&call.parts.uri)?;
    if let Some(name) = rest.keys().next() {
        return Err(Problem::parameter(format!("{name} is no parameter here; there are limit and after")));
    }
    let id = call.id()?;
    let found = call.api.desk(&caller).whole(Class::Group, id).await?.ok_or_else(|| missing(Class::Group, id))?;
    let all = members_of(&found);
    let total = all.len() as u64;
    let after = after.as_deref().map(opened).transpose()?;
    let after: Option<Member> = after.as_deref().map(serde_json::from_str).transpose().map_err(|_| foreign())?;
    let mut behind: Vec<Member> = match after {
        Some(after) => all.into_iter().filter(|member| *member > after).collect(),
        None => all.into_iter().collect(),
    };
    let more = behind.len() as u64 > limit;
    behind.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let last = behind.last().filter(|_| more).and_then(|last| serde_json::to_string(last).ok());
    Ok(axum::Json(MemberPage { items: behind, next: last.as_deref().map(sealed), total }).into_response())
}

fn foreign() -> Refused {
    let text = "after is no cursor of this list; begin at the first page";
    Problem::new(StatusCode::GONE, "cursor", text)
}

async fn members(call: &Call) -> Result<Vec<Member>, Refused> {
    let Members { members } = read::json(&call.parts, call.body()).await?;
    if members.is_empty() || members.len() > MOST {
        return Err(Problem::at("/members", format!("name 1 to {MOST} members at once")));
    }
    let bad = members.iter().enumerate().filter(|(_, member)| !fits(pattern::ID, &member.id));
    let found: Vec<Finding> = bad
        .take(100)
        .map(|(index, _)| Finding { pointer: format!("/members/{index}/id"), detail: "this can be no id".to_owned() })
        .collect();
    if found.is_empty() { Ok(members) } else { Err(Problem::invalid(found)) }
}

/// `POST /v1/groups/{id}/members`
pub(super) async fn add(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::writing())?;
    let members = members(&call).await?;
    let desk = call.api.desk(&caller);
    desk.amend(Class::Group, call.id()?, None, |found| Ok(adding(found, &members))).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /v1/groups/{id}/remove-members`
pub(super) async fn remove(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::writing())?;
    let members = members(&call).await?;
    let desk = call.api.desk(&caller);
    desk.amend(Class::Group, call.id()?, None, |found| Ok(removing(found, &members))).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `DELETE /v1/groups/{id}/members/{memberId}`
pub(super) async fn remove_one(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::writing())?;
    let member = call.id_of("memberId")?;
    let both = [MemberKind::Account, MemberKind::Group].map(|kind| Member { kind, id: member.to_owned() });
    let desk = call.api.desk(&caller);
    desk.amend(Class::Group, call.id()?, None, |found| {
        let edits = removing(found, &both);
        let text = || Problem::not_found(format!("\"{member}\" is no member of this group"));
        if edits.is_empty() { Err(text()) } else { Ok(edits) }
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
