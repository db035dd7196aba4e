//! What the service provider can do, by its own word (`/ServiceProviderConfig`), read once in a run.

use crate::api::Api;
use crate::convert::Resource;
use crate::place::get;
use crate::reply::Verdict;
use crate::settings::{Settings, Write};
use rosterd_sdk::{Fault, FaultKind};
use serde_json::Value;

/// What it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// It said anything at all.
    pub told: bool,
    /// Objects are changed by PATCH, else by PUT.
    pub patch: bool,
    /// `If-Match` is understood.
    pub versions: bool,
    /// It filters listings.
    pub filter: bool,
    /// Listings go on by a cursor (RFC 9865), else by a number.
    pub cursor: bool,
    /// The most objects that it gives at once.
    pub most: Option<u64>,
}

impl Provider {
    /// By its answer; without one it is taken for what nearly all are.
    #[must_use]
    pub fn of(config: Option<&Resource>, write: Write) -> Self {
        let part = |name: &str| config.and_then(|config| get(config, name)).and_then(Value::as_object);
        let truth = |name: &str, member: &str| part(name).and_then(|part| get(part, member)).and_then(Value::as_bool);
        let count = |name: &str, member: &str| part(name).and_then(|part| get(part, member)).and_then(Value::as_u64);
        let most = [count("filter", "maxResults"), count("pagination", "maxPageSize")];
        Self {
            told: config.is_some(),
            patch: match write {
                Write::Auto => truth("patch", "supported").unwrap_or(true),
                Write::Patch => true,
                Write::Put => false,
            },
            versions: truth("etag", "supported").unwrap_or(false),
            filter: truth("filter", "supported").unwrap_or(true),
            cursor: truth("pagination", "cursor").unwrap_or(false),
            most: most.into_iter().flatten().filter(|most| *most > 0).min(),
        }
    }

    /// Asks. One that has no such resource, or a page in its place, has said nothing.
    ///
    /// # Errors
    /// What would meet every other request, too.
    pub fn ask(api: &Api, settings: &Settings) -> Result<Self, Fault> {
        match api.send(&api.get("/ServiceProviderConfig")) {
            Verdict::Done(config) => Ok(Self::of(config.as_ref(), settings.write)),
            Verdict::Refused(fault) | Verdict::Doubtful(fault) if says_nothing(&fault) => {
                Ok(Self::of(None, settings.write))
            }
            Verdict::Refused(fault) | Verdict::Doubtful(fault) => Err(fault),
        }
    }
}

/// Some ask for other credentials there, and some have a page instead.
fn says_nothing(fault: &Fault) -> bool {
    let answered = serde_json::from_str::<Value>(&fault.detail).is_ok_and(|detail| detail["status"].is_u64());
    answered && !matches!(fault.kind, FaultKind::RateLimited | FaultKind::Settings)
}
