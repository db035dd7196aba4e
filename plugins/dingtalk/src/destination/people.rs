//! Making, changing and removing people.

use super::born::{self, Mark};
use super::calls::{CREATE_PERSON, DISABLE, ENABLE};
use super::change::Change;
use super::done::{Done, Outcome};
use super::looking;
use super::person::Desired;
use super::shown::Shown;
use super::trouble::Trouble;
use super::values::{self, Attributes};
use crate::api::{self, Api, broken};
use crate::settings::{NewAccounts, Settings};
use crate::wire;
use rosterd_sdk::{Class, Edit, Fault, FaultKind, Operation, secrets};
use serde_json::{Map, Value};

/// When to look whether somebody accepted the invitation.
const INVITED_MS: u64 = 6 * 3_600_000;
/// Refusals that may mean that a unique value is taken: no source gives login names a code of their own.
const VAGUE: [&str; 2] = ["40035", "400002"];

/// The people of one organisation.
#[derive(Debug, Clone, Copy)]
pub struct People<'a> {
    /// The interfaces.
    pub api: &'a Api,
    /// What the operator wrote.
    pub settings: &'a Settings,
}

impl People<'_> {
    /// Makes a person, unless an earlier try made it.
    pub fn create(self, operation: &Operation, json: &str) -> Outcome {
        let desired = Desired::read(&values::object(json)?, self.settings)?;
        let account = desired.account(self.settings);
        let mut fields = born::fields(&desired, account, self.settings)?;
        let marks = born::marks(&desired, account, self.settings)?;
        if operation.attempt > 1
            && let Some(shown) = self.ours(&desired, account, &marks)?
        {
            return self.bring(&shown, &desired);
        }
        if account == NewAccounts::Dingtalk {
            self.password(operation, &mut fields)?;
        }
        let who =
            desired.userid.as_ref().map_or_else(|| "a new person".to_owned(), |userid| format!("person {userid}"));
        let trouble = match api::write(self.api.create_person(&who, &fields), false) {
            Ok(answer) => {
                let userid =
                    |result: &Value| result.get("userid").and_then(wire::words).filter(|userid| !userid.is_empty());
                match api::result(&answer, CREATE_PERSON, userid) {
                    Ok(userid) => return Ok(Done::changed(userid)),
                    Err(fault) => Trouble::doubtful(fault),
                }
            }
            Err(refused) => Trouble::writing(refused, Class::Account),
        };
        if &*trouble.code == "40103" {
            return Err(invited(&who, trouble));
        }
        if trouble.unknown {
            // The answer was lost, not the person: whoever is there now was made by this very call.
            let made = self.ours(&desired, account, &marks).ok().flatten();
            return match made {
                Some(shown) => self.bring(&shown, &desired).map(|done| Done { changed: true, ..done }),
                None => Err(trouble),
            };
        }
        let vague = VAGUE.contains(&&*trouble.code);
        if trouble.fault.kind == FaultKind::AlreadyExists || vague {
            return Err(self.in_the_way(&marks, trouble));
        }
        Err(trouble)
    }

    /// Changes attributes of a person.
    pub fn update(self, operation: &Operation, edits: &[Edit], shown: Option<Shown>) -> Outcome {
        let shown = self.there(operation, shown)?;
        let there = |name: &str| if name == "departments" { shown.references() } else { Vec::new() };
        let attributes = values::resolved(edits, there)?;
        self.change(operation, &attributes, shown)
    }

    /// Puts a person into one department.
    pub fn move_to(self, operation: &Operation, parent: Option<&str>, shown: Option<Shown>) -> Outcome {
        let shown = self.there(operation, shown)?;
        let departments = parent.map_or(Value::Null, |id| serde_json::json!([{ "ref": "org-unit", "id": id }]));
        self.change(operation, &Map::from_iter([("departments".to_owned(), departments)]), shown)
    }

    fn change(self, operation: &Operation, attributes: &Attributes, mut shown: Shown) -> Outcome {
        let desired = Desired::read(attributes, self.settings)?;
        let known = operation.known.as_deref().and_then(|json| values::object(json).ok()).unwrap_or_default();
        // What was acknowledged long ago may no longer be readable; then it is not known.
        let known = Desired::read(&known, self.settings).unwrap_or_default();
        if let (Some(Some(wanted)), None, NewAccounts::Ordinary) = (&desired.mobile, &shown.mobile, shown.account) {
            // The number may not be seen; who has it can be asked all the same.
            let is_known = known.mobile == desired.mobile;
            let own = || looking::by_mobile(self.api, &wanted.written(self.settings.overseas));
            if is_known || own()?.ordinary.as_ref() == Some(&shown.userid) {
                shown.mobile = Some(wanted.clone());
            }
        }
        let fields =
            Change { desired: &desired, known: &known, shown: &shown, first: operation.attempt <= 1 }.fields()?;
        self.send(&shown.userid, &fields)
    }

    /// Brings a person that was found to what is wanted.
    fn bring(self, shown: &Shown, desired: &Desired) -> Outcome {
        let change = Change { desired, known: &Desired::default(), shown, first: false };
        self.send(&shown.userid, &change.fields()?)
    }

    fn send(self, userid: &str, fields: &Map<String, Value>) -> Outcome {
        if fields.is_empty() {
            return Ok(Done::unchanged(userid));
        }
        let answer = api::write(self.api.update_person(userid, fields), true);
        answer.map_err(|refused| Trouble::writing(refused, Class::Account))?;
        Ok(Done::changed(userid))
    }

    /// Lets a dedicated account be used, or stops it and ends its sessions.
    pub fn set_enabled(self, operation: &Operation, enabled: bool, shown: Option<Shown>) -> Outcome {
        let shown = self.there(operation, shown)?;
        let userid = shown.userid.as_str();
        if shown.account == NewAccounts::Ordinary {
            if enabled {
                // Nothing can stop it, so it is as it should be.
                return Ok(Done::unchanged(userid));
            }
            return Err(Trouble::not_done(Fault::unsupported(format!(
                "person {userid} has an ordinary account, which DingTalk can not suspend; whoever runs the hub sets on-leave = \"delete\" \
                 for this destination, or an administrator removes the person there"
            ))));
        }
        let already = shown.disabled() == Some(!enabled);
        if !already {
            self.switch(userid, enabled)?;
        }
        // A try that ended between the two calls has left sessions open.
        if enabled || (already && operation.attempt <= 1) {
            return Ok(if already { Done::unchanged(userid) } else { Done::changed(userid) });
        }
        let problems = self.sign_out(&shown)?;
        Ok(Done { changed: !already, ..Done::changed(userid) }.with(problems))
    }

    fn switch(self, userid: &str, enabled: bool) -> Result<(), Trouble> {
        let answer = api::write(self.api.set_enabled(userid, enabled), true);
        let answer = answer.map_err(|refused| Trouble::writing(refused, Class::Account))?;
        if wire::member(&answer, "result").and_then(wire::truth) == Some(true) {
            return Ok(());
        }
        let call = if enabled { ENABLE } else { DISABLE };
        Err(Trouble::doubtful(broken(call, "its result is not true")))
    }

    /// Ends sessions. What can not be signed out is a problem of an account that is stopped.
    fn sign_out(self, shown: &Shown) -> Result<Vec<Fault>, Trouble> {
        if shown.account == NewAccounts::Sso {
            return Ok(Vec::new());
        }
        match api::write(self.api.sign_out(&shown.userid), true) {
            Ok(_) => Ok(Vec::new()),
            Err(refused) => {
                let trouble = Trouble::writing(refused, Class::Account);
                if trouble.unknown || trouble.stops() {
                    Err(Trouble { unknown: true, ..trouble })
                } else {
                    Ok(vec![trouble.fault])
                }
            }
        }
    }

    /// Gives a dedicated account a new password, which only the host sees.
    pub fn set_password(self, operation: &Operation, shown: Option<Shown>) -> Outcome {
        let shown = self.there(operation, shown)?;
        if shown.account != NewAccounts::Dingtalk {
            let userid = &shown.userid;
            return Err(Trouble::not_done(Fault::unsupported(format!(
                "person {userid} has no password that DingTalk keeps; only dedicated accounts of type dingtalk have one"
            ))));
        }
        let mut fields = Map::new();
        self.password(operation, &mut fields)?;
        let departments = shown.departments.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        fields.insert("dept_id_list".to_owned(), departments.into());
        self.send(&shown.userid, &fields)
    }

    fn password(self, operation: &Operation, fields: &mut Map<String, Value>) -> Result<(), Trouble> {
        let password = secrets::initial_password(&operation.key).map_err(Trouble::not_done)?;
        fields.insert("init_password".to_owned(), password.placeholder("json").map_err(Trouble::not_done)?.into());
        fields.insert("send_password_to_user".to_owned(), self.settings.send_password.into());
        Ok(())
    }

    /// Removes a person; a dedicated account is stopped before, so that nobody goes on with it elsewhere.
    pub fn delete(self, operation: &Operation, shown: Option<Shown>) -> Outcome {
        let id = operation.id.clone().unwrap_or_default();
        let shown = match shown {
            Some(shown) => Some(shown),
            None => looking::person(self.api, &id)?,
        };
        let Some(shown) = shown else { return Ok(Done::unchanged(id)) };
        if shown.account != NewAccounts::Ordinary && shown.disabled() == Some(false) {
            self.switch(&shown.userid, false)?;
            self.sign_out(&shown)?;
        }
        match api::write(self.api.delete_person(&shown.userid), true) {
            Err(refused) if refused.not_found() => Ok(Done::unchanged(id)),
            Err(refused) => Err(Trouble::writing(refused, Class::Account)),
            Ok(_) => Ok(Done::changed(id)),
        }
    }

    fn there(self, operation: &Operation, shown: Option<Shown>) -> Result<Shown, Trouble> {
        let id = operation.id.as_deref().unwrap_or_default();
        match shown {
            Some(shown) => Ok(shown),
            None => looking::person(self.api, id)?.ok_or_else(|| looking::missing(&format!("person {id}"))),
        }
    }

    /// The person that an earlier try made; none: there is none.
    fn ours(self, desired: &Desired, account: NewAccounts, marks: &[Mark]) -> Result<Option<Shown>, Trouble> {
        for mark in marks {
            let Some(mut shown) = looking::marked(self.api, mark)?.into_iter().next() else { continue };
            let wanted = desired.mobile.clone().flatten();
            if matches!(mark, Mark::Mobile(_)) && shown.mobile.is_none() {
                shown.mobile.clone_from(&wanted);
            }
            let same = desired.userid.as_ref().is_none_or(|userid| *userid == shown.userid)
                && shown.account == account
                && (wanted.is_none() || shown.mobile.is_none() || shown.mobile == wanted)
                // Without an id of our own choice it may be somebody who was there before: at least the name is the same.
                && (desired.userid.is_some() || is_named(&shown, desired));
            if same {
                if shown.mobile.is_none() {
                    // Made with this number, by an id that nobody else chooses.
                    shown.mobile = wanted;
                }
                return Ok(Some(shown));
            }
            return Err(Trouble::not_done(other(&shown)));
        }
        Ok(None)
    }

    /// Names who has what must be one of a kind, where that can be found.
    fn in_the_way(self, marks: &[Mark], trouble: Trouble) -> Trouble {
        for mark in marks {
            if let Ok(found) = looking::marked(self.api, mark)
                && let Some(shown) = found.first()
            {
                return Trouble { fault: other(shown), ..trouble };
            }
        }
        trouble
    }
}

fn is_named(shown: &Shown, desired: &Desired) -> bool {
    let named = wire::member(&shown.object, "name");
    desired.fields.get("name").is_none_or(|name| name.as_ref() == named)
}

fn other(shown: &Shown) -> Fault {
    let text = format!(
        "person {} in DingTalk has this id, number or login name already; link the two (match in [deliver.CONNECTION], or \
         rosterd adopt), or an administrator changes one of them",
        shown.userid
    );
    Fault::already_exists(text).about(shown.userid.clone())
}

fn invited(who: &str, trouble: Trouble) -> Trouble {
    let text = format!(
        "{CREATE_PERSON} ({who}): DingTalk sent an invitation (code 40103), and the person is no member before it is accepted in \
         DingTalk; this is looked at again later"
    );
    let fault = Fault { kind: FaultKind::Transient, message: text, ..trouble.fault }.retry_after(INVITED_MS);
    Trouble { fault, unknown: true, ..trouble }
}
