//! Cursors of the directory travel to remote clients and come back: sealed, so that one that was forged, or belongs to another
//! query, is told from a good one.

use super::Query;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::id::Class;

/// Longest cursor of the hub, in bytes.
const LONGEST: usize = 1024;
/// Bytes of the seal.
const SEAL: usize = 16;

/// Seals the cursors of one connection. Made anew whenever it is opened: a cursor does not outlive that, and who comes with an
/// older one starts over.
pub(crate) struct CursorKey([u8; 32]);

impl CursorKey {
    /// A fresh key. The error is a sentence.
    pub(crate) fn fresh() -> Result<Self, String> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| format!("the system gives no randomness: {error}"))?;
        Ok(Self(key))
    }

    /// What the connector gets for a cursor of the hub.
    pub(crate) fn seal(&self, class: Class, query: &Query, inner: &str) -> Result<String, Fault> {
        if inner.len() > LONGEST {
            let text = format!("the hub made a cursor of {} bytes; at most {LONGEST} are given out", inner.len());
            return Err(Fault::new(FaultKind::Internal, text));
        }
        let sealed = [&self.mark(class, query, inner)[..], inner.as_bytes()].concat();
        Ok(crate::secret::form::hex(&sealed))
    }

    /// The hub's cursor of a query that says `after`.
    pub(crate) fn open(&self, class: Class, query: &Query, sealed: &str) -> Result<String, Fault> {
        let wrong = || {
            Fault::new(
                FaultKind::CursorInvalid,
                "this cursor is not of this query, or too old; begin at the first page",
            )
        };
        if sealed.len() > 2 * (LONGEST + SEAL) {
            return Err(wrong());
        }
        let bytes = crate::secret::form::unhex(sealed.as_bytes()).ok_or_else(wrong)?;
        let (mark, inner) = bytes.split_at_checked(SEAL).ok_or_else(wrong)?;
        let inner = std::str::from_utf8(inner).map_err(|_| wrong())?;
        if crate::crypto::equal(mark, &self.mark(class, query, inner)) { Ok(inner.to_owned()) } else { Err(wrong()) }
    }

    /// Over all that decides what the next page is; how long the pages are does not.
    fn mark(&self, class: Class, query: &Query, inner: &str) -> [u8; SEAL] {
        let bound = Query { after: None, offset: 0, max: 0, ..query.clone() };
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(format!("{class:?} {} ", serde_json::to_string(&bound).unwrap_or_default()).as_bytes());
        hasher.update(inner.as_bytes());
        let mut mark = [0; SEAL];
        hasher.finalize_xof().fill(&mut mark);
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_for_its_query_and_for_no_other() {
        let key = CursorKey::fresh().unwrap();
        let query = crate::directory::parse_query(r#"{"filter":{"attribute":"a","is":"pr"},"max":5}"#, 10).unwrap();
        let sealed = key.seal(Class::Account, &query, "row 5").unwrap();
        let longer = Query { max: 9, ..query.clone() };
        assert_eq!(key.open(Class::Account, &longer, &sealed).as_deref(), Ok("row 5"));
        let other = Query { filter: None, ..query.clone() };
        let forged = sealed.replacen(&sealed[..2], if sealed.starts_with("00") { "01" } else { "00" }, 1);
        for (class, query, text) in [
            (Class::Group, &query, sealed.as_str()),
            (Class::Account, &other, sealed.as_str()),
            (Class::Account, &query, forged.as_str()),
            (Class::Account, &query, "row 5"),
            (Class::Account, &query, ""),
        ] {
            assert_eq!(key.open(class, query, text).unwrap_err().kind, FaultKind::CursorInvalid, "{text}");
        }
        let another = CursorKey::fresh().unwrap();
        assert!(another.open(Class::Account, &query, &sealed).is_err(), "the key of another connection");
        assert_eq!(key.seal(Class::Account, &query, &"x".repeat(2000)).unwrap_err().kind, FaultKind::Internal);
    }
}
