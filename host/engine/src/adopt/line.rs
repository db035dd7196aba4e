//! One account of a destination, as a line of the file that a person looks at: JSON, one object a line.

use crate::error::EngineError;
use rosterd_model::{EntityId, ExternalId};
use rosterd_reconcile::adopt::Confidence;
use serde::{Deserialize, Serialize};

/// The longest line that is read.
const MOST_BYTES: usize = 64 << 10;

/// An account of a destination, and whose it is proposed to be. A person changes `link` and `entity`, and nothing else
/// counts when the file is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Line {
    /// True: the account is linked to the entity.
    pub link: bool,
    /// The account's id at the destination.
    pub id: ExternalId,
    /// A name by which people know it there.
    #[serde(default)]
    pub account: String,
    /// The entity of the hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// The name of the entity.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How sure the proposal is.
    pub confidence: Confidence,
    /// The tier whose rules found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// Entities from whom a person must choose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<EntityId>,
}

/// Reads the lines of a file that say `link`.
///
/// # Errors
/// A line is no such object, or says `link` and names no entity; the sentence names the line.
pub fn read_lines(text: &str) -> Result<Vec<Line>, EngineError> {
    let mut lines = Vec::new();
    for (number, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let wrong = |because: String| EngineError::Refused(format!("line {}: {because}", number + 1));
        if text.len() > MOST_BYTES {
            return Err(wrong("it is longer than a proposal can be".to_owned()));
        }
        let line: Line = serde_json::from_str(text).map_err(|error| wrong(format!("it is no proposal: {error}")))?;
        if !line.link {
            continue;
        }
        if line.entity.is_none() {
            return Err(wrong(format!("account \"{}\" is to be linked and names no entity", line.id)));
        }
        lines.push(line);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTITY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    #[test]
    fn only_lines_that_say_link_are_read_and_they_name_an_entity() {
        let yes = format!(r#"{{"link":true,"id":"a","entity":"{ENTITY}","confidence":"sure","tier":1}}"#);
        let no = r#"{"link":false,"id":"b","confidence":"orphan"}"#;
        let lines = read_lines(&format!("{yes}\n\n{no}\n")).unwrap();
        assert_eq!(lines.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(read_lines(&serde_json::to_string(&lines[0]).unwrap()).unwrap(), lines);
        for wrong in ["{", r#"{"link":true,"id":"b","confidence":"sure"}"#, r#"{"id":"b","confidence":"sure","x":1}"#] {
            let error = read_lines(&format!("{no}\n{wrong}")).unwrap_err().to_string();
            assert!(error.contains("line 2"), "{error}");
        }
    }
}
