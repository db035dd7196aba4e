//! Who calls: from the token of a request to a [`Caller`].
//!
//! A token is looked up on each request, and so is its client: what was revoked or replaced is over with the next request,
//! and nothing has to be told to anybody. Whoever shows a right token is never kept out for what others at his address did
//! (clients behind one proxy have one address); only failures are counted there.

use crate::caller::{Caller, Scope};
use crate::limits::{Buckets, OF_A_CLIENT, OF_FAILURES, network};
use crate::problem::Problem;
use crate::secret::{self, Claim};
use crate::tokens::Tokens;
use crate::within::Within;
use axum::http::{HeaderMap, StatusCode, header};
use rosterd_model::directory::{Directory, Listing, Query, Submission};
use rosterd_model::port::{BoxFuture, Clock};
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, FaultKind, Record, Timestamp};
use rosterd_store::{ClientRow, SecretHash};
use std::net::IpAddr;
use std::sync::Arc;

/// Challenge to whoever shows nothing (RFC 6750, section 3).
const CHALLENGE: &str = "Bearer realm=\"rosterd\"";
/// Challenge to whoever shows what nobody knows.
const INVALID: &str =
    "Bearer realm=\"rosterd\", error=\"invalid_token\", error_description=\"the token is unknown, expired or revoked\"";

/// The clients that there are. Whatever blocks is the implementor's to move elsewhere.
pub trait Clients: Send + Sync {
    /// The client of this name.
    ///
    /// # Errors
    /// It can not be told at present.
    fn client(&self, name: String) -> BoxFuture<'_, Result<Option<ClientRow>, Unavailable>>;

    /// What clients of a connection pushed; the client is recorded with what it changes. None: nobody can push there.
    fn directory(&self, connection: &ConnectionId, client: &str) -> Option<Arc<dyn Directory>>;
}

/// The store can not be read; the implementor has said why in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// Where callers are looked at.
pub(crate) struct Door {
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tokens: Tokens,
    of_clients: Buckets<String>,
    of_failures: Buckets<IpAddr>,
}

/// A client that has shown who it is.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) row: ClientRow,
    /// By which of its secrets.
    pub(crate) by: SecretHash,
    pub(crate) scopes: Vec<Scope>,
}

/// Why a request goes no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It shows no token.
    Nothing,
    /// It shows one that nobody knows.
    Unknown,
    /// Too often: seconds.
    TooOften(u64),
    /// It can not be told at present.
    Unavailable,
}

