//! From what is wanted and what is there to the fields that are sent: only differences, and nothing if there are none.
//!
//! What is read may be older than what was written a moment ago. So a value is sent, too, if it is the first try and the
//! destination last acknowledged another one.

use super::person::{Desired, checked_extension};
use super::rules::{Empty, RULES};
use super::shown::Shown;
use super::trouble::Trouble;
use super::values::wrong;
use crate::settings::NewAccounts;
use serde_json::{Map, Value, json};

/// Departments of one person in a change; the page is silent, DingTalk's Java library counts so far.
const MOST_DEPARTMENTS: usize = 300;

/// A change of one person.
#[derive(Debug)]
pub struct Change<'a> {
    /// What is wanted.
    pub desired: &'a Desired,
    /// What was acknowledged last; empty if that is not known.
    pub known: &'a Desired,
    /// What is there.
    pub shown: &'a Shown,
    /// True: it was not tried before.
    pub first: bool,
}

impl Change<'_> {
    /// The fields to send.
    ///
    /// # Errors
    /// Something is wanted that can not be changed.
    pub fn fields(&self) -> Result<Map<String, Value>, Trouble> {
        let mut body = Map::new();
        let mut forced = Vec::new();
        self.desired.fits(self.shown.account)?;
        self.fixed()?;
        self.plain(&mut body, &mut forced)?;
        self.extension(&mut body)?;
        let departments = self.desired.departments.as_ref().unwrap_or(&self.shown.departments);
        self.desired.placed(departments, MOST_DEPARTMENTS)?;
        let list = departments.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        if let Some(wanted) = &self.desired.departments
            && self.differs(
                &sorted(wanted),
                &sorted(&self.shown.departments),
                self.known.departments.as_ref().map(|ids| sorted(ids)).as_ref(),
            )
        {
            body.insert("dept_id_list".to_owned(), list.clone().into());
        }
        self.places(departments, &mut body);
        if let Some(manager) = &self.desired.manager
            && self.differs(manager, &self.shown.manager(), self.known.manager.as_ref())
        {
            body.insert("manager_userid".to_owned(), manager.clone().unwrap_or_default().into());
            if manager.is_none() {
                forced.push("manager_userid");
            }
        }
        if !forced.is_empty() {
            body.insert("force_update_fields".to_owned(), forced.join(",").into());
        }
        if !body.is_empty() && self.shown.account != NewAccounts::Ordinary {
            // The page about dedicated accounts wants it each time.
            body.entry("dept_id_list").or_insert_with(|| list.into());
        }
        Ok(body)
    }

    fn differs<T: PartialEq>(&self, wanted: &T, shown: &T, known: Option<&T>) -> bool {
        wanted != shown || (self.first && known.is_some_and(|known| known != wanted))
    }

    /// What a person keeps for ever.
    fn fixed(&self) -> Result<(), Trouble> {
        let (desired, shown) = (self.desired, self.shown);
        if desired.userid.as_ref().is_some_and(|userid| *userid != shown.userid) {
            return Err(wrong("userid", &format!("is chosen once; this person has {}", shown.userid)));
        }
        let dedicated = shown.account != NewAccounts::Ordinary;
        let other = desired.dedicated.is_some_and(|wanted| wanted != dedicated);
        if other || (desired.dedicated != Some(false) && desired.kind.is_some_and(|kind| kind != shown.account)) {
            let text = "is chosen once; an administrator removes the account before another kind can be made";
            return Err(wrong("exclusive_account", text));
        }
        match &desired.mobile {
            Some(wanted) if !dedicated && *wanted != shown.mobile => Err(wrong(
                "mobile",
                "can not be changed by an interface: the person changes the number in DingTalk, or an administrator adds the person anew",
            )),
            _ => Ok(()),
        }
    }

    fn plain(&self, body: &mut Map<String, Value>, forced: &mut Vec<&'static str>) -> Result<(), Trouble> {
        for rule in RULES {
            let Some(wanted) = self.desired.fields.get(rule.name) else { continue };
            let shown = rule.shown(&self.shown.object);
            if !self.differs(wanted, &shown, self.known.fields.get(rule.name)) {
                continue;
            }
            let value = match (wanted, rule.empty) {
                _ if rule.update.is_empty() => {
                    return Err(wrong(rule.name, "is set when an account is made, and never after"));
                }
                (Some(value), _) => value.clone(),
                (None, Empty::Text) => "".into(),
                (None, Empty::Forced) if self.shown.account != NewAccounts::Ordinary => {
                    forced.push(rule.name);
                    "".into()
                }
                (None, _) => return Err(wrong(rule.name, "is empty, and an interface can not empty it")),
            };
            body.insert(rule.update.to_owned(), value);
        }
        Ok(())
    }

    /// Fields of the administrator are sent together with those of others, which an overwriting call would erase.
    fn extension(&self, body: &mut Map<String, Value>) -> Result<(), Trouble> {
        let Some(wanted) = &self.desired.extension else { return Ok(()) };
        let there = self.shown.extension();
        let known = self.known.extension.clone().unwrap_or_default();
        let is_set = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
        let ours = wanted.keys().chain(known.keys());
        let removed: Vec<&String> = ours.filter(|key| !is_set(wanted.get(*key))).collect();
        let mut all = there.clone().unwrap_or_default();
        all.extend(
            wanted.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), value.clone())),
        );
        removed.iter().for_each(|key| drop(all.shift_remove(*key)));
        if there.is_none() && removed.iter().any(|key| is_set(known.get(*key))) {
            let text = "can not be seen, so that no field can be taken out without taking out those of others; the administrator \
                        of the application adds the field permission for e-mail and other personal information";
            return Err(wrong("extension", text));
        }
        let set = |fields: &Map<String, Value>| {
            fields
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect::<Map<_, _>>()
        };
        let changed = self.known.extension.as_ref().is_some_and(|known| set(known) != set(wanted));
        if all == there.unwrap_or_default() && !(self.first && changed) {
            return Ok(());
        }
        let all = checked_extension("extension", all)?;
        body.insert("extension".to_owned(), Value::Object(all).to_string().into());
        body.insert("ext_attrs_update_mode".to_owned(), i64::from(removed.is_empty()).into());
        Ok(())
    }

    fn places(&self, departments: &[i64], body: &mut Map<String, Value>) {
        let there = |id: &i64| self.shown.places.get(id).and_then(|place| place.order);
        let known = |id: &i64| self.known.orders.as_ref().and_then(|orders| orders.get(id).copied());
        let orders = self.desired.orders.iter().flatten();
        let orders =
            orders.filter(|(id, order)| self.differs(&Some(**order), &there(id), known(id).map(Some).as_ref()));
        let orders: Vec<Value> = orders.map(|(id, order)| json!({ "dept_id": id, "order": order })).collect();
        if !orders.is_empty() {
            body.insert("dept_order_list".to_owned(), orders.into());
        }
        let Some(main) = self.desired.main.flatten() else { return };
        if !self.differs(&Some(main), &self.shown.main(), self.known.main.as_ref()) {
            return;
        }
        let positions = self.shown.positions();
        let one = |id: &i64| {
            let mut position = json!({ "dept_id": id, "is_main": *id == main });
            for name in ["title", "work_place"] {
                if let Some(value) = positions.get(id).and_then(|there| crate::wire::member(there, name)) {
                    position[name] = value.clone();
                }
            }
            position
        };
        body.insert("dept_position_list".to_owned(), departments.iter().map(one).collect());
    }
}

fn sorted(ids: &[i64]) -> Vec<i64> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}
