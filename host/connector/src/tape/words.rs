//! What stands in the frames, as JSON: a tape is read by later versions of rosterd too, and by people.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rosterd_model::fault::Fault;
use rosterd_model::id::{Class, ExternalId};
use rosterd_model::outbox::{Receipt, Request};
use rosterd_model::port::{self, Hint, Probe, ScanStart};
use rosterd_model::record::{Page, Record};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What was run, and with which configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Header {
    /// Version of rosterd.
    pub hub: String,
    /// When the recording began, milliseconds since 1970.
    pub started_ms: u64,
    /// The job.
    pub job: String,
    /// It stopped after the plan.
    pub dry: bool,
    /// An empty source might remove everybody.
    pub allow_empty: bool,
    /// Everything was read, even where the source knows deltas.
    #[serde(default)]
    pub full: bool,
    /// It was told what differs from what was known before.
    #[serde(default)]
    pub compare: bool,
    /// Text of rosterd.toml. It holds references to secrets, never secrets.
    pub configuration: String,
    /// Digest of what decides a plan.
    pub configuration_digest: String,
    /// The store had nothing in it: the run can be replayed from nothing.
    pub from_nothing: bool,
    /// People's data are replaced by pseudonyms; what components asked for is left out.
    pub redacted: bool,
}

impl Header {
    /// The beginning of a tape.
    #[must_use]
    pub fn new(job: &str, configuration: &str, configuration_digest: &str, started_ms: u64) -> Self {
        Self {
            hub: env!("CARGO_PKG_VERSION").to_owned(),
            started_ms,
            job: job.to_owned(),
            dry: false,
            allow_empty: false,
            full: false,
            compare: false,
            configuration: configuration.to_owned(),
            configuration_digest: configuration_digest.to_owned(),
            from_nothing: false,
            redacted: false,
        }
    }
}

/// What came of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Footer {
    /// How it ended, in the words of `rosterd runs`.
    pub outcome: String,
    /// Digest of its plan; none if there was nothing to do.
    pub plan: Option<String>,
    /// Steps of the plan.
    pub steps: u64,
    /// How many operations of which kind: the shape of the plan, which pseudonyms do not change.
    pub shape: BTreeMap<String, u64>,
    /// Places where a secret would have stood: they are blanked, and a replay may differ there.
    pub blanked: u64,
}

/// A further instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Opening {
    /// Its connection.
    pub(crate) connection: String,
    /// Name and version of its component.
    pub(crate) identity: String,
    /// Digest of its component.
    pub(crate) digest: String,
}

/// A call of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Call {
    Describe,
    Check,
    Discover,
    /// Begins a scan or a delta.
    Open {
        classes: Vec<Class>,
        start: ScanStart,
    },
    Next {
        max: u32,
    },
    /// Not a call of the component: what the host saw of what it read.
    Version,
    Read {
        objects: Vec<(Class, ExternalId)>,
    },
    Apply {
        requests: Vec<Request>,
    },
    Finish,
    Find {
        class: Class,
        attribute: String,
        value: String,
    },
    /// As [`Call::Read`], of a destination.
    LookAt {
        objects: Vec<(Class, ExternalId)>,
    },
    Handle {
        method: String,
        path: String,
        query: String,
        headers: Vec<(String, String)>,
        body: Bytes,
        context: String,
    },
    Listen {
        classes: Vec<Class>,
    },
    Hints {
        timeout_ms: u32,
    },
}

impl Call {
    /// How the call is named in sentences.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::Check => "check",
            Self::Discover => "discover",
            Self::Open { .. } => "scan",
            Self::Next { .. } => "next page",
            Self::Version => "version",
            Self::Read { .. } => "read",
            Self::Apply { .. } => "apply",
            Self::Finish => "finish",
            Self::Find { .. } => "find",
            Self::LookAt { .. } => "read of a destination",
            Self::Handle { .. } => "handle",
            Self::Listen { .. } => "listen",
            Self::Hints { .. } => "next hints",
        }
    }
}

/// What a component answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// Nothing more to say.
    Done,
    Text(String),
    Probes(Vec<Probe>),
    Page(Page),
    Version(Option<String>),
    Records(Vec<Result<Option<Record>, Fault>>),
    Receipts(Vec<Receipt>),
    Found(Vec<Record>),
    Response {
        status: u16,
        headers: Vec<(String, String)>,
        body: Bytes,
        hints: Vec<Hint>,
    },
    Hints(Vec<Hint>),
}

impl Answer {
    pub(crate) fn response(answer: &port::Answer) -> Self {
        let (status, headers) = (answer.status, answer.headers.clone());
        Self::Response { status, headers, body: Bytes(answer.body.clone()), hints: answer.hints.clone() }
    }
}

/// How a call of a component ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Ended {
    pub(crate) answer: Result<Answer, Fault>,
    /// The host ended the call, and the instance with it: a trap, a limit, a stop.
    pub(crate) trapped: bool,
}

/// A call of the host by a component, and the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Import {
    pub(crate) call: String,
    pub(crate) with: Value,
    pub(crate) answer: Value,
}

/// Bytes in JSON: text where they are text, else `{"base64": "..."}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

const BASE64: &str = "base64";

impl Bytes {
    /// Bytes as they stand in the arguments of a call.
    pub(crate) fn json(bytes: &[u8]) -> Value {
        match std::str::from_utf8(bytes) {
            Ok(text) => Value::from(text),
            Err(_) => Value::Object(Map::from_iter([(BASE64.to_owned(), STANDARD.encode(bytes).into())])),
        }
    }

    /// The bytes of an object that stands for bytes.
    pub(super) fn of_object(object: &Map<String, Value>) -> Option<Vec<u8>> {
        let text = object.get(BASE64).filter(|_| object.len() == 1)?.as_str()?;
        STANDARD.decode(text).ok()
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::json(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = match Value::deserialize(deserializer)? {
            Value::String(text) => Some(text.into_bytes()),
            Value::Object(object) => Self::of_object(&object),
            _ => None,
        };
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("neither a text nor base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..50)) {
            let json = serde_json::to_value(Bytes(bytes.clone())).unwrap();
            prop_assert_eq!(serde_json::from_value::<Bytes>(json).unwrap().0, bytes);
        }
    }
}
