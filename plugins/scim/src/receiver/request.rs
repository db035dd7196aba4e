//! A request, taken apart.

use super::access::Access;
use super::refusal::Refusal;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rosterd_sdk::Request;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A longer body is refused unread; the hub reads as much.
pub const LARGEST: usize = 1 << 20;

/// What stands in a path as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A segment of a path.
#[must_use]
pub fn encoded(segment: &str) -> String {
    utf8_percent_encode(segment, PLAIN).to_string()
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Call {
    /// Upper case.
    pub method: String,
    /// Segments of the path, decoded.
    pub path: Vec<String>,
    /// Decoded, in order.
    pub query: Vec<(String, String)>,
    /// Where this connection is, without a slash at its end.
    pub base: String,
    /// What whoever asks may do; none: the hub does not know who it is.
    pub client: Option<Access>,
    if_match: Option<String>,
    if_none_match: Option<String>,
    content_type: Option<String>,
    body: Vec<u8>,
}

/// What the hub tells of a call, as far as it matters here.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Context {
    base_url: Option<String>,
    client: Option<Client>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Client {
    scopes: Vec<String>,
}

impl Call {
    /// Takes a request apart.
    ///
    /// # Errors
    /// What can not be read.
    pub fn of(request: Request) -> Result<Self, Refusal> {
        let context: Context = serde_json::from_str(&request.context).unwrap_or_default();
        let base = context.base_url.unwrap_or_default().trim_end_matches('/').to_owned();
        let header = |name: &str| request.header(name).map(str::to_owned);
        let (if_match, if_none_match, content_type) =
            (header("if-match"), header("if-none-match"), header("content-type"));
        if request.body.len() > LARGEST {
            return Err(Refusal::too_large(format!("a request has at most {LARGEST} bytes")));
        }
        let segments = request.path.split('/').filter(|segment| !segment.is_empty());
        let path = segments.map(decoded).collect::<Result<Vec<_>, _>>()?;
        let pairs = request.query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(&name.replace('+', " "))?, decoded(&value.replace('+', " "))?))
        });
        let query = pairs.collect::<Result<Vec<_>, Refusal>>()?;
        let client = context.client.map(|client| Access::new(client.scopes));
        let (method, body) = (request.method, request.body);
        Ok(Self { method, path, query, base, client, if_match, if_none_match, content_type, body })
    }

    /// The last parameter of this name; names that nobody knows are left alone, as Entra's flags are.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The header `If-Match`.
    #[must_use]
    pub fn if_match(&self) -> Option<&str> {
        self.if_match.as_deref()
    }

    /// The header `If-None-Match`.
    #[must_use]
    pub fn if_none_match(&self) -> Option<&str> {
        self.if_none_match.as_deref()
    }

    /// The JSON object in the body.
    ///
    /// # Errors
    /// `invalidSyntax`, or another media type.
    pub fn body(&self) -> Result<Map<String, Value>, Refusal> {
        if let Some(given) = &self.content_type {
            let given = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if !matches!(given.as_str(), "application/scim+json" | "application/json" | "") {
                return Err(Refusal::media_type("the body is to be application/scim+json"));
            }
        }
        let bytes = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(body)) => Ok(body),
            Ok(_) => Err(Refusal::syntax("the body is to be a JSON object")),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                Err(Refusal::syntax(format!("the body is no valid JSON (line {line}, column {column})")))
            }
        }
    }
}

fn decoded(text: &str) -> Result<String, Refusal> {
    let plain = percent_decode_str(text).decode_utf8().map_err(|_| Refusal::syntax("the address is no UTF-8"))?;
    if plain.chars().any(char::is_control) {
        return Err(Refusal::syntax("the address has a control character in it"));
    }
    Ok(plain.into_owned())
}
