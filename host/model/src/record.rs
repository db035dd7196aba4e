//! What a source says, verbatim and untrusted.

use crate::id::{Class, ExternalId};
use serde::{Deserialize, Serialize};

/// What a source said about one object, before any interpretation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The kind of object.
    pub class: Class,
    /// Its id in the remote system.
    pub id: ExternalId,
    /// The id under which it was known before, where the remote system tells.
    pub previous_id: Option<ExternalId>,
    /// Version, etag or change number of the source, if it has one.
    pub version: Option<String>,
    /// A JSON object: a missing key says nothing, null says "empty".
    pub attributes: String,
    /// True: only the attributes present are known, the others must not be touched.
    pub partial: bool,
}

/// A change of one attribute, for sources and destinations that know only the difference. Values are JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Name of the attribute.
    pub attribute: String,
    /// The new value; `null` clears.
    pub replace: Option<String>,
    /// A JSON array of values to add.
    pub add: Option<String>,
    /// A JSON array of values to remove.
    pub remove: Option<String>,
}

/// A change of an object that is otherwise as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// The kind of object.
    pub class: Class,
    /// Its id in the remote system.
    pub id: ExternalId,
    /// Version after the change.
    pub version: Option<String>,
    /// The changes.
    pub edits: Vec<Edit>,
}

/// Why a source no longer shows an object. Only `Deleted` speaks of the object itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DepartureCause {
    /// The object is gone.
    Deleted,
    /// It left what this connection may see. Never a delete.
    LeftScope,
    /// The source does not know why. Never a delete.
    Unknown,
}

/// Something was there and could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The kind of object, if it could be told.
    pub class: Option<Class>,
    /// The id, if it could be told. Unknown: nothing of this class may be called absent by this scan.
    pub id: Option<ExternalId>,
    /// Where: "line 17, column 3", a DN, an endpoint.
    pub position: String,
    /// What was wrong, as a sentence.
    pub message: String,
    /// The raw text, cut to 4 KiB, secrets removed.
    pub raw: String,
}

/// One statement of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// The object is so.
    Upsert(Record),
    /// The object changed so.
    Amend(Amendment),
    /// The object is no longer shown.
    Gone {
        /// The kind of object.
        class: Class,
        /// Its id.
        id: ExternalId,
        /// Why.
        cause: DepartureCause,
    },
    /// Something could not be read.
    Rejected(Rejection),
}

/// What a source states at the end of a scan. Whether absence may remove anything is the host's own verdict.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScanEnd {
    /// The classes of which everything in scope was listed.
    pub complete: Vec<Class>,
    /// Totals that the remote system declares.
    pub declared_totals: Vec<(Class, u64)>,
    /// The cursor for the next delta.
    pub cursor: Option<String>,
    /// A remark for operators.
    pub note: Option<String>,
}

/// Some changes of a scan or a delta.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Page {
    /// The changes, in the order of the source.
    pub changes: Vec<Change>,
    /// Where to go on if the run is interrupted after this page.
    pub resume: Option<String>,
    /// Present on the last page.
    pub end: Option<ScanEnd>,
}

impl Page {
    /// Bytes of text in it, as a measure of what it takes to hold it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let end = self.end.as_ref().map_or(0, |end| optional(&end.cursor) + optional(&end.note));
        self.changes.iter().map(Change::bytes).sum::<usize>() + optional(&self.resume) + end
    }
}

impl Change {
    fn bytes(&self) -> usize {
        match self {
            Self::Upsert(record) => {
                let previous = record.previous_id.as_ref().map_or(0, |id| id.as_str().len());
                record.attributes.len() + record.id.as_str().len() + optional(&record.version) + previous
            }
            Self::Amend(amendment) => {
                let edits = amendment
                    .edits
                    .iter()
                    .map(|e| e.attribute.len() + optional(&e.replace) + optional(&e.add) + optional(&e.remove));
                amendment.id.as_str().len() + optional(&amendment.version) + edits.sum::<usize>()
            }
            Self::Gone { id, .. } => id.as_str().len(),
            Self::Rejected(rejection) => rejection.raw.len() + rejection.message.len() + rejection.position.len(),
        }
    }
}

fn optional(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_weighs_what_its_texts_do() {
        let record = Record {
            class: Class::Account,
            id: "17".into(),
            previous_id: Some("9".into()),
            version: Some("v3".to_owned()),
            attributes: "{}".to_owned(),
            partial: false,
        };
        let gone = Change::Gone { class: Class::Account, id: "18".into(), cause: DepartureCause::Deleted };
        let end = ScanEnd { note: Some("three".to_owned()), ..ScanEnd::default() };
        let page = Page { changes: vec![Change::Upsert(record), gone], resume: Some("r".to_owned()), end: Some(end) };
        assert_eq!(page.bytes(), 2 + 1 + 2 + 2 + 2 + 1 + 5);
        assert_eq!(Page::default().bytes(), 0);
    }
}
