//! Clients in the store: made, given another secret, revoked. Each change is a row of the audit, which names the client and
//! never its secret.

use crate::caller::Scope;
use crate::secret::{Secret, is_name};
use rosterd_model::{ConnectionId, ExternalId, Timestamp};
use rosterd_store::prelude::*;
use rosterd_store::{ClientRow, FormerSecret, Store, StoreError};
use std::fmt;

/// Org units of one client.
pub const MOST_ORG_UNITS: usize = 100;
/// A replaced secret counts no longer than this.
pub const LONGEST_OVERLAP_MS: u64 = 30 * 24 * 3_600_000;

/// Who changes a client, and when.
#[derive(Debug, Clone)]
pub struct By {
    /// A user of the operating system, or a client.
    pub principal: String,
    /// Now.
    pub at: Timestamp,
}

/// A client that is to be.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// The connection in whose name it will act.
    pub connection: ConnectionId,
    /// What it will be allowed to do; none: it can be given a token, and do nothing with it.
    pub scopes: Vec<Scope>,
    /// What it will be kept within; none: everywhere.
    pub org_units: Vec<ExternalId>,
}

/// Why a client was not changed.
#[derive(Debug)]
pub enum ClientError {
    /// The name has another form.
    Name(String),
    /// There is a client of this name, or was one.
    Taken(String),
    /// There is none.
    Missing(String),
    /// It is revoked for good.
    Revoked(String),
    /// More org units than a client may have.
    OrgUnits(usize),
    /// The id of an org unit is longer than any.
    OrgUnit,
    /// An overlap is longer than any.
    Overlap,
    /// The system gives no random numbers.
    Random(getrandom::Error),
    /// The store failed.
    Store(StoreError),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "\"{name}\" is no name of a client; use 1 to 63 lower-case letters, digits and hyphens, not starting with \
                 a hyphen"
            ),
            Self::Taken(name) => {
                write!(f, "there is, or was, a client {name}; names are not given twice, so choose another")
            }
            Self::Missing(name) => write!(f, "there is no client \"{name}\""),
            Self::Revoked(name) => write!(f, "client {name} is revoked for good; make another"),
            Self::OrgUnits(count) => {
                write!(f, "{count} org units are too many for one client, which may have {MOST_ORG_UNITS}")
            }
            Self::OrgUnit => write!(f, "the id of an org unit is empty or longer than {} bytes", ExternalId::MAX_BYTES),
            Self::Overlap => write!(f, "a replaced secret counts for at most 30 days"),
            Self::Random(error) => write!(f, "the system gives no random numbers: {error}"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ClientError {}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Makes a client. Its secret is not kept: whoever is answered is the only one who has it.
///
/// # Errors
/// [`ClientError::Name`], [`ClientError::Taken`], [`ClientError::OrgUnits`], or the store failed.
pub fn create(store: &Store, name: &str, new: NewClient, by: &By) -> Result<(ClientRow, Secret), ClientError> {
    if !is_name(name) {
        return Err(ClientError::Name(name.to_owned()));
    }
    let NewClient { connection, mut scopes, mut org_units } = new;
    if org_units.len() > MOST_ORG_UNITS {
        return Err(ClientError::OrgUnits(org_units.len()));
    }
    if org_units.iter().any(|unit| unit.as_str().is_empty() || unit.as_str().len() > ExternalId::MAX_BYTES) {
        return Err(ClientError::OrgUnit);
    }
    scopes.sort_unstable();
    scopes.dedup();
    org_units.sort_unstable();
    org_units.dedup();
    let secret = Secret::of_client(name).map_err(ClientError::Random)?;
    let row = ClientRow {
        connection,
        scopes: scopes.iter().map(ToString::to_string).collect(),
        org_units,
        secret: secret.hash(),
        former: None,
        created: by.at,
        rotated: None,
        revoked: None,
        by: by.principal.clone(),
    };
    store.commit("client", |writer| {
        if writer.client(name)?.is_some() {
            return Err(ClientError::Taken(name.to_owned()));
        }
        writer.put_client(name, &row)?;
        let within = match row.org_units.len() {
            0 => String::new(),
            count => format!(", within {count} org units"),
        };
        let detail = format!("{name} of {} with the scopes {}{within}", row.connection, row.scopes.join(", "));
        writer.add_audit(by.at, &by.principal, "client-create", &detail)?;
        Ok(())
    })?;
    Ok((row, secret))
}

/// Gives a client another secret. The one before counts for the overlap, and tokens that were given for it do, too.
///
/// # Errors
/// [`ClientError::Missing`], [`ClientError::Revoked`], [`ClientError::Overlap`], or the store failed.
pub fn rotate(store: &Store, name: &str, overlap_ms: u64, by: &By) -> Result<(ClientRow, Secret), ClientError> {
    if overlap_ms > LONGEST_OVERLAP_MS {
        return Err(ClientError::Overlap);
    }
    let secret = Secret::of_client(name).map_err(ClientError::Random)?;
    let row = change(store, name, by, |row| {
        let until = by.at.plus_ms(overlap_ms);
        row.former = (overlap_ms > 0).then_some(FormerSecret { hash: row.secret, until });
        (row.secret, row.rotated) = (secret.hash(), Some(by.at));
        ("client-rotate", format!("{name} has another secret; the one before counts for {} s more", overlap_ms / 1_000))
    })?;
    Ok((row, secret))
}

/// Ends a client for good, with all its secrets and tokens.
///
/// # Errors
/// [`ClientError::Missing`], [`ClientError::Revoked`], or the store failed.
pub fn revoke(store: &Store, name: &str, by: &By) -> Result<ClientRow, ClientError> {
    change(store, name, by, |row| {
        (row.former, row.revoked) = (None, Some(by.at));
        ("client-revoke", format!("{name} of {}", row.connection))
    })
}

fn change(
    store: &Store,
    name: &str,
    by: &By,
    change: impl FnOnce(&mut ClientRow) -> (&'static str, String),
) -> Result<ClientRow, ClientError> {
    store.commit("client", |writer| {
        let mut row = writer.client(name)?.ok_or_else(|| ClientError::Missing(name.to_owned()))?;
        if row.revoked.is_some() {
            return Err(ClientError::Revoked(name.to_owned()));
        }
        let (what, detail) = change(&mut row);
        row.by.clone_from(&by.principal);
        writer.put_client(name, &row)?;
        writer.add_audit(by.at, &by.principal, what, &detail)?;
        Ok(row)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::Class;
    use rosterd_store::OpenOptions;

    fn by(at: u64) -> By {
        By { principal: "ada".to_owned(), at: Timestamp(at) }
    }

    fn new() -> NewClient {
        NewClient {
            connection: "okta".parse().expect("a name"),
            scopes: vec![Scope::Hub, Scope::Read(Class::Account), Scope::Hub],
            org_units: vec!["sales".into()],
        }
    }

    fn counts(row: &ClientRow, secret: &Secret, at: u64) -> bool {
        row.hashes(Timestamp(at)).any(|hash| hash == secret.hash())
    }

    fn with(test: impl FnOnce(&Store)) {
        let folder = tempfile::tempdir().expect("a folder");
        let options = OpenOptions { cache_bytes: 1 << 20, create: true };
        test(&Store::open(&folder.path().join("store"), options).expect("a store"));
    }

    #[test]
    fn a_client_lives_from_its_making_to_its_end() {
        with(|store| {
            let (made, first) = create(store, "okta-1", new(), &by(1)).expect("made");
            assert_eq!((made.scopes.join(" "), counts(&made, &first, 1)), ("accounts:read hub:read".to_owned(), true));
            let (rotated, second) = rotate(store, "okta-1", 10, &by(100)).expect("rotated");
            assert!(counts(&rotated, &first, 109) && !counts(&rotated, &first, 110) && counts(&rotated, &second, 110));
            let (again, third) = rotate(store, "okta-1", 0, &by(105)).expect("rotated");
            assert!(!counts(&again, &first, 105) && !counts(&again, &second, 105) && counts(&again, &third, 105));
            let revoked = revoke(store, "okta-1", &by(200)).expect("revoked");
            assert!(!counts(&revoked, &third, 200));
            let view = store.snapshot().expect("a view");
            assert_eq!(view.client("okta-1").expect("a row"), Some(revoked));
            let audit: Vec<_> = view.audit(0).expect("rows").map(|row| row.expect("a row").1).collect();
            let words: Vec<&str> = audit.iter().map(|row| row.what.as_str()).collect();
            assert_eq!(words, ["client-create", "client-rotate", "client-rotate", "client-revoke"]);
            let texts: String = audit.iter().filter_map(|row| row.detail.clone()).collect();
            assert!(!texts.contains("rst_") && !texts.contains("sales"), "{texts}");
        });
    }

    #[test]
    fn what_can_not_be_is_refused_in_a_sentence() {
        with(|store| {
            create(store, "okta-1", new(), &by(1)).expect("made");
            revoke(store, "okta-1", &by(1)).expect("revoked");
            let many = NewClient { org_units: (0..101).map(|n| n.to_string().as_str().into()).collect(), ..new() };
            let empty = NewClient { org_units: vec!["".into()], ..new() };
            let errors = [
                create(store, "okta-1", new(), &by(1)).err(),
                create(store, "Okta_1", new(), &by(1)).err(),
                create(store, "okta-2", many, &by(1)).err(),
                create(store, "okta-2", empty, &by(1)).err(),
                rotate(store, "okta-1", 0, &by(1)).err(),
                rotate(store, "nobody", LONGEST_OVERLAP_MS + 1, &by(1)).err(),
                revoke(store, "okta-1", &by(1)).err(),
                revoke(store, "nobody", &by(1)).err(),
            ];
            let texts: Vec<String> = errors.into_iter().map(|error| error.expect("refused").to_string()).collect();
            let expected = [
                "given twice",
                "is no name",
                "too many",
                "is empty",
                "for good",
                "30 days",
                "for good",
                "no client \"nobody\"",
            ];
            for (text, word) in texts.iter().zip(expected) {
                assert!(text.contains(word), "{word} in {text}");
            }
        });
    }
}
