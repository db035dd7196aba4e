//! Accounts, org units and groups: made, read, listed, changed, removed.

use super::call::Call;
use super::desk::{Found, asking, is};
use super::kind::{CREATED, Kind, MODIFIED, checked, kept_text};
use super::pattern::{self, fits};
use super::problem::{Problem, Refused};
use super::read;
use super::shape::Account;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rosterd_model::directory::Filter;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Objects on a page, if nobody says how many, and at most.
pub(super) const PAGE: u64 = 100;
/// Objects on a page at most.
pub(super) const LARGEST_PAGE: u64 = 500;

/// An object as clients see it.
pub(super) fn shown<K: Kind>(found: &Found) -> Result<Value, Refused> {
    let mut all = Map::new();
    all.insert("id".to_owned(), found.id.as_str().into());
    let Ok(Value::Object(said)) = serde_json::to_value(K::show(&found.kept)) else { return Err(Problem::internal()) };
    all.extend(said);
    for (name, kept) in [("created", CREATED), ("modified", MODIFIED)] {
        if let Some(time) = kept_text(&found.kept, kept) {
            all.insert(name.to_owned(), time.into());
        }
    }
    all.insert("version".to_owned(), found.version.as_str().into());
    Ok(Value::Object(all))
}

fn answer<K: Kind>(status: StatusCode, found: &Found) -> Result<Response, Refused> {
    let mut response = (status, axum::Json(shown::<K>(found)?)).into_response();
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", found.version)) {
        response.headers_mut().insert(ETAG, tag);
    }
    if status == StatusCode::CREATED
        && let Ok(place) = HeaderValue::try_from(format!("/v1/{}/{}", K::PATH, found.id))
    {
        response.headers_mut().insert(LOCATION, place);
    }
    Ok(response)
}

/// The id that a client gives, taken out of a body; and with it what only the hub says, so that what was read or exported can
/// be sent back as it is.
pub(super) fn given_id(body: &mut Map<String, Value>) -> Result<Option<String>, Refused> {
    for name in ["version", "created", "modified"] {
        if body.remove(name).is_some_and(|value| !value.is_string()) {
            return Err(Problem::at(format!("/{name}"), format!("{name} is what the hub said, or left out")));
        }
    }
    match body.remove("id") {
        None => Ok(None),
        Some(Value::String(id)) if fits(pattern::ID, &id) => Ok(Some(id)),
        Some(_) => Err(Problem::at(
            "/id",
            "an id has 1 to 256 letters, digits and characters of ._~@:+=,-, and first a letter or digit",
        )),
    }
}

/// Refuses a body that is about another object than the path.
fn same_id(body: &mut Map<String, Value>, id: &str) -> Result<(), Refused> {
    match given_id(body)? {
        Some(other) if other != id => Err(Problem::at("/id", "the body is about another object than the path")),
        _ => Ok(()),
    }
}

/// `POST /v1/accounts`
pub(super) async fn create<K: Kind>(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, K::writing())?;
    let mut body = read::object(&call.parts, call.body(), &["application/json"]).await?;
    let id = given_id(&mut body)?;
    let object: K = read::fitted(Value::Object(body))?;
    checked(&object)?;
    let found = call.api.desk(&caller).create(id, &object).await?;
    answer::<K>(StatusCode::CREATED, &found)
}

/// `GET /v1/accounts/{id}`
pub(super) async fn get<K: Kind>(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, K::reading())?;
    answer::<K>(StatusCode::OK, &call.api.desk(&caller).fetch(K::CLASS, call.id()?).await?)
}

/// `PUT /v1/accounts/{id}`
pub(super) async fn replace<K: Kind>(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, K::writing())?;
    let (id, expected) = (call.id()?.to_owned(), read::if_match(&call.parts.headers)?);
    let mut body = read::object(&call.parts, call.body(), &["application/json"]).await?;
    same_id(&mut body, &id)?;
    let after = Value::Object(body);
    checked(&read::fitted::<K>(after.clone())?)?;
    let desk = call.api.desk(&caller);
    let found = desk.change(&id, expected.as_deref(), |_| Ok((read::fitted::<K>(after.clone())?, Vec::new()))).await?;
    answer::<K>(StatusCode::OK, &found)
}

/// `PATCH /v1/accounts/{id}`: a merge patch of RFC 7386.
pub(super) async fn modify<K: Kind>(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, K::writing())?;
    let (id, expected) = (call.id()?.to_owned(), read::if_match(&call.parts.headers)?);
    let media = ["application/merge-patch+json", "application/json"];
    let mut patch = read::object(&call.parts, call.body(), &media).await?;
    same_id(&mut patch, &id)?;
    checked(&read::fitted::<K>(by_itself::<K>(&patch))?)?;
    let patch = Value::Object(patch);
    let desk = call.api.desk(&caller);
    let found = desk
        .change(&id, expected.as_deref(), |found| {
            let mut after = serde_json::to_value(K::show(&found.kept)).map_err(|_| Problem::internal())?;
            merge(&mut after, &patch);
            let object: K = read::fitted(after)?;
            checked(&object)?;
            Ok((object, Vec::new()))
        })
        .await?;
    answer::<K>(StatusCode::OK, &found)
}

/// The least object that a patch makes, so that what can be used of no object is said before anything is asked of this one. An
/// attribute that is emptied stays in it, because a name that nobody knows would be lost otherwise.
fn by_itself<K: Kind>(patch: &Map<String, Value>) -> Value {
    let mut least = Map::new();
    least.insert(K::NEEDED.to_owned(), "x".into());
    for (name, value) in patch {
        let mut value = value.clone();
        if let (Some(owns), "attributes") = (value.as_object_mut(), name.as_str()) {
            // Whatever stands there is emptied, so that only the name matters.
            owns.values_mut().filter(|value| value.is_null()).for_each(|value| *value = false.into());
        }
        least.insert(name.clone(), value);
    }
    Value::Object(least)
}

