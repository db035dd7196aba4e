//! The requests, and nothing else: where each goes and what it carries. The token is the host's, by a recipe of the manifest.

use crate::reply::{Verdict, verdict};
use crate::settings::Settings;
use rosterd_sdk::Class;
use rosterd_sdk::http::{Request, push_percent_encoded};
use serde_json::Value;

/// What is sent and taken.
const SCIM: &str = "application/scim+json";
const ACCEPT: &str = "application/scim+json, application/json";

/// One service provider.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    recipe: &'static str,
    timeout_ms: u32,
}

impl Api {
    /// For a connection.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let base = settings.url.trim_end_matches('/').to_owned();
        Self { base, recipe: settings.recipe(), timeout_ms: settings.timeout_seconds.saturating_mul(1000) }
    }

    /// A request that changes nothing.
    #[must_use]
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A request without a body.
    #[must_use]
    pub fn request(&self, method: &str, path: &str) -> Request {
        let request = Request::new(method, format!("{}{path}", self.base));
        request.header("accept", ACCEPT).auth(self.recipe).timeout_ms(self.timeout_ms)
    }

    /// A request with a body, conditional if there is a version.
    #[must_use]
    pub fn write(&self, method: &str, path: &str, body: &Value, version: Option<&str>) -> Request {
        let request = self.request(method, path).body(SCIM, body.to_string());
        match version {
            Some(version) => request.header("if-match", version),
            None => request,
        }
    }

    /// Sends what changes nothing.
    #[must_use]
    pub fn send(&self, request: &Request) -> Verdict {
        verdict(request.send(), false)
    }

    /// Objects for which a filter holds, the first few.
    #[must_use]
    pub fn search(&self, class: Class, filter: &str, count: u64) -> Request {
        let request = self.get(endpoint(class)).query("filter", filter);
        let request = request.query("startIndex", "1").query("count", &count.to_string());
        if class == Class::Group { request.query("excludedAttributes", "members") } else { request }
    }
}

/// Where the objects of a class are.
#[must_use]
pub const fn endpoint(class: Class) -> &'static str {
    match class {
        Class::Account => "/Users",
        Class::OrgUnit | Class::Group => "/Groups",
    }
}

/// The path of one object; none for an id that would lead elsewhere.
#[must_use]
pub fn path(class: Class, id: &str) -> Option<String> {
    if id.is_empty() || id == "." || id == ".." {
        return None;
    }
    let mut path = format!("{}/", endpoint(class));
    push_percent_encoded(&mut path, id);
    Some(path)
}
