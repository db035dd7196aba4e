//! Events: what fires them, and their way to an application's callback address or to a socket that it opened.

pub(super) mod body;
mod deliver;

pub(super) use deliver::{Deliveries, Delivery, Mischief, Progress, due, enqueue, pushed};

use super::state::User;
use super::table::Work;
use super::world::World;
use crate::clock::Millis;
use crate::vendor::{Desk, random_text};
use serde_json::{Map, Value, json};

/// Events that the simulator fires by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    UserAdded,
    UserModified,
    UserLeft,
    DepartmentCreated,
    DepartmentModified,
    DepartmentRemoved,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UserAdded => "user_add_org",
            Self::UserModified => "user_modify_org",
            Self::UserLeft => "user_leave_org",
            Self::DepartmentCreated => "org_dept_create",
            Self::DepartmentModified => "org_dept_modify",
            Self::DepartmentRemoved => "org_dept_remove",
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) born: Millis,
    pub(super) users: Vec<String>,
    pub(super) departments: Vec<i64>,
    /// What the event says besides.
    pub(super) more: Map<String, Value>,
}

/// A new event, born now.
pub(super) fn event(kind: &str, now: Millis, users: Vec<String>, departments: Vec<i64>) -> Event {
    Event { id: random_text::<8>(), kind: kind.to_owned(), born: now, users, departments, more: Map::new() }
}

/// Fires an event about departments, if changes by the interface fire any.
pub(super) fn echo(work: &mut Work<'_>, kind: Kind, departments: &[i64]) {
    if work.world.org.settings.echo {
        let event = event(kind.name(), work.now, Vec::new(), departments.to_vec());
        enqueue(work.world, work.desk, &event);
    }
}

/// Fires an event about a member, if changes by the interface fire any.
pub(super) fn echo_user(work: &mut Work<'_>, kind: Kind, userid: &str, before: Option<&User>) {
    if work.world.org.settings.echo {
        about_user(work.world, work.desk, kind, userid, before);
    }
}

/// Fires an event about a member. Of a change it says what differs; a change of nothing that it would say fires none.
pub(super) fn about_user(world: &mut World, desk: &mut Desk, kind: Kind, userid: &str, before: Option<&User>) {
    let mut event = event(kind.name(), desk.clock.now(), vec![userid.to_owned()], Vec::new());
    if let (Kind::UserModified, Some(before), Some(after)) = (kind, before, world.org.users.get(userid)) {
        if before == after {
            return;
        }
        event.more.insert("diffInfo".into(), difference(userid, before, after));
    }
    enqueue(world, desk, &event);
}

/// What a change says: the old and new value of what differs, by names of its own. What was cleared is missing in `curr`.
fn difference(userid: &str, before: &User, after: &User) -> Value {
    let text = |user: &User, name: &str| user.texts.get(name).map(|text| json!(text));
    type Read<'a> = Box<dyn Fn(&User) -> Option<Value> + 'a>;
    let named =
        [("telephone", "telephone"), ("email", "email"), ("jobNumber", "job_number"), ("workPlace", "work_place")];
    let mut reads: Vec<(&str, Read<'_>)> = vec![
        ("name", Box::new(|user: &User| Some(json!(user.name)))),
        ("managerUserid", Box::new(|user: &User| user.manager_userid.as_ref().map(|manager| json!(manager)))),
        ("hiredDate", Box::new(|user: &User| user.hired_date.map(|hired| json!(hired)))),
    ];
    for (shown, stored) in named {
        reads.push((shown, Box::new(move |user: &User| text(user, stored))));
    }
    let (mut old, mut new) = (Map::new(), Map::new());
    for (name, read) in &reads {
        let (was, is) = (read(before), read(after));
        if was != is {
            old.extend(was.map(|value| ((*name).to_owned(), value)));
            new.extend(is.map(|value| ((*name).to_owned(), value)));
        }
    }
    json!({ "userid": userid, "prev": old, "curr": new })
}