impl Door {
    pub(crate) fn new(clients: Arc<dyn Clients>, clock: Arc<dyn Clock>) -> Self {
        let (of_clients, of_failures) = (Buckets::new(OF_A_CLIENT), Buckets::new(OF_FAILURES));
        Self { clients, clock, tokens: Tokens::default(), of_clients, of_failures }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The client whose token or secret a request shows. `accepts` says which clients are known at this place: another one is
    /// refused like a wrong token, so that nobody learns which tokens are right somewhere else.
    pub(crate) async fn known(
        &self,
        headers: &HeaderMap,
        from: IpAddr,
        accepts: impl Fn(&ClientRow) -> bool,
    ) -> Result<Known, Refused> {
        let shown = bearer(headers).ok_or(Refused::Nothing)?;
        let known = self.shown(shown).await.map_err(|Unavailable| Refused::Unavailable)?;
        match known.filter(|known| accepts(&known.row)) {
            Some(known) => {
                self.permit(&known.name).map_err(Refused::TooOften)?;
                Ok(known)
            }
            None => Err(self.failed(from)),
        }
    }

    /// Counts a failure of an address.
    pub(crate) fn failed(&self, from: IpAddr) -> Refused {
        match self.of_failures.take(&network(from), self.now()) {
            Ok(()) => Refused::Unknown,
            Err(seconds) => Refused::TooOften(seconds),
        }
    }

    /// Whose token or secret this is.
    async fn shown(&self, text: &str) -> Result<Option<Known>, Unavailable> {
        let own = secret::hash(text);
        match secret::read(text) {
            Some(Claim::Secret(name)) => self.secret_of(name, own).await,
            Some(Claim::Token) => {
                let Some(token) = self.tokens.find(own, self.now()) else { return Ok(None) };
                // It lives no longer than the secret that it was given for.
                let known = self.secret_of(&token.client, token.by).await?;
                Ok(known.map(|mut known| {
                    known.scopes.retain(|scope| token.scopes.contains(scope));
                    known
                }))
            }
            None => Ok(None),
        }
    }

    /// The client of this name, if this is the hash of a secret of it that counts.
    pub(crate) async fn secret_of(&self, name: &str, hash: SecretHash) -> Result<Option<Known>, Unavailable> {
        if !secret::is_name(name) {
            return Ok(None);
        }
        let Some(row) = self.clients.client(name.to_owned()).await? else { return Ok(None) };
        // All are compared, whichever fits.
        let fits = row.hashes(self.now()).fold(false, |fits, own| fits | secret::same(own, hash));
        let scopes = row.scopes.iter().filter_map(|word| word.parse().ok()).collect();
        Ok(fits.then(|| Known { name: name.to_owned(), row, by: hash, scopes }))
    }

    /// Counts a request of a client that has shown who it is.
    ///
    /// # Errors
    /// It asks too often: seconds until it may again.
    pub(crate) fn permit(&self, client: &String) -> Result<(), u64> {
        self.of_clients.take(client, self.now())
    }

    /// The client as what is behind the router knows it.
    pub(crate) fn caller(&self, known: Known) -> Caller {
        let Known { name, row, scopes, .. } = known;
        let directory = self.clients.directory(&row.connection, &name);
        let directory = directory.unwrap_or_else(|| Arc::new(Nowhere(row.connection.clone())));
        let directory: Arc<dyn Directory> = match row.org_units.as_slice() {
            [] => directory,
            units => Arc::new(Within::new(directory, units.to_vec())),
        };
        Caller { client: name, connection: row.connection, scopes, org_units: row.org_units, directory }
    }
}

/// The directory of a connection that nobody can push to. A client of it may still look at what the hub has.
struct Nowhere(ConnectionId);

impl Nowhere {
    fn fault(&self) -> Fault {
        let text =
            format!("nobody can push to connection {0}: no job with pushed = true has {0} as its source", self.0);
        Fault::new(FaultKind::Unsupported, text)
    }
}

impl Directory for Nowhere {
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move { submissions.iter().map(|_| Err(self.fault())).collect() })
    }

    fn get(&self, _: Class, _: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>> {
        Box::pin(async move { Err(self.fault()) })
    }

    fn query(&self, _: Class, _: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
        Box::pin(async move { Err(self.fault()) })
    }
}

impl Refused {
    /// In words, with the challenge of RFC 6750.
    pub(crate) fn problem(&self) -> Problem {
        let unauthorized = |detail: &str, challenge| Problem {
            challenge: Some(challenge),
            ..Problem::new(StatusCode::UNAUTHORIZED, detail)
        };
        match self {
            Self::Nothing => unauthorized(
                "a token is needed: Authorization: Bearer TOKEN, with a token of /oauth2/token or the client's secret",
                CHALLENGE,
            ),
            Self::Unknown => unauthorized(
                "the token is unknown, expired or revoked; ask /oauth2/token for another, or the operator for a secret",
                INVALID,
            ),
            Self::TooOften(seconds) => Problem::too_often(*seconds),
            Self::Unavailable => Problem::unavailable(),
        }
    }
}

/// What stands behind `Bearer`; none if there is no such header, or more than one `authorization`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    credentials(headers, "bearer")
}

/// What stands behind a scheme. Its name is written in any case (RFC 9110, section 11.1).
pub(crate) fn credentials<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(one), None) = (all.next(), all.next()) else { return None };
    let (own, rest) = one.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim_matches(' ');
    (own.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_token_stands_behind_its_scheme() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(of(&["bEARER   abc"]).as_deref(), Some("abc"));
        for wrong in [&[][..], &["Bearer"], &["Bearer "], &["Basic abc"], &["abc"], &["Bearer a", "Bearer a"]] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
    }
}
