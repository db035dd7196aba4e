//! Every call of DingTalk that the simulator knows, as data. Sources are the vendor's pages of the same names, its Java
//! library (`OapiV2*Request`, which also holds limits that the pages leave out) and its Python library.
//!
//! What is not in these tables does not exist for a client: a field that is not listed is refused.

mod accounts;
mod callbacks;
mod departments;
mod leavers;
mod tokens;
mod users;

use super::refusal::Refusal;
use super::world::World;
use crate::check::Fields;
use crate::clock::Millis;
use crate::exchange::Push;
use crate::schema::{Endpoint, Field, Place, any, integer, text};
use crate::vendor::Desk;
use serde_json::Value;

/// The interface under `oapi.dingtalk.com`.
pub(super) const OLD: &str = "old";
/// The interface under `api.dingtalk.com`.
pub(super) const NEW: &str = "new";

/// A call under way.
pub(super) struct Work<'a> {
    /// The organisation.
    pub(super) world: &'a mut World,
    /// What all vendors share.
    pub(super) desk: &'a mut Desk,
    /// The application's AppKey; empty for calls without a token.
    pub(super) app: &'a str,
    /// The fields, checked against the table.
    pub(super) fields: &'a Fields,
    /// The time.
    pub(super) now: Millis,
    /// A question to the client that must be answered first.
    pub(super) probe: Option<Push>,
}

/// What answers a call: the body without its envelope.
pub(super) type Handler = fn(&mut Work<'_>) -> Result<Value, Refusal>;

/// A call of DingTalk.
pub(super) type Call = Endpoint<Handler>;

/// All of them.
pub(super) fn calls() -> impl Iterator<Item = &'static Call> {
    let tables: [&'static [Call]; 6] =
        [tokens::CALLS, departments::CALLS, users::CALLS, accounts::CALLS, leavers::CALLS, callbacks::CALLS];
    tables.into_iter().flatten()
}

/// What every old answer has besides.
pub(super) const ENVELOPE: &[Field] = &[integer("errcode"), text("errmsg"), text("request_id")];

/// A call of the old interface. Wrong shapes are 400002 unless the vendor's page names another code.
const fn old(path: &'static str, request: &'static [Field], response: &'static [Field], handler: Handler) -> Call {
    Endpoint::new(OLD, path, request, response, handler).place(Place::JsonOrForm).refusal(400_002)
}

/// A call of the new interface.
const fn new(path: &'static str, request: &'static [Field], response: &'static [Field], handler: Handler) -> Call {
    Endpoint::new(NEW, path, request, response, handler)
}

/// The language that names are wanted in; the simulator has one.
const LANGUAGE: Field = text("language").max(6).one_of(&["zh_CN", "en_US"]);

/// A result that is a list or a number itself.
const fn bare(name: &'static str) -> Field {
    any(name)
}

impl Work<'_> {
    /// A text of the request.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// A number of the request.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.fields.get(name).and_then(Value::as_i64)
    }

    /// A flag of the request.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.fields.get(name).and_then(Value::as_bool)
    }

    /// A text that the table requires.
    pub(super) fn required(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }
}
