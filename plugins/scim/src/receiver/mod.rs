//! The answering role: a service provider of SCIM 2.0 (RFC 7643, RFC 7644, cursors of RFC 9865).
//!
//! What clients push is submitted to the directory, in the words of the clients; mapping, authority and guard are the hub's. What
//! they ask for is what they themselves pushed. The hub checks who they are before a call comes here.
//!
//! Reading order: [`request`], [`refusal`], [`answer`]; [`schema`], [`filter`], [`search`]; [`accept`], [`stored`], [`view`];
//! [`access`], [`service`], [`list`], [`mod@write`], [`patch`], [`bulk`], [`discovery`].

pub mod accept;
pub mod access;
pub mod answer;
pub mod bulk;
pub mod discovery;
pub mod filter;
pub mod list;
pub mod patch;
pub mod refusal;
pub mod request;
pub mod schema;
pub mod search;
pub mod service;
pub mod stored;
pub mod time;
pub mod view;
pub mod write;

use crate::Scim;
use crate::settings::Settings;
use refusal::Refusal;
use request::Call;
use rosterd_sdk::{Answer, Receiver, Request, log};
use schema::Kind;
use search::Search;
use service::Service;
use view::Projection;

impl Receiver for Scim {
    fn handle(&mut self, request: Request) -> Answer {
        let answered = Call::of(request).and_then(|call| handled(&self.settings, &call));
        answered.unwrap_or_else(|refusal| {
            if refusal.status >= 500 && refusal.status != 501 {
                log::error(&format!("a SCIM client is asked to come again: {}", refusal.detail));
            }
            refusal.answer()
        })
    }
}

fn handled(settings: &Settings, call: &Call) -> Result<Answer, Refusal> {
    let mut path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    // Some clients put the version into the address.
    if path.first().is_some_and(|first| first.eq_ignore_ascii_case("v2")) {
        path.remove(0);
    }
    if path.first() == Some(&"ServiceProviderConfig") {
        return discovery::answer(settings, call, &path);
    }
    let Some(access) = &call.client else {
        return Err(Refusal::unauthorized("who is asking is not known; send the token as Authorization: Bearer"));
    };
    if path.first().is_some_and(|first| discovery::is_here(first)) {
        return discovery::answer(settings, call, &path);
    }
    let service = Service { settings, base: &call.base };
    let method = call.method.as_str();
    let listed = |search: &Search| {
        let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| access.reads(*kind)).collect();
        access.allows(kinds.first().copied().unwrap_or(Kind::User), "GET")?;
        list::list(service, &kinds, search).map(|all| answer::json(200, &all))
    };
    match (path.as_slice(), method) {
        ([], "GET") => listed(&Search::of_query(call)?),
        ([".search"], "POST") => listed(&Search::of_body(&call.body()?)?),
        (["Bulk"], "POST") => Ok(answer::json(200, &bulk::bulk(service, access, &call.body()?)?)),
        (["Me", ..], _) => Err(Refusal::not_implemented("a client is no user here; there is no /Me")),
        ([] | [".search" | "Bulk"], _) => Err(Refusal::method("not with this method")),
        ([endpoint, rest @ ..], _) => {
            let kind = Kind::at(endpoint).ok_or_else(|| Refusal::not_found("there is no such thing"))?;
            let looks = rest == [".search"] && method == "POST";
            access.allows(kind, if looks { "GET" } else { method })?;
            of_kind(service, call, kind, rest)
        }
    }
}

fn of_kind(service: Service<'_>, call: &Call, kind: Kind, rest: &[&str]) -> Result<Answer, Refusal> {
    let listed = |search: &Search| list::list(service, &[kind], search).map(|all| answer::json(200, &all));
    let projection = || {
        let names = |name: &str| call.parameter(name).map(|list| list.split(',').map(str::to_owned).collect());
        Projection::of(names("attributes"), names("excludedAttributes"))
    };
    match (rest, call.method.as_str()) {
        ([], "GET") => listed(&Search::of_query(call)?),
        ([".search"], "POST") => listed(&Search::of_body(&call.body()?)?),
        ([], "POST") => {
            let projection = projection()?;
            write::answer(service, write::create(service, kind, call.body()?)?, &projection, false)
        }
        ([id], "GET") => one(service, call, kind, id, &projection()?),
        ([id], "PUT") => {
            let projection = projection()?;
            let done = write::replace(service, kind, id, call.body()?, call.if_match())?;
            write::answer(service, done, &projection, false)
        }
        ([id], "PATCH") => {
            let projection = projection()?;
            let done = write::modify(service, kind, id, &call.body()?, call.if_match())?;
            write::answer(service, done, &projection, true)
        }
        ([id], "DELETE") => {
            write::answer(service, write::remove(service, kind, id, call.if_match())?, &Projection::default(), false)
        }
        ([] | [_], _) => Err(Refusal::method("not with this method")),
        _ => Err(Refusal::not_found("there is no such thing")),
    }
}

fn one(service: Service<'_>, call: &Call, kind: Kind, id: &str, projection: &Projection) -> Result<Answer, Refusal> {
    let short = kind == Kind::Group && !projection.shows(kind, "members");
    let mut found = if short { service.fetch_short(kind, id)? } else { service.fetch(kind, id)? };
    let version = found.version.clone().unwrap_or_default();
    if let Some(header) = call.if_none_match()
        && answer::names_version(header, &version)
    {
        return Ok(answer::empty(304).header("etag", answer::etag(&version)));
    }
    if kind == Kind::User && projection.only.is_some() && projection.shows(kind, "groups") {
        found.resource.insert("groups".to_owned(), list::groups_of(service, id)?);
    }
    let body = projection.apply(kind, found.shown(service.base));
    let answer = answer::json(200, &body).header("location", found.location(service.base));
    Ok(if version.is_empty() { answer } else { answer.header("etag", answer::etag(&version)) })
}
