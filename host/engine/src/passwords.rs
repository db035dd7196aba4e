//! First passwords that wait for a person. The engine sees them sealed: it says whose they are, and forgets them.

use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::{Class, ConnectionId, Entity, Timestamp};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, SealedPassword};

/// An account whose first password nobody fetched yet.
#[derive(Debug, Clone)]
pub struct WaitingPassword {
    /// The account.
    pub account: Entity,
    /// When the password was made.
    pub at: Timestamp,
    /// True: the destination acknowledged the account, so that the password is in use.
    pub usable: bool,
}

/// Why a first password leaves the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordEnd {
    /// It is handed over.
    Shown,
    /// It is of no use any more.
    Forgotten,
}

impl Engine {
    /// The accounts for which first passwords of a destination wait.
    ///
    /// # Errors
    /// The store fails.
    pub fn waiting_passwords(&self, destination: &ConnectionId) -> Result<Vec<WaitingPassword>, EngineError> {
        let view = self.store.snapshot()?;
        let Some(number) = view.connection_number(destination)? else { return Ok(Vec::new()) };
        let mut waiting = Vec::new();
        for id in view.passwords(number)? {
            let id = id?;
            let (account, password) = (view.entity(Class::Account, id)?, view.password(number, id)?);
            let (Some(account), Some(password)) = (account, password) else { continue };
            let usable = there(&view, number, &account)?;
            waiting.push(WaitingPassword { account, at: password.at, usable });
        }
        Ok(waiting)
    }

    /// The first password of an account at a destination, sealed.
    ///
    /// # Errors
    /// There is no such account, no password waits for it, or the destination has not acknowledged the account; the store
    /// fails.
    pub fn waiting_password(
        &self,
        name: &str,
        destination: &ConnectionId,
        end: PasswordEnd,
    ) -> Result<(Entity, SealedPassword), EngineError> {
        let account = self.account(name)?;
        let view = self.store.snapshot()?;
        let number = view.connection_number(destination)?;
        let password = number.map_or(Ok(None), |number| view.password(number, account.id))?;
        let (Some(number), Some(password)) = (number, password) else {
            return Err(EngineError::NotFound(format!(
                "no first password of account {name} waits at {destination}: it was handed over, or the hub made none; \
                 see `rosterd account password --connection {destination}`"
            )));
        };
        if end == PasswordEnd::Shown && !there(&view, number, &account)? {
            return Err(EngineError::Refused(format!(
                "account {name} is not at {destination} yet, and its first password may still change; see `rosterd outbox list`, \
                 and ask again once the account is there"
            )));
        }
        Ok((account, password))
    }

    /// Takes a first password out of the store, with a row in the audit. Whoever shows it does so after that.
    ///
    /// # Errors
    /// It is another one by now; the store fails.
    pub fn end_password(
        &self,
        account: &Entity,
        destination: &ConnectionId,
        password: &SealedPassword,
        end: PasswordEnd,
    ) -> Result<(), EngineError> {
        let now = self.clock.now();
        let word = match end {
            PasswordEnd::Shown => "password-handed-over",
            PasswordEnd::Forgotten => "password-forgotten",
        };
        self.store.commit::<_, EngineError>("password", |w| {
            let number = w.intern_connection(destination)?;
            if w.password(number, account.id)?.as_ref() != Some(password) {
                return Err(EngineError::Refused(
                    "somebody else fetched it just now; see `rosterd audit list`".to_owned(),
                ));
            }
            w.remove_password(number, account.id)?;
            let at = w.advance_clock(now)?;
            w.add_audit(at, &self.principal, word, &format!("{} at {destination}", account.id))?;
            Ok(())
        })
    }
}

fn there(view: &impl Read, number: ConnectionNumber, account: &Entity) -> Result<bool, EngineError> {
    let projection = view.projection(number, Class::Account, account.id)?;
    Ok(projection.is_some_and(|projection| projection.status.is_living()))
}
