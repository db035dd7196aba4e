//! The organisation and everything about it that lives only as long as the program.

use super::events::Deliveries;
use super::index::Index;
use super::state::{Department, Org, ROOT, User};
use super::stream::Streams;
use crate::clock::Millis;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

/// A token that was handed out.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// The application's AppKey.
    pub(super) app: String,
    /// When it ends.
    pub(super) until: Millis,
}

/// The organisation at work.
#[derive(Debug, Default)]
pub(super) struct World {
    /// The truth, which writes change.
    pub(super) org: Org,
    /// What reads see while they lag behind: the state before the oldest write that is not visible yet.
    pub(super) seen: Option<Org>,
    /// States that become visible at a time.
    pub(super) upcoming: VecDeque<(Millis, Org)>,
    /// Tokens by their text.
    pub(super) tokens: BTreeMap<String, Token>,
    /// Addresses that are shut out, until when, and whether they are told so by a page instead of by JSON.
    pub(super) shut_out: BTreeMap<IpAddr, (Millis, bool)>,
    /// Events on their way.
    pub(super) deliveries: Deliveries,
    /// Sockets for events.
    pub(super) streams: Streams,
    /// Callback registrations that wait for the answer of their address, by the number of the push.
    pub(super) probes: BTreeMap<u64, super::callbacks::Probe>,
}

impl World {
    /// What reads see.
    #[must_use]
    pub(super) fn seen(&self) -> &Org {
        self.seen.as_ref().unwrap_or(&self.org)
    }

    /// Lets become visible what is due.
    pub(super) fn settle(&mut self, now: Millis) {
        while self.upcoming.front().is_some_and(|(at, _)| *at <= now) {
            self.seen = self.upcoming.pop_front().map(|(_, org)| org);
        }
        if self.upcoming.is_empty() {
            self.seen = None;
        }
    }

    /// Remembers the state before a write, if reads lag behind.
    pub(super) fn before_write(&mut self) {
        if self.org.settings.lag > 0 && self.seen.is_none() {
            self.seen = Some(self.org.clone());
        }
    }

    /// Arranges that reads see a write later.
    pub(super) fn after_write(&mut self, now: Millis) {
        if self.org.settings.lag > 0 && self.seen.is_some() {
            self.upcoming.push_back((now + self.org.settings.lag, self.org.clone()));
        }
    }
}

impl Org {
    /// Puts in what every organisation has, and says what does not fit together.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub(super) fn complete(&mut self) -> Result<(), String> {
        let name = if self.corp_name.is_empty() { "root" } else { &self.corp_name };
        let root = Department { name: name.to_owned(), ..Department::default() };
        self.departments.entry(ROOT).or_insert(root).parent_id = None;
        for (id, department) in &self.departments {
            let parent = department.parent_id.filter(|parent| self.departments.contains_key(parent));
            if *id != ROOT && parent.is_none() {
                return Err(format!("department {id} has no parent that exists"));
            }
        }
        for (id, user) in &mut self.users {
            if user.dept_id_list.is_empty() {
                user.dept_id_list.push(ROOT);
            }
            if user.unionid.is_empty() {
                user.unionid = format!("union-{id}");
            }
            if let Some(department) = user.dept_id_list.iter().find(|dept| !self.departments.contains_key(dept)) {
                return Err(format!("user {id} is in department {department}, which does not exist"));
            }
        }
        let highest = self.departments.keys().max().copied().unwrap_or(ROOT);
        self.next_department = self.next_department.max(highest + 1).max(37_000_000);
        Ok(())
    }

    /// A department and all above it, the root last. Ends even if departments form a circle.
    #[must_use]
    pub(super) fn path(&self, department: i64) -> Vec<i64> {
        let mut path = Vec::new();
        let mut at = Some(department);
        while let Some(id) = at.filter(|id| self.departments.contains_key(id) && !path.contains(id)) {
            path.push(id);
            at = self.departments.get(&id).and_then(|department| department.parent_id);
        }
        path
    }

    /// From now on nothing changes: what is looked for is found once.
    pub(super) fn rests(&mut self) {
        self.index.get_or_insert_default();
    }

    /// From now on something may change.
    pub(super) fn changes(&mut self) {
        self.index = None;
    }

    fn index(&self) -> Option<&Index> {
        Some(self.index.as_ref()?.get_or_init(|| Index::of(self)))
    }

    /// Departments right below one, by their ids.
    pub(super) fn children(&self, department: i64) -> Box<dyn Iterator<Item = (i64, &Department)> + '_> {
        let Some(index) = self.index() else {
            let below = self.departments.iter().filter(move |(_, child)| child.parent_id == Some(department));
            return Box::new(below.map(|(id, child)| (*id, child)));
        };
        Box::new(index.children(department).iter().filter_map(|id| Some((*id, self.departments.get(id)?))))
    }

    /// A department with all below it.
    #[must_use]
    pub(super) fn subtree(&self, department: i64) -> BTreeSet<i64> {
        let mut found = BTreeSet::from([department]);
        let mut open = vec![department];
        while let Some(next) = open.pop() {
            open.extend(self.children(next).map(|(id, _)| id).filter(|id| found.insert(*id)));
        }
        found
    }

    /// Direct members of a department, by their ids.
    pub(super) fn members(&self, department: i64) -> Box<dyn Iterator<Item = (&String, &User)> + '_> {
        let Some(index) = self.index() else {
            return Box::new(self.users.iter().filter(move |(_, user)| user.dept_id_list.contains(&department)));
        };
        Box::new(index.members(department).iter().filter_map(|userid| self.users.get_key_value(userid)))
    }

    /// Whether an application may see a department.
    #[must_use]
    pub(super) fn sees_department(&self, app: &str, department: i64) -> bool {
        let Some(scope) = self.apps.get(app).and_then(|app| app.scope.as_ref()) else { return true };
        self.path(department).iter().any(|id| scope.departments.contains(id))
    }

    /// Whether an application may see a member.
    #[must_use]
    pub(super) fn sees_user(&self, app: &str, userid: &str, user: &User) -> bool {
        let Some(scope) = self.apps.get(app).and_then(|app| app.scope.as_ref()) else { return true };
        scope.users.contains(userid)
            || user.dept_id_list.iter().any(|department| self.sees_department(app, *department))
    }

    /// Whether an application has a permission.
    #[must_use]
    pub(super) fn may(&self, app: &str, permission: &str) -> bool {
        let permissions = self.apps.get(app).and_then(|app| app.permissions.as_ref());
        permissions.is_none_or(|all| all.contains(permission))
    }
}
