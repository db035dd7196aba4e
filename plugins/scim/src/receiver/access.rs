//! What a client may do, by the scopes that the hub tells: a class and a verb, as `accounts:read`.

use super::refusal::Refusal;
use super::schema::Kind;
use serde_json::Value;

/// Scopes of one client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access(Vec<String>);

impl Access {
    /// Of the client in the context of a call. Who has no scopes may do nothing.
    #[must_use]
    pub fn of(client: &Value) -> Self {
        let scopes = client["scopes"].as_array().map_or(&[][..], Vec::as_slice);
        Self(scopes.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// True if it may look at this kind.
    #[must_use]
    pub fn reads(&self, kind: Kind) -> bool {
        self.has(kind, "read")
    }

    /// It may do this.
    ///
    /// # Errors
    /// It may not, and which scope it lacks.
    pub fn allows(&self, kind: Kind, method: &str) -> Result<(), Refusal> {
        let verb = if method == "GET" { "read" } else { "write" };
        if self.has(kind, verb) {
            return Ok(());
        }
        Err(Refusal::forbidden(format!("the client lacks the scope {}:{verb}", word(kind))))
    }

    fn has(&self, kind: Kind, verb: &str) -> bool {
        self.0.iter().any(|scope| scope.split_once(':') == Some((word(kind), verb)))
    }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "accounts",
        Kind::Group => "groups",
        Kind::Unit => "org-units",
    }
}
