//! First passwords: made for accounts of the hub, and kept sealed in the store until a person fetches them.

use super::{reference, secret_store};
use crate::clock::SystemClock;
use crate::config::{Config, PasswordsTable};
use rosterd_connector::{InitialPasswords, PasswordKey, PasswordPolicy, SecretStore};
use rosterd_model::port::Clock as _;
use rosterd_model::{Class, ConnectionId, EntityId, Fault, FaultKind};
use rosterd_store::prelude::*;
use rosterd_store::{SealedPassword, Store, StoreError};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Makes the passwords of one connection.
pub(crate) struct StoredPasswords {
    store: Option<Arc<Store>>,
    connection: ConnectionId,
    key: PasswordKey,
    policy: PasswordPolicy,
}

impl StoredPasswords {
    /// Passwords as the configuration wants them. Without a store there is nobody to keep them, and none is made.
    ///
    /// # Errors
    /// The key can not be read, or no password can be made so.
    pub(crate) fn new(
        (table, connection): (&PasswordsTable, &ConnectionId),
        (base, secrets): (&Path, &SecretStore),
        store: Option<Arc<Store>>,
    ) -> Result<Self, Fault> {
        let wrong = |key: &str, text: String| {
            let message = format!("[connection.{connection}.initial-passwords] {key}: {text}");
            Fault::new(FaultKind::Settings, message)
        };
        let key = PasswordKey::read(&reference(&table.key), base, Some(secrets)).map_err(|text| wrong("key", text))?;
        let policy = PasswordPolicy::new(table.length, &table.signs).map_err(|text| wrong("policy", text))?;
        Ok(Self { store, connection: connection.clone(), key, policy })
    }
}

/// The key of a connection's passwords.
///
/// # Errors
/// It can not be read.
pub(crate) fn password_key(config: &Config, table: &PasswordsTable) -> Result<PasswordKey, String> {
    PasswordKey::read(&reference(&table.key), &config.dir, Some(&secret_store(config)))
}

/// Whose a sealed password is. The same words seal and open it.
pub(crate) fn owner(connection: &ConnectionId, account: EntityId, operation: &str) -> String {
    format!("{connection} {account} {operation}")
}

impl InitialPasswords for StoredPasswords {
    fn password(&self, account: EntityId, operation: &str) -> Result<Zeroizing<String>, Fault> {
        let Self { connection, .. } = self;
        let broken = |error: StoreError| {
            Fault::new(FaultKind::Internal, format!("a first password can not be kept, so none is made: {error}"))
        };
        let store = self.store.as_ref().ok_or_else(|| {
            Fault::new(FaultKind::Unsupported, "without a store nobody could hand a first password over")
        })?;
        let view = store.snapshot().map_err(broken)?;
        if let Some(number) = view.connection_number(connection).map_err(broken)? {
            let there = view.projection(number, Class::Account, account).map_err(broken)?;
            if there.is_some_and(|there| there.status.is_living()) {
                let text = format!("account {account} is at {connection} already; the hub makes first passwords only");
                return Err(Fault::new(FaultKind::Unsupported, text));
            }
            // One that nobody fetched belongs to an account whose making is not acknowledged: it may be set already.
            if let Some(kept) = view.password(number, account).map_err(broken)? {
                let opened = self.key.open(&owner(connection, account, &kept.operation), &kept.sealed);
                return opened.map_err(|text| {
                    let text = format!(
                        "the first password of account {account} at {connection} does not open: {text}, or let the hub make \
                         another one: rosterd account password {account} --connection {connection} --forget"
                    );
                    Fault::new(FaultKind::Settings, text)
                });
            }
        }
        let failed = |text| Fault::new(FaultKind::Internal, text);
        let password = self.policy.make().map_err(failed)?;
        let sealed = self.key.seal(&owner(connection, account, operation), &password).map_err(failed)?;
        // It is on disk before anybody can use it.
        let keep = |w: &mut rosterd_store::Writer<'_>| -> Result<(), StoreError> {
            let number = w.intern_connection(connection)?;
            let at = w.advance_clock(SystemClock.now())?;
            w.put_password(number, account, &SealedPassword { operation: operation.to_owned(), sealed, at })
        };
        store.commit("initial-password", keep).map_err(broken)?;
        Ok(password)
    }
}
