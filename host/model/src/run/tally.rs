//! What came of a run, as a matrix: kinds of objects by what was done with them, each with how often and how well.

use crate::id::Class;
use serde::{Deserialize, Serialize};

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// People.
    Account,
    /// Org units.
    OrgUnit,
    /// Groups.
    Group,
    /// Members of groups.
    GroupMember,
}

impl From<Class> for ObjectKind {
    fn from(class: Class) -> Self {
        match class {
            Class::Account => Self::Account,
            Class::OrgUnit => Self::OrgUnit,
            Class::Group => Self::Group,
        }
    }
}

impl ObjectKind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::OrgUnit => "org-unit",
            Self::Group => "group",
            Self::GroupMember => "group-member",
        }
    }
}

/// What was done with objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TallyAction {
    /// A record was tied to an entity that existed.
    Bound,
    /// An entity was made.
    Created,
    /// An entity was changed.
    Updated,
    /// An entity was disabled, untied or removed.
    Deleted,
    /// A destination was told.
    Pushed,
    /// A record was as before.
    Same,
    /// An entity was written to a file.
    Exported,
}

impl TallyAction {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Pushed => "pushed",
            Self::Same => "same",
            Self::Exported => "exported",
        }
    }
}

/// How often and how well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counted {
    /// How often it was to be done.
    pub total: u64,
    /// How often it was done.
    pub success: u64,
    /// How often it failed.
    pub failed: u64,
    /// How often it was left out: it waits for a person, or what it would change had moved.
    pub skipped: u64,
}

impl std::ops::AddAssign for Counted {
    fn add_assign(&mut self, other: Self) {
        self.total = self.total.saturating_add(other.total);
        self.success = self.success.saturating_add(other.success);
        self.failed = self.failed.saturating_add(other.failed);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }
}

/// One cell of the matrix. Cells of nothing are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyRow {
    /// The kind of object.
    pub kind: ObjectKind,
    /// What was done.
    pub action: TallyAction,
    /// How often and how well.
    pub counted: Counted,
}

/// The matrix, and what was open when the run ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Cells in the order of kinds and actions.
    pub rows: Vec<TallyRow>,
    /// Cases of the connection that were open.
    pub quarantined: u64,
}

impl Tally {
    /// Adds to a cell.
    pub fn add(&mut self, kind: ObjectKind, action: TallyAction, counted: Counted) {
        if counted == Counted::default() {
            return;
        }
        match self.rows.binary_search_by_key(&(kind, action), |row| (row.kind, row.action)) {
            Ok(place) => {
                if let Some(row) = self.rows.get_mut(place) {
                    row.counted += counted;
                }
            }
            Err(place) => self.rows.insert(place, TallyRow { kind, action, counted }),
        }
    }

    /// A cell.
    #[must_use]
    pub fn get(&self, kind: ObjectKind, action: TallyAction) -> Counted {
        let cell = self.rows.iter().find(|row| (row.kind, row.action) == (kind, action));
        cell.map_or_else(Counted::default, |row| row.counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_add_up_and_stay_in_order() {
        let once = Counted { total: 2, success: 1, failed: 0, skipped: 1 };
        let mut tally = Tally::default();
        tally.add(ObjectKind::Group, TallyAction::Created, once);
        tally.add(ObjectKind::Account, TallyAction::Pushed, once);
        tally.add(ObjectKind::Account, TallyAction::Created, once);
        tally.add(ObjectKind::Account, TallyAction::Created, once);
        tally.add(ObjectKind::Account, TallyAction::Same, Counted::default());
        let order: Vec<_> = tally.rows.iter().map(|row| (row.kind.as_str(), row.action.as_str())).collect();
        assert_eq!(order, [("account", "created"), ("account", "pushed"), ("group", "created")]);
        assert_eq!(tally.get(ObjectKind::Account, TallyAction::Created).total, 4);
        assert_eq!(tally.get(ObjectKind::OrgUnit, TallyAction::Created), Counted::default());
    }
}
