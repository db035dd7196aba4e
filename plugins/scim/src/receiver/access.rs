//! What a client may do, by the scopes that the hub tells: a class and a verb, as `accounts:read`.

use super::refusal::Refusal;
use super::schema::Kind;

/// Scopes of one client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access(Vec<String>);

impl Access {
    /// Of a client with these scopes. Who has none may do nothing.
    #[must_use]
    pub const fn new(scopes: Vec<String>) -> Self {
        Self(scopes)
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
