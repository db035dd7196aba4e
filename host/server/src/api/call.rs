//! A request on its way to whoever answers it, and what all of them share.

use super::desk::Desk;
use super::hub::HubView;
use super::pattern::{self, fits};
use super::problem::{Problem, Refused};
use crate::Caller;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, RawPathParams, Request};
use axum::http::request::Parts;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// What all requests share.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) hub: Arc<dyn HubView>,
    /// The OpenAPI document, written.
    pub(super) document: Arc<str>,
    /// Room for imports: each holds five portions.
    pub(super) imports: Arc<Semaphore>,
}

impl Api {
    /// The directory of a client's connection.
    pub(super) fn desk<'c>(&self, caller: &'c Caller) -> Desk<'c> {
        Desk { caller, now: self.hub.now() }
    }
}

/// A request.
pub(super) struct Call {
    pub(super) api: Api,
    pub(super) parts: Parts,
    /// Behind a lock, because a body can not be shared between threads, and everything else of a request is.
    body: Mutex<Option<Body>>,
    /// The parts of the path that have names.
    segments: BTreeMap<String, String>,
}

impl FromRequest<Api> for Call {
    type Rejection = Refused;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Refused> {
        let (mut parts, body) = request.into_parts();
        let segments = RawPathParams::from_request_parts(&mut parts, api)
            .await
            .map_err(|_| Problem::not_found("there is nothing at this path"))?;
        let segments: BTreeMap<String, String> =
            segments.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Self { api: api.clone(), parts, body: Mutex::new(Some(body)), segments })
    }
}

impl Call {
    /// The body, once.
    pub(super) fn body(&self) -> Body {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_else(Body::empty)
    }

    /// A part of the path.
    pub(super) fn segment(&self, name: &str) -> &str {
        self.segments.get(name).map_or("", String::as_str)
    }

    /// The id in the path. What can be no id is nowhere.
    pub(super) fn id(&self) -> Result<&str, Refused> {
        self.id_of("id")
    }

    /// The id in a part of the path.
    pub(super) fn id_of(&self, name: &str) -> Result<&str, Refused> {
        let id = self.segment(name);
        if fits(pattern::ID, id) { Ok(id) } else { Err(Problem::not_found("what stands in the path can be no id")) }
    }
}
