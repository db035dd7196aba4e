//! The departments that are read, and the walk that finds them.
//!
//! There is no call for all departments: each is asked for its children. The walk ends before anything is said about
//! people, because whether a person is complete depends on which departments there are.

use crate::api::{self, Api, TOGETHER, broken};
use crate::settings::Settings;
use crate::wire::{self, Object};
use rosterd_sdk::Fault;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// The department above all.
pub const ROOT: i64 = 1;
/// More departments than this are taken for a walk that never ends.
const MOST: usize = 200_000;

/// A department as its parent's listing shows it.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// None: it stands at the top of what is read.
    pub parent: Option<i64>,
    /// Its basic fields; empty at the top.
    pub basic: Object,
}

/// What an application may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Departments, with everything below.
    pub departments: Vec<i64>,
    /// People by themselves.
    pub people: Vec<String>,
    /// Names of fields that it may read; not every name is documented.
    pub fields: Vec<String>,
}

impl Scope {
    /// What this connection reads: what the operator chose, else what DingTalk says that the application may see.
    ///
    /// # Errors
    /// What DingTalk answered.
    pub fn of(api: &Api, settings: &Settings) -> Result<Self, Fault> {
        if settings.departments.is_empty() {
            return Self::ask(api);
        }
        Ok(Self { departments: settings.departments.clone(), ..Self::default() })
    }

    /// Asks DingTalk.
    ///
    /// # Errors
    /// As [`Scope::of`].
    pub fn ask(api: &Api) -> Result<Self, Fault> {
        let answer = api::one(api.scopes()).map_err(|refused| refused.fault)?;
        let call = "/auth/scopes";
        let scopes = wire::member(&answer, "auth_org_scopes").and_then(Value::as_object);
        let scopes = scopes.ok_or_else(|| broken(call, "it has no auth_org_scopes"))?;
        let wrong = |wrong: String| broken(call, &wrong);
        let departments = wire::read(scopes, "authed_dept", "list of numbers", wire::numbers).map_err(wrong)?;
        let people = wire::read(scopes, "authed_user", "list of texts", wire::texts).map_err(wrong)?;
        let fields = wire::read(&answer, "auth_user_field", "list of texts", wire::texts).map_err(wrong)?;
        let (departments, people) = (departments.unwrap_or_default(), people.unwrap_or_default());
        if departments.is_empty() && people.is_empty() {
            let text = "/auth/scopes: the application may see no department and nobody; its administrator sets what data it may see";
            return Err(Fault::forbidden(text));
        }
        Ok(Self { departments, people, fields: fields.unwrap_or_default() })
    }

    /// True if it is the whole organisation.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.departments.contains(&ROOT)
    }
}

/// Departments by id, in the order in which they were found: parents before children.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: BTreeMap<i64, Node>,
    order: Vec<i64>,
    frontier: VecDeque<i64>,
}

impl Tree {
    /// A walk that begins at these departments.
    #[must_use]
    pub fn new(tops: &[i64]) -> Self {
        let mut tree = Self::default();
        for top in tops {
            if tree.nodes.insert(*top, Node::default()).is_none() {
                tree.frontier.push_back(*top);
            }
        }
        tree
    }

    /// True once every department was asked for its children.
    #[must_use]
    pub fn is_walked(&self) -> bool {
        self.frontier.is_empty()
    }

    /// Asks some departments for their children.
    ///
    /// # Errors
    /// What DingTalk answered; `incomplete` if departments form no tree, or there are too many of them.
    pub fn walk(&mut self, api: &Api) -> Result<(), Fault> {
        let some: Vec<i64> = self.frontier.drain(..self.frontier.len().min(TOGETHER)).collect();
        let calls: Vec<_> = some.iter().map(|id| api.children(*id)).collect();
        for (parent, answer) in some.into_iter().zip(api::send(&calls)) {
            let answer = answer.map_err(|refused| refused.fault)?;
            self.take(parent, &answer)?;
        }
        if self.nodes.len() > MOST {
            return Err(Fault::incomplete(format!(
                "DingTalk lists more than {MOST} departments; name those to read in the setting departments"
            )));
        }
        if self.is_walked() {
            self.sort();
        }
        Ok(())
    }

    fn take(&mut self, parent: i64, answer: &Object) -> Result<(), Fault> {
        const CALL: &str = "/topapi/v2/department/listsub";
        let children = wire::member(answer, "result").and_then(wire::list);
        let children =
            children.ok_or_else(|| broken(CALL, &format!("the answer for department {parent} has no list")))?;
        for child in children {
            let fields = child.as_object();
            let id = fields.and_then(|fields| wire::member(fields, "dept_id")).and_then(wire::whole);
            let (Some(fields), Some(id)) = (fields, id.filter(|id| *id >= ROOT)) else {
                // What has no id can not be walked, and everybody below it would be missing.
                return Err(broken(CALL, &format!("a child of department {parent} has no dept_id")));
            };
            match self.nodes.get(&id) {
                None => self.frontier.push_back(id),
                // Of two departments to be read, one may lie below the other. A loop through the top stays one:
                // whoever is above `parent` can not be its child.
                Some(top) if top.parent.is_none() && !self.is_above(id, parent) => {}
                Some(other) => {
                    let first =
                        other.parent.map_or_else(|| "the top".to_owned(), |first| format!("department {first}"));
                    let text = format!(
                        "{CALL}: department {id} is listed below department {parent} and below {first}: a loop, or it was moved while it was \
                         read; nobody has to act unless it stays, then an administrator of DingTalk looks at these departments"
                    );
                    return Err(Fault::incomplete(text).about(id.to_string()));
                }
            }
            self.nodes.insert(id, Node { parent: Some(parent), basic: fields.clone() });
        }
        Ok(())
    }

    /// True if `above` is `id` or stands above it.
    fn is_above(&self, above: i64, id: i64) -> bool {
        let mut at = Some(id);
        while let Some(id) = at {
            if id == above {
                return true;
            }
            at = self.nodes.get(&id).and_then(|node| node.parent);
        }
        false
    }

    /// Parents before children, siblings as found.
    fn sort(&mut self) {
        let mut below = BTreeMap::<Option<i64>, Vec<i64>>::new();
        for (id, node) in &self.nodes {
            below.entry(node.parent).or_default().push(*id);
        }
        let mut open: VecDeque<i64> = below.remove(&None).unwrap_or_default().into();
        while let Some(id) = open.pop_front() {
            self.order.push(id);
            open.extend(below.remove(&Some(id)).unwrap_or_default());
        }
    }

    /// Ids, parents before children; empty before the walk has ended.
    #[must_use]
    pub fn ids(&self) -> &[i64] {
        &self.order
    }

    /// A department.
    #[must_use]
    pub fn get(&self, id: i64) -> Option<&Node> {
        self.nodes.get(&id)
    }

    /// True if the department is read.
    #[must_use]
    pub fn contains(&self, id: i64) -> bool {
        self.nodes.contains_key(&id)
    }
}
