//! Accounts that are stopped and started, passwords, and entries that go.

use super::done::{Done, Outcome};
use super::places::{Disable, LOCKED};
use super::protect;
use super::session::{Session, dn_of, text_of, values_of};
use super::trouble::Trouble;
use super::update::left;
use crate::message::Entry;
use crate::preset::CONTROL;
use crate::spliced::Spliced;
use crate::writing::{How, Modification, Request};
use rosterd_sdk::{Class, Fault, FaultKind, Operation, secrets};
use std::rc::Rc;

/// The bit of an account that is disabled.
const DISABLED: i64 = 2;

impl Session {
    /// Lets an account be used, or stops it.
    ///
    /// # Errors
    /// It was not done.
    pub async fn set_enabled(&self, operation: &Operation, enabled: bool) -> Outcome {
        let id = operation.id.as_deref().unwrap_or_default();
        if operation.class != Class::Account {
            let text = "org units and groups can not be enabled or disabled";
            return Err(Trouble::not_done(Fault::unsupported(text)));
        }
        let entry = self.present(operation).await?;
        let dn = dn_of(&entry)?.to_owned();
        let change = match self.settings.how_to_disable() {
            // Nothing stops it, so it is as it should be.
            Disable::Never if enabled => None,
            Disable::Never => {
                let text = "accounts can not be stopped here: the setting disable says no way; whoever runs the hub sets it, or \
                            on-leave = \"delete\" for this destination";
                return Err(Trouble::not_done(Fault::unsupported(text)));
            }
            Disable::Control => control(&entry, enabled)?,
            Disable::Attribute(name, value) => {
                if !enabled && name == LOCKED && !self.root().await?.policy {
                    let text = "the server has no password policy, with which accounts could be locked; its administrator adds the overlay \
                                ppolicy, or whoever runs the hub sets disable to another attribute";
                    return Err(Trouble::not_done(Fault::unsupported(text)));
                }
                let stopped = values_of(&entry, &name).iter().any(|there| there.eq_ignore_ascii_case(value.as_bytes()));
                match (stopped, enabled) {
                    (true, true) => Some(Modification::new(How::Delete, &name, [value.into_bytes()])),
                    (false, false) => Some(Modification::new(How::Replace, &name, [value.into_bytes()])),
                    _ => None,
                }
            }
        };
        let Some(change) = change else { return Ok(Done::unchanged(id)) };
        let doing = format!("{} \"{dn}\"", if enabled { "enabling" } else { "disabling" });
        let request = Request::Modify { dn: dn.clone(), changes: vec![change] };
        let shown = match self.write(&doing, request, Some(Class::Account)).await? {
            Some(entry) => Some(entry),
            None => self.by_name(&dn, Class::Account).await.ok().flatten(),
        };
        let observed = shown.map(|entry| self.observed(Class::Account, &entry));
        Ok(Done { observed, ..Done::changed(id) })
    }

    /// Gives an account a new password, which only the host sees.
    ///
    /// # Errors
    /// It was not done.
    pub async fn set_password(&self, operation: &Operation) -> Outcome {
        if operation.class != Class::Account {
            return Err(Trouble::not_done(Fault::unsupported("org units and groups have no password")));
        }
        let entry = self.present(operation).await?;
        self.password(operation, dn_of(&entry)?).await?;
        Ok(Done::changed(operation.id.clone().unwrap_or_default()))
    }

    pub(super) async fn password(&self, operation: &Operation, dn: &str) -> Result<(), Trouble> {
        let password = Rc::new(secrets::initial_password(&operation.key).map_err(Trouble::not_done)?);
        let request = if self.settings.preset.is_ad() {
            let value = Spliced::secret(&password, "utf16le-quoted").map_err(Trouble::not_done)?;
            let change = Modification { how: How::Replace, attribute: "unicodePwd".to_owned(), values: vec![value] };
            Request::Modify { dn: dn.to_owned(), changes: vec![change] }
        } else {
            let password = Spliced::secret(&password, "raw").map_err(Trouble::not_done)?;
            Request::Password { dn: dn.to_owned(), password }
        };
        self.write(&format!("setting the password of \"{dn}\""), request, None).await.map(|_| ())
    }

    /// Removes an entry.
    ///
    /// # Errors
    /// It was not removed.
    pub async fn delete(&self, operation: &Operation) -> Outcome {
        let id = operation.id.as_deref().unwrap_or_default();
        let Some(entry) = self.there(id, operation.class).await? else {
            return match self.outside(id).await? {
                Some(dn) => Err(left(&dn)),
                None => Ok(Done::unchanged(id)),
            };
        };
        let dn = dn_of(&entry)?.to_owned();
        protect::may_write(&self.settings, operation.class, &dn, &entry)?;
        if self.is_top(&dn) {
            let text = format!("\"{dn}\" is the top of what is written here, and is never removed by the hub");
            return Err(Trouble::not_done(Fault::unsupported(text)));
        }
        let done = match self.write(&format!("removing \"{dn}\""), Request::Delete { dn: dn.clone() }, None).await {
            Ok(_) => Done::changed(id),
            // Somebody was faster: with removing it, or with moving it.
            Err(trouble) if trouble.code == 32 => match self.there(id, operation.class).await? {
                None => Done::unchanged(id),
                Some(_) => {
                    return Err(Trouble {
                        fault: Box::new(Fault { kind: FaultKind::Transient, ..*trouble.fault }),
                        ..trouble
                    });
                }
            },
            Err(trouble) => return Err(trouble),
        };
        self.forget(&dn);
        Ok(done)
    }
}

/// The mask with its bit as wanted, all others as they are.
fn control(entry: &Entry, enabled: bool) -> Result<Option<Modification>, Trouble> {
    let mask = text_of(entry, CONTROL).and_then(|text| text.parse::<i64>().ok());
    let mask = mask.ok_or_else(|| {
        let text = format!("{CONTROL} can not be read; the server's administrator lets the account of bind-dn read it");
        Trouble::not_done(Fault::unsupported(text))
    })?;
    let wanted = if enabled { mask & !DISABLED } else { mask | DISABLED };
    Ok((wanted != mask).then(|| Modification::new(How::Replace, CONTROL, [wanted.to_string().into_bytes()])))
}
