//! Hosts, urls, paths, templates, and answers of remote systems.

use crate::bucket::{BucketSet, retry_after as wait};
use crate::config::ConnectionConfig;
use crate::endpoint::{Endpoint, Kind};
use crate::http::{Incoming, Target};
use crate::manifest::Manifest;
use crate::manifest_parts::Reply;
use crate::policy::Policy;
use crate::recipe::Recipes;
use crate::redact::Redactor;
use crate::template;
use crate::token_reply;
use rosterd_model::Fault;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const fn kind(stream: bool) -> Kind {
    if stream { Kind::Stream } else { Kind::Http }
}

/// A host to grant, as it is shown, and its short form.
pub fn endpoint(text: &str, stream: bool) -> Result<(String, String), String> {
    Endpoint::parse(text, kind(stream)).map(|endpoint| (endpoint.to_string(), endpoint.short(kind(stream))))
}

/// True if all of one grant lies in another one. None: one of them is none.
#[must_use]
pub fn grant_covers(outer: &str, inner: &str, stream: bool) -> Option<bool> {
    let read = |text| Endpoint::parse(text, kind(stream)).ok();
    Some(read(outer)?.covers(&read(inner)?))
}

/// True if a grant lets http go there. None: it is no grant.
#[must_use]
pub fn grant_allows(grant: &str, host: &str, port: u16, clear: bool) -> Option<bool> {
    Some(Endpoint::parse(grant, Kind::Http).ok()?.allows(host, port, clear))
}

/// Host, port and "without TLS" of a url.
pub fn target(url: &str) -> Result<(String, u16, bool), Fault> {
    Target::read(url).map(|target| (target.host, target.port, target.clear))
}

/// The file behind a name.
pub fn file(manifest: &Manifest, config: &ConnectionConfig, name: &str, writing: bool) -> Result<PathBuf, Fault> {
    let policy = Policy::new(manifest, &config.settings, config);
    policy.map_err(|text| Fault::new(rosterd_model::FaultKind::Settings, text))?.file(name, writing)
}

/// Everything of a manifest that is read once more when a connection opens.
pub fn policy(manifest: &Manifest, config: &ConnectionConfig) -> Result<(), String> {
    Policy::new(manifest, &config.settings, config)?;
    BucketSet::new(&Arc::default(), &manifest.buckets, &config.settings, config.name.as_str(), "fuzz")?;
    Recipes::new(&manifest.recipes, &config.settings, &BTreeMap::new(), &Redactor::default()).map(drop)
}

/// What a header says about waiting.
#[must_use]
pub fn retry_after(text: &str) -> Option<Duration> {
    wait(text)
}

/// A request of a manifest with its settings put in.
#[must_use]
pub fn expand(text: &str, settings: &Value) -> Vec<String> {
    template::expand(text, settings)
}

/// A template with values put in.
#[must_use]
pub fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    template::fill(text, |name| Ok::<_, std::convert::Infallible>(value(name))).unwrap_or_else(|never| match never {})
}

/// The token in the answer of an exchange.
pub fn reply(reply: &Reply, status: u16, content_type: &str, body: &[u8]) -> Result<String, Fault> {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    let incoming = Incoming { status, headers, body: body.to_vec() };
    token_reply::read(reply, &incoming, None).map(|token| token.text.to_string())
}
