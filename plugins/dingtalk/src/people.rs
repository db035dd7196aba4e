//! People as departments list them, merged: whoever is in several departments is listed by each, with another order and
//! another mark of a leader.
//!
//! A person is given out once every department that it names, and that is read, has shown it. So only people of several
//! departments are held, and of the others the id.

use crate::api::{LAST_CURSOR, PAGE, broken};
use crate::convert::{Person, Unreadable, unreadable};
use crate::tree::Tree;
use crate::wire::{self, Object};
use rosterd_sdk::{Change, Fault};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

const CALL: &str = "/topapi/v2/user/list";

/// The people of a scan.
#[derive(Debug, Default)]
pub struct People {
    /// Shown by some of their departments.
    held: HashMap<String, Person>,
    /// Given out, or rejected, with the name by which they were known.
    done: HashMap<String, String>,
    /// In departments of which more pages are to come: who was on those before.
    on_page: HashMap<i64, HashSet<String>>,
    /// What makes the listing of people incomplete, as sentences.
    pub lacking: Vec<String>,
}

/// What a page of a listing gave.
#[derive(Debug, Default)]
pub struct Taken {
    /// People who are whole now.
    pub people: Vec<Person>,
    /// Those who can not be read.
    pub rejected: Vec<Change>,
    /// Where the next page starts.
    pub next: Option<i64>,
}

impl People {
    /// Takes one page of a department's listing.
    ///
    /// # Errors
    /// `incomplete` if the answer can not be one: no list, or no way to the next page.
    pub fn page(&mut self, tree: &Tree, department: i64, cursor: i64, answer: &Object) -> Result<Taken, Fault> {
        let wrong = |what: &str| broken(CALL, &format!("the answer for department {department} from {cursor} {what}"));
        let result = wire::member(answer, "result").and_then(Value::as_object).ok_or_else(|| wrong("has no result"))?;
        let items = wire::member(result, "list").and_then(wire::list).ok_or_else(|| wrong("has no list"))?;
        let more = wire::member(result, "has_more").and_then(wire::truth);
        let more = more.ok_or_else(|| wrong("does not say whether there is more"))?;
        let mut taken = Taken { next: next(result, more, cursor).map_err(|what| wrong(&what))?, ..Taken::default() };
        let mut seen = self.on_page.remove(&department).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let position =
                format!("{CALL}, department {department}, number {}", cursor.saturating_add(index as i64) + 1);
            match Person::listed(item, department) {
                Err(who) => {
                    if let Some(userid) = &who.userid {
                        self.held.remove(userid);
                        self.done.insert(userid.clone(), String::new());
                    }
                    taken.rejected.push(unreadable(who, &position, item));
                }
                Ok(person) => {
                    let repeated = !seen.insert(person.userid.clone());
                    self.take(tree, department, person, (repeated, &position, item), &mut taken);
                }
            }
        }
        if taken.next.is_some() {
            self.on_page.insert(department, seen);
        }
        Ok(taken)
    }

    fn take(
        &mut self,
        tree: &Tree,
        department: i64,
        mut person: Person,
        (repeated, position, item): (bool, &str, &Value),
        taken: &mut Taken,
    ) {
        let known = self.held.get(&person.userid).map(Person::identity);
        let known = known.or_else(|| self.done.get(&person.userid).cloned()).filter(|known| !known.is_empty());
        if known.as_ref().is_some_and(|known| *known != person.identity()) {
            // Neither may be taken for the other.
            self.held.remove(&person.userid);
            self.done.insert(person.userid.clone(), String::new());
            let wrong = "two different people are listed under this userid".to_owned();
            taken.rejected.push(unreadable(Unreadable { userid: Some(person.userid), wrong }, position, item));
            return;
        }
        if repeated {
            let text =
                format!("department {department} showed {} twice, so that somebody else may be missing", person.userid);
            self.lacking.push(text);
        }
        if self.done.contains_key(&person.userid) {
            if known.is_some() && !repeated {
                let text = format!("{} was put into department {department} while people were read", person.userid);
                self.lacking.push(text);
            }
            return;
        }
        if let Some(before) = self.held.remove(&person.userid) {
            for (id, place) in before.places {
                person.places.entry(id).or_insert(place);
            }
        }
        if person.departments.iter().all(|id| !tree.contains(*id) || person.places.contains_key(id)) {
            self.done.insert(person.userid.clone(), person.identity());
            taken.people.push(person);
        } else {
            self.held.insert(person.userid.clone(), person);
        }
    }

    /// Those whom some of their departments never showed, once all were read.
    pub fn rest(&mut self) -> Vec<Person> {
        let mut rest: Vec<Person> = self.held.drain().map(|(_, person)| person).collect();
        rest.sort_by(|a, b| a.userid.cmp(&b.userid));
        for person in &rest {
            let text = format!("not every department that {} is in shows it", person.userid);
            self.lacking.push(text);
            self.done.insert(person.userid.clone(), person.identity());
        }
        rest
    }

    /// True if the person was given out or rejected.
    #[must_use]
    pub fn knows(&self, userid: &str) -> bool {
        self.done.contains_key(userid)
    }
}

/// Where the next page starts, if there is one.
fn next(result: &Object, more: bool, cursor: i64) -> Result<Option<i64>, String> {
    if !more {
        return Ok(None);
    }
    let next = wire::member(result, "next_cursor").and_then(wire::whole);
    match next.ok_or("says that there is more and not where")? {
        // A listing that does not go on would be read for ever.
        next if next <= cursor => Err(format!("goes on at {next}, which is no way forward")),
        next if next > LAST_CURSOR => {
            Err(format!("goes on at {next}; DingTalk lists {LAST_CURSOR} people of one department and {PAGE} more"))
        }
        next => Ok(Some(next)),
    }
}
