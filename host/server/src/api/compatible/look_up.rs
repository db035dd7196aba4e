//! Users by what is known of them.

use super::shape::{ByEmail, ByExternalId, ByPhone, ByUsername, UserId};
use super::user::split;
use super::{SOURCE, json};
use crate::api::call::Call;
use crate::api::desk::asking;
use crate::api::kind::{Kind, kept_text};
use crate::api::pattern::{self, fits};
use crate::api::problem::{Problem, Refused};
use crate::api::read;
use crate::api::shape::Account;
use axum::response::Response;
use rosterd_model::Class;
use rosterd_model::directory::{Comparison, Filter};

/// Pages that a look-up without an index goes through.
const MOST_PAGES: usize = 64;

async fn found(call: &Call, attribute: &str, value: &str) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::reading())?;
    let id = call.api.desk(&caller).holder(Class::Account, attribute, value).await?;
    Ok(json(UserId { user_id: id.ok_or_else(nobody)? }))
}

fn nobody() -> Refused {
    Problem::not_found("there is no user of this kind that this client can see")
}

pub(super) async fn by_username(call: Call) -> Result<Response, Refused> {
    let ByUsername { username } = read::json(&call.parts, call.body()).await?;
    found(&call, "userName", &username).await
}

pub(super) async fn by_email(call: Call) -> Result<Response, Refused> {
    let ByEmail { email } = read::json(&call.parts, call.body()).await?;
    found(&call, "emails.value", &email).await
}

pub(super) async fn by_phone(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::reading())?;
    let ByPhone { phone_number } = read::json(&call.parts, call.body()).await?;
    let desk = call.api.desk(&caller);
    let filter = Filter::Compare {
        attribute: "phoneNumbers.value".to_owned(),
        is: Comparison::Ew,
        value: phone_number.as_str().into(),
    };
    let mut query = asking(Some(filter), 100);
    for _ in 0..MOST_PAGES {
        let listed = desk.query(Class::Account, query.clone()).await?;
        for found in listed.found {
            let phone = Account::show(&found.kept).phone_number.unwrap_or_default();
            if split(&phone).is_some_and(|(_, number)| number == phone_number) {
                return Ok(json(UserId { user_id: found.id }));
            }
        }
        query.after = listed.next;
        if query.after.is_none() {
            break;
        }
    }
    Err(nobody())
}

pub(super) async fn by_external_id(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::reading())?;
    let body: ByExternalId = read::json(&call.parts, call.body()).await?;
    let instance = call.segment("instanceId");
    if body.user_source_type.is_some_and(|kind| kind != SOURCE) || body.user_source_id.is_some_and(|id| id != instance)
    {
        return Err(nobody());
    }
    let desk = call.api.desk(&caller);
    let id = body.user_external_id;
    if let Some(user_id) = desk.holder(Class::Account, "externalId", &id).await? {
        return Ok(json(UserId { user_id }));
    }
    // Without one of its own a user has its id.
    let own = if fits(pattern::ID, &id) { desk.find(Class::Account, &id).await? } else { None };
    match own.filter(|found| kept_text(&found.kept, "externalId").is_none()) {
        Some(found) => Ok(json(UserId { user_id: found.id })),
        None => Err(nobody()),
    }
}