/// RFC 7386: null empties, an object is merged, everything else takes the place of what was there.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(target) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// `DELETE /v1/accounts/{id}`
pub(super) async fn remove<K: Kind>(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, K::writing())?;
    let expected = read::if_match(&call.parts.headers)?;
    call.api.desk(&caller).remove(K::CLASS, call.id()?, expected.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /v1/accounts/{id}/enable` and `/disable`
async fn set_active(call: Call, active: bool) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::writing())?;
    let expected = read::if_match(&call.parts.headers)?;
    let desk = call.api.desk(&caller);
    let found = desk
        .change(call.id()?, expected.as_deref(), |found| {
            Ok((Account { active: Some(active), ..Account::show(&found.kept) }, Vec::new()))
        })
        .await?;
    answer::<Account>(StatusCode::OK, &found)
}

pub(super) async fn enable(call: Call) -> Result<Response, Refused> {
    set_active(call, true).await
}

pub(super) async fn disable(call: Call) -> Result<Response, Refused> {
    set_active(call, false).await
}

/// A page that a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) limit: u64,
    /// The cursor, as the client has it.
    pub(super) after: Option<String>,
    /// The other parameters.
    pub(super) rest: BTreeMap<String, String>,
}

/// The parameters of a list.
pub(super) fn wanted(uri: &axum::http::Uri) -> Result<Wanted, Refused> {
    let all: Vec<(String, String)> = read::parameters(uri)?;
    let mut rest = BTreeMap::new();
    for (name, value) in all {
        if rest.insert(name.clone(), value).is_some() {
            return Err(Problem::parameter(format!("the parameter {name} is there twice")));
        }
    }
    let limit = match rest.remove("limit") {
        None => PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
            .ok_or_else(|| Problem::parameter(format!("limit is a number from 1 to {LARGEST_PAGE}")))?,
    };
    let after = rest.remove("after");
    if after.as_ref().is_some_and(|cursor| !fits(pattern::CURSOR, cursor)) {
        return Err(bad_cursor());
    }
    Ok(Wanted { limit, after, rest })
}

/// A cursor as clients see it.
pub(super) fn sealed(next: &str) -> String {
    URL_SAFE_NO_PAD.encode(next)
}

fn bad_cursor() -> Refused {
    Problem::parameter(
        "a cursor has 1 to 2048 letters, digits, hyphens and underscores: it is `next` of the page before",
    )
}

/// What a cursor of a client stands for.
pub(super) fn opened(cursor: &str) -> Result<String, Refused> {
    if !fits(pattern::CURSOR, cursor) {
        return Err(bad_cursor());
    }
    URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
        Problem::new(StatusCode::GONE, "cursor", "after is no cursor that the hub gave out; begin at the first page")
    })
}

/// `GET /v1/accounts`
pub(super) async fn list<K: Kind>(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, K::reading())?;
    let Wanted { limit, after, rest } = wanted(&call.parts.uri)?;
    let mut conditions = Vec::new();
    for (name, value) in rest {
        let Some((_, attributes)) = K::FILTERS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = K::FILTERS.iter().map(|(name, _)| *name).collect();
            let text = format!("{name} is no parameter here; there are limit, after, {}", known.join(", "));
            return Err(Problem::parameter(text));
        };
        if value.is_empty() || value.chars().count() > 256 || !fits(pattern::TEXT, &value) {
            return Err(Problem::parameter(format!("{name} has 1 to 256 characters of one line")));
        }
        let any: Vec<Filter> = attributes.iter().map(|attribute| is(attribute, &value)).collect();
        conditions.push(if any.len() == 1 { Filter::And(any) } else { Filter::Or(any) });
    }
    let filter = (!conditions.is_empty()).then_some(Filter::And(conditions));
    let mut query = asking(filter, limit);
    query.after = after.as_deref().map(opened).transpose()?;
    let listed = call.api.desk(&caller).query(K::CLASS, query).await?;
    let items: Vec<Value> = listed.found.iter().map(shown::<K>).collect::<Result<_, _>>()?;
    let mut page = Map::new();
    page.insert("items".to_owned(), items.into());
    if let Some(next) = listed.next {
        page.insert("next".to_owned(), sealed(&next).into());
    }
    if let Some(total) = listed.total {
        page.insert("total".to_owned(), total.into());
    }
    Ok(axum::Json(Value::Object(page)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_does_what_the_rfc_says() {
        let mut target = json!({"a": "b", "c": {"d": "e", "f": "g"}});
        merge(&mut target, &json!({"a": "z", "c": {"f": null}, "n": {"x": null, "y": 1}}));
        assert_eq!(target, json!({"a": "z", "c": {"d": "e"}, "n": {"y": 1}}));
        merge(&mut target, &json!({"c": [1]}));
        assert_eq!(target["c"], json!([1]));
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_and_another_one_is_refused() {
        assert_eq!(opened(&sealed("o17")).expect("it is ours"), "o17");
        for (text, status) in [("", 400), ("*", 400), ("o", 410), ("\u{ff}", 400), ("gIA", 410)] {
            assert_eq!(opened(text).expect_err("nobody gave it out").status, status, "{text}");
        }
    }

    #[test]
    fn a_limit_out_of_bounds_is_refused() {
        for query in ["limit=0", "limit=501", "limit=x", "limit=1&limit=2"] {
            let uri = format!("/v1/accounts?{query}").parse().expect("an address");
            assert_eq!(wanted(&uri).expect_err("it can not be").status, 400, "{query}");
        }
    }
}
