//! Who is in which department, and which departments lie right below it, found once between two changes: a client that reads
//! everything asks for each department alone, and looking through everybody for each of them would be most of its time.

use super::state::Org;
use std::collections::BTreeMap;

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    members: BTreeMap<i64, Vec<String>>,
    children: BTreeMap<i64, Vec<i64>>,
}

impl Index {
    /// Looks through everybody and everything, in the order of their ids.
    pub(super) fn of(org: &Org) -> Self {
        let mut index = Self::default();
        for (userid, user) in &org.users {
            for department in &user.dept_id_list {
                let members = index.members.entry(*department).or_default();
                // Somebody may be in a department twice; a client is shown him once.
                if members.last() != Some(userid) {
                    members.push(userid.clone());
                }
            }
        }
        for (id, department) in &org.departments {
            if let Some(parent) = department.parent_id {
                index.children.entry(parent).or_default().push(*id);
            }
        }
        index
    }

    /// Direct members.
    pub(super) fn members(&self, department: i64) -> &[String] {
        self.members.get(&department).map_or(&[], Vec::as_slice)
    }

    /// Departments right below.
    pub(super) fn children(&self, department: i64) -> &[i64] {
        self.children.get(&department).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_found_once_is_what_is_found_each_time() {
        let mut org: Org = serde_json::from_value(json!({
            "departments": { "10": { "parent_id": 1 }, "11": { "parent_id": 10 }, "12": { "parent_id": 10 } },
            "users": { "a": { "dept_id_list": [10, 12] }, "b": { "dept_id_list": [12] }, "c": { "dept_id_list": [10, 10] } },
        }))
        .expect("an organisation");
        org.complete().expect("it fits together");
        let seen = |org: &Org| {
            let ids: Vec<i64> = org.departments.keys().copied().collect();
            let members = |id: i64| org.members(id).map(|(userid, _)| userid.clone()).collect::<Vec<_>>();
            let children = |id: i64| org.children(id).map(|(id, _)| id).collect::<Vec<_>>();
            ids.into_iter().map(|id| (id, members(id), children(id))).collect::<Vec<_>>()
        };
        let each_time = seen(&org);
        assert_eq!(each_time[1], (10, vec!["a".to_owned(), "c".to_owned()], vec![11, 12]));
        org.rests();
        assert_eq!(seen(&org), each_time);
        // A change must not be hidden by what was found before.
        org.changes();
        org.users.remove("a");
        org.rests();
        assert_eq!(seen(&org)[1].1, ["c"]);
    }
}
