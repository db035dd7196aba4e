//! A scan: what may be seen, the walk over departments, the departments, their people.
//!
//! Calls: one for the scope, one for the number of people; for each department one for its children, one for its details
//! (order and leaders stand nowhere else; `department-details = false` saves them, all but those of the departments at the
//! top, whose names no listing tells), and one for each hundred of its people. None for a person, unless the operator asks
//! for it with `details = "each"`, or the application sees a person without a department.
//!
//! There is no resume point. People move between departments, and a scan that goes on after an hour could miss whoever
//! moved from a department to be read into one that was read; a scan that begins anew misses nobody for long.

use crate::api::{self, Api, PAGE, TOGETHER, broken};
use crate::convert::{Person, Unreadable, unit, unreadable};
use crate::people::People;
use crate::range;
use crate::settings::Settings;
use crate::tree::{Scope, Tree};
use crate::wire::{self, Object};
use rosterd_sdk::{Change, Class, Fault, Page, Reader, ScanEnd, clock};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// One call of the host lasts no longer than this, and one step more.
const LONGEST_NS: u64 = 20_000_000_000;
/// Reasons that are written into the note of a run.
const MOST_REASONS: usize = 5;

#[derive(Debug)]
enum Stage {
    Begin,
    Walk,
    /// How many departments were told.
    Units(usize),
    /// Pages to be asked for: department and place in its listing.
    People(VecDeque<(i64, i64)>),
    /// People to be asked for one by one; then those who are in no department.
    Each(VecDeque<String>, bool),
    Done,
}

/// A scan under way.
#[derive(Debug)]
pub struct Scan {
    api: Api,
    settings: Settings,
    units: bool,
    accounts: bool,
    /// The cursor for the next delta, taken before anything was read.
    cursor: Option<String>,
    stage: Stage,
    scope: Scope,
    tree: Tree,
    people: People,
    /// With `details = "each"`: people that are listed and still to be asked for.
    listed: VecDeque<String>,
    total: Option<u64>,
    waiting: VecDeque<Change>,
    rejected: u64,
}

impl Scan {
    /// A scan of these classes that has not begun.
    #[must_use]
    pub fn new(settings: &Settings, classes: &[Class], cursor: Option<String>) -> Self {
        Self {
            api: Api::new(settings),
            settings: settings.clone(),
            units: classes.contains(&Class::OrgUnit),
            accounts: classes.contains(&Class::Account),
            cursor,
            stage: Stage::Begin,
            scope: Scope::default(),
            tree: Tree::default(),
            people: People::default(),
            listed: VecDeque::new(),
            total: None,
            waiting: VecDeque::new(),
            rejected: 0,
        }
    }

    /// A few calls further.
    fn step(&mut self) -> Result<(), Fault> {
        let stage = std::mem::replace(&mut self.stage, Stage::Done);
        self.stage = match stage {
            Stage::Begin if !self.units && !self.accounts => Stage::Done,
            Stage::Begin => self.begin()?,
            Stage::Walk => {
                self.tree.walk(&self.api)?;
                if self.tree.is_walked() { Stage::Units(0) } else { Stage::Walk }
            }
            Stage::Units(told) if self.units && told < self.tree.ids().len() => {
                let some: Vec<i64> = self.tree.ids().iter().skip(told).take(TOGETHER).copied().collect();
                self.tell_units(&some)?;
                Stage::Units(told + some.len())
            }
            Stage::Units(_) if !self.accounts => Stage::Done,
            Stage::Units(_) => Stage::People(self.tree.ids().iter().map(|id| (*id, 0)).collect()),
            Stage::People(open) if open.is_empty() => {
                for person in self.people.rest() {
                    self.give(&person);
                }
                Stage::Each(std::mem::take(&mut self.listed), false)
            }
            Stage::People(open) => self.read_pages(open)?,
            Stage::Each(open, true) if open.is_empty() => Stage::Done,
            Stage::Each(open, false) if open.is_empty() => {
                let alone = self.scope.people.iter().filter(|userid| !self.people.knows(userid));
                Stage::Each(alone.cloned().collect(), true)
            }
            Stage::Each(open, last) => Stage::Each(self.read_each(open)?, last),
            Stage::Done => Stage::Done,
        };
        Ok(())
    }

    fn begin(&mut self) -> Result<Stage, Fault> {
        self.scope = Scope::of(&self.api, &self.settings)?;
        range::check(&self.api, &self.settings, &self.scope)?;
        self.tree = Tree::new(&self.scope.departments);
        // What DingTalk counts for an application that sees a part is nowhere written down.
        if self.accounts && self.settings.count && self.scope.is_whole() {
            let answer = api::one(self.api.count()).map_err(|refused| refused.fault)?;
            let count = |result: &Value| u64::try_from(wire::whole(result.get("count")?)?).ok();
            self.total = Some(api::result(&answer, "/topapi/user/count", count)?);
        }
        Ok(if self.tree.is_walked() { Stage::Units(0) } else { Stage::Walk })
    }

