//! The parts of a manifest that describe tokens and rate limits.

use crate::units::Span;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How the host gets and places a token: an exchange (`request` and `reply`), or a secret that is the token itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Recipe {
    /// Name of the secret that is the token.
    pub secret: Option<String>,
    /// The token is base64 of username, colon and secret.
    pub username: Option<String>,
    /// A JWT that the host signs for each exchange.
    pub assertion: Option<Assertion>,
    /// The exchange.
    pub request: Option<Exchange>,
    /// What is read from its answer.
    pub reply: Option<Reply>,
    /// Where the token goes; the first entry whose hosts fit.
    pub place: Vec<Place>,
    /// Answers that mean that the token is no longer good; none: status 401.
    pub expired: Option<Vec<Condition>>,
}

/// A JWT that the host signs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Assertion {
    /// Name of the secret that is the private key.
    pub key: String,
    /// rs256, ps256, es256, ed25519.
    pub algorithm: String,
    /// Members of the header beside alg and typ.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// Claims beside iat, exp and jti.
    pub claims: BTreeMap<String, String>,
    /// How long it is good.
    #[serde(default = "minute")]
    pub lifetime: Span,
}

fn minute() -> Span {
    Span(60_000)
}

/// The request that gets a token; its texts are templates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Exchange {
    /// GET, POST or PUT.
    pub method: String,
    /// Its host must be requested and granted too.
    pub url: String,
    /// Added to the url.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body as a form.
    pub form: Option<BTreeMap<String, String>>,
    /// Body as JSON; its texts are templates.
    pub json: Option<Value>,
    /// HTTP basic for the exchange itself.
    pub basic: Option<Basic>,
}

/// HTTP basic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Basic {
    /// A template.
    pub username: String,
    /// Name of the secret that is the password.
    pub secret: String,
}

/// What is read from the answer of an exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reply {
    /// What a good one looks like; none: any 2xx.
    pub success: Option<Condition>,
    /// Refusals that will pass and say nothing about the credentials, beside penalties of buckets, 429 and 5xx.
    #[serde(default)]
    pub busy: Vec<Condition>,
    /// JSON pointer to the token.
    pub token: String,
    /// JSON pointer to the remaining life in seconds.
    pub expires_in: Option<String>,
    /// Life if the reply does not tell.
    pub lifetime: Option<Span>,
    /// Renewed so long before the end.
    #[serde(default = "minute")]
    pub margin: Span,
}

/// Where a token goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Place {
    /// Towards these hosts.
    pub hosts: Vec<String>,
    /// Header or query.
    #[serde(rename = "in")]
    pub within: Within,
    /// Name of the header or of the parameter.
    pub name: String,
    /// Text around `{token}`.
    #[serde(default = "bare_token")]
    pub format: String,
}

fn bare_token() -> String {
    "{token}".to_owned()
}

/// The part of a request that holds a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// A header.
    Header,
    /// A parameter of the query.
    Query,
}

/// Fits an answer if everything that is named fits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Condition {
    /// One of these.
    pub status: Option<Vec<u16>>,
    /// Beginning of the content type, lower case.
    pub content_type: Option<String>,
    /// JSON pointer into the answer.
    pub pointer: Option<String>,
    /// What may stand there; a number and the same number as text are equal.
    pub values: Option<Vec<Value>>,
}

/// A rate limit: so many requests in so much time, or so many at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bucket {
    /// Who shares it.
    #[serde(default)]
    pub scope: Scope,
    /// Requests that it takes by itself.
    #[serde(rename = "match")]
    pub matches: Option<Match>,
    /// One bucket, or one for each path.
    #[serde(default)]
    pub each: Each,
    /// Requests in `per`.
    pub capacity: Option<u32>,
    /// The time that `capacity` is about.
    pub per: Option<Span>,
    /// Requests at the same time.
    pub concurrent: Option<u32>,
    /// Answers that close it.
    #[serde(default)]
    pub penalty: Vec<Penalty>,
}

/// Who shares a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Connections that use the same credential.
    #[default]
    Credential,
    /// One connection.
    Connection,
    /// Everything that this host sends to the same remote host.
    RemoteHost,
}

/// Whether each path has a bucket of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Each {
    /// One for all.
    #[default]
    Bucket,
    /// One for each path that fits.
    Path,
}

/// Requests that a bucket takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Match {
    /// To these hosts.
    pub hosts: Option<Vec<String>>,
    /// With these methods.
    pub methods: Option<Vec<String>>,
    /// With these paths; `*` for one part, `**` at the end for the rest.
    pub paths: Option<Vec<String>>,
}

/// An answer that closes a bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Penalty {
    /// Which answers.
    pub when: Condition,
    /// Header that holds the seconds to wait, or a date.
    pub header: Option<String>,
    /// If there is no such header.
    pub wait: Option<Span>,
}

impl Condition {
    fn check(&self) -> Result<(), String> {
        let Self { status, content_type, pointer, values } = self;
        match (status.is_some() || content_type.is_some() || pointer.is_some(), pointer.is_some() == values.is_some()) {
            (false, _) => Err("a condition names at least one of status, content-type, pointer".to_owned()),
            (_, false) => Err("`pointer` and `values` belong together".to_owned()),
            _ => Ok(()),
        }
    }
}

impl Recipe {
    /// What types alone do not say.
    pub(crate) fn check(&self) -> Result<(), String> {
        let exchange = self.request.is_some() && self.reply.is_some();
        let mixed = self.request.is_some() || self.reply.is_some() || self.assertion.is_some();
        match (&self.secret, exchange) {
            (Some(_), _) if mixed => return Err("either `secret`, or `request` and `reply`, not both".to_owned()),
            (None, false) => return Err("it needs `secret`, or `request` and `reply`".to_owned()),
            (None, true) if self.username.is_some() => return Err("`username` goes with `secret`".to_owned()),
            _ => {}
        }
        if self.place.is_empty() {
            return Err("`place` must say where the token goes".to_owned());
        }
        if self.place.iter().any(|place| !place.format.contains("{token}")) {
            return Err("`format` must hold {token}".to_owned());
        }
        if let Some(reply) = &self.reply {
            if reply.expires_in.is_none() && reply.lifetime.is_none() {
                return Err("`reply` needs `expires-in` or `lifetime`".to_owned());
            }
            reply.success.iter().chain(&reply.busy).try_for_each(Condition::check)?;
        }
        if let Some(Exchange { form: Some(_), json: Some(_), .. }) = &self.request {
            return Err("`form` and `json` exclude each other".to_owned());
        }
        self.expired.iter().flatten().try_for_each(Condition::check)
    }
}

impl Bucket {
    /// What types alone do not say.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.capacity.is_some() != self.per.is_some() {
            return Err("`capacity` and `per` belong together".to_owned());
        }
        if self.capacity.is_none() && self.concurrent.is_none() {
            return Err("it needs `capacity` and `per`, or `concurrent`".to_owned());
        }
        if self.capacity == Some(0) || self.concurrent == Some(0) || self.per == Some(Span(0)) {
            return Err("`capacity`, `per` and `concurrent` are at least 1".to_owned());
        }
        for penalty in &self.penalty {
            penalty.when.check()?;
            if penalty.wait.is_none() && penalty.header.is_none() {
                return Err("a penalty needs `wait` or `header`".to_owned());
            }
        }
        Ok(())
    }
}