    fn tell_units(&mut self, some: &[i64]) -> Result<(), Fault> {
        const CALL: &str = "/topapi/v2/department/get";
        let asks = |id: &&i64| {
            self.settings.department_details || self.tree.get(**id).is_some_and(|node| node.parent.is_none())
        };
        let asked: Vec<i64> = some.iter().filter(asks).copied().collect();
        let calls: Vec<_> = asked.iter().map(|id| self.api.department(*id)).collect();
        let mut answers: VecDeque<_> = api::send(&calls).into();
        for id in some {
            let Some(node) = self.tree.get(*id) else { continue };
            let mut fields = node.basic.clone();
            let parent = node.parent;
            let details = asked.contains(id);
            if details {
                let answer =
                    answers.pop_front().unwrap_or_else(|| Ok(Object::new())).map_err(|refused| refused.fault)?;
                let found = api::result(&answer, CALL, |result| result.as_object().cloned())?;
                if wire::member(&found, "dept_id").and_then(wire::whole) != Some(*id) {
                    return Err(broken(CALL, &format!("the answer for department {id} is about another one")));
                }
                fields.extend(found);
            }
            match unit(*id, parent, &fields, details) {
                Ok(unit) => self.waiting.push_back(Change::Upsert(unit)),
                Err(wrong) => {
                    self.rejected += 1;
                    let message = format!(
                        "department {id} can not be read: {wrong}; an administrator of DingTalk looks at this department"
                    );
                    let class = Some(Class::OrgUnit);
                    let change =
                        Change::rejected(class, Some(id.to_string()), CALL, message, &json!(fields).to_string());
                    self.waiting.push_back(change);
                }
            }
        }
        Ok(())
    }

    fn read_pages(&mut self, mut open: VecDeque<(i64, i64)>) -> Result<Stage, Fault> {
        let some: Vec<(i64, i64)> = open.drain(..open.len().min(TOGETHER)).collect();
        let calls: Vec<_> = some.iter().map(|(id, cursor)| self.api.members(*id, *cursor, PAGE)).collect();
        for ((department, cursor), answer) in some.into_iter().zip(api::send(&calls)) {
            let answer = answer.map_err(|refused| refused.fault)?;
            let taken = self.people.page(&self.tree, department, cursor, &answer)?;
            self.rejected += taken.rejected.len() as u64;
            self.waiting.extend(taken.rejected);
            for person in taken.people {
                self.give(&person);
            }
            if let Some(next) = taken.next {
                open.push_front((department, next));
            }
        }
        Ok(Stage::People(open))
    }

    /// A person whom its departments have shown.
    fn give(&mut self, person: &Person) {
        if self.settings.each() {
            self.listed.push_back(person.userid.clone());
            return;
        }
        self.tell(person, "/topapi/v2/user/list");
    }

    fn tell(&mut self, person: &Person, position: &str) {
        let tree = &self.tree;
        match person.entry(|id| tree.contains(id), self.settings.each()) {
            Ok(entry) => self.waiting.push_back(Change::Upsert(entry)),
            Err(wrong) => self.reject(Unreadable { userid: Some(person.userid.clone()), wrong }, position),
        }
    }

    fn reject(&mut self, who: Unreadable, position: &str) {
        self.rejected += 1;
        let position = format!("{position}, {}", who.userid.as_deref().unwrap_or("nobody"));
        self.waiting.push_back(unreadable(who, &position, &Value::Null));
    }

    fn read_each(&mut self, mut open: VecDeque<String>) -> Result<VecDeque<String>, Fault> {
        const CALL: &str = "/topapi/v2/user/get";
        let some: Vec<String> = open.drain(..open.len().min(TOGETHER)).collect();
        let calls: Vec<_> = some.iter().map(|userid| self.api.person(userid)).collect();
        for (userid, answer) in some.iter().zip(api::send(&calls)) {
            match answer {
                // It left since it was listed; the next scan will not list it.
                Err(refused) if refused.not_found() => {}
                Err(refused) => return Err(refused.fault),
                Ok(answer) => {
                    let found = api::result(&answer, CALL, |result| Some(result.clone()))?;
                    match Person::single(&found, userid) {
                        Ok(person) => self.tell(&person, CALL),
                        Err(who) => self.reject(Unreadable { userid: Some(userid.clone()), ..who }, CALL),
                    }
                }
            }
        }
        Ok(open)
    }

    fn end(&self) -> ScanEnd {
        let lacking = &self.people.lacking;
        let mut complete = Vec::new();
        if self.accounts && lacking.is_empty() {
            complete.push(Class::Account);
        }
        if self.units {
            complete.push(Class::OrgUnit);
        }
        let mut note = format!("{} departments", self.tree.ids().len());
        if !self.scope.is_whole() {
            note.push_str(", a part of the organisation");
        }
        if self.rejected > 0 {
            note.push_str(&format!(", {} objects rejected", self.rejected));
        }
        for reason in lacking.iter().take(MOST_REASONS) {
            note.push_str(&format!("; {reason}"));
        }
        if lacking.len() > MOST_REASONS {
            note.push_str(&format!("; and {} more of the kind", lacking.len() - MOST_REASONS));
        }
        let mut end = ScanEnd::complete(complete).note(note);
        end.cursor.clone_from(&self.cursor);
        match self.total {
            Some(total) => end.total(Class::Account, total),
            None => end,
        }
    }
}

impl Reader for Scan {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        let max = (max as usize).max(1);
        let begun = clock::monotonic_ns();
        while self.waiting.len() < max && !matches!(self.stage, Stage::Done) {
            self.step()?;
            if clock::monotonic_ns().saturating_sub(begun) > LONGEST_NS {
                break;
            }
        }
        let changes: Vec<Change> = self.waiting.drain(..self.waiting.len().min(max)).collect();
        if self.waiting.is_empty() && matches!(self.stage, Stage::Done) {
            return Ok(Page::end(changes, self.end()));
        }
        Ok(Page::more(changes, None))
    }
}
