//! Reads a table: opens it, finds out what it is, and gives its rows page by page.

use crate::convert::Converter;
use crate::decode::{Decoded, Encoding, detect};
use crate::header::Columns;
use crate::rows::{Position, Row, Rows};
use crate::settings::Settings;
use rosterd_sdk::{Change, Class, Fault, Page, Reader, ScanEnd, log};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Where to go on after a page; opaque to the host.
#[derive(Debug, Serialize, Deserialize)]
struct Resume {
    encoding: Encoding,
    delimiter: char,
    position: Position,
    rejected: u64,
}

/// A table being read.
#[derive(Debug)]
pub struct Pull {
    rows: Rows,
    row: Row,
    converter: Converter,
    waiting: VecDeque<Change>,
    encoding: Encoding,
    /// Rows that could not be read, before a resume point included.
    rejected: u64,
    complete: (Vec<Class>, bool),
}

/// A table as it is found: rows behind the header, what its columns mean, how it is encoded.
pub type Opened = (Rows, Columns, Encoding);

/// Opens the table and reads its header.
///
/// # Errors
/// As [`detect`], [`Rows::open`] and [`Columns::parse`]; `settings` for an empty file.
pub fn open(settings: &Settings, known: Option<(Encoding, u8)>) -> Result<Opened, Fault> {
    let (encoding, delimiter) = match known {
        Some((encoding, delimiter)) => (encoding, Some(delimiter)),
        None => {
            let encoding = settings.encoding.map_or_else(|| detect(&settings.file), Ok)?;
            (encoding, settings.delimiter_byte()?)
        }
    };
    let mut rows = Rows::open(Decoded::open(&settings.file, encoding)?, delimiter)?;
    let mut row = Row::default();
    if !rows.read(&mut row)? {
        // An empty file is more often a failed export than a company without people.
        return Err(Fault::incomplete(format!("the file {} is empty; it needs at least a header row", settings.file)));
    }
    Ok((rows, Columns::parse(&row, settings)?, encoding))
}

impl Pull {
    /// Starts, or goes on from a resume point.
    ///
    /// # Errors
    /// As [`open`]; `cursor-invalid` if the file was changed since the resume point was given.
    pub fn start(settings: &Settings, classes: &[Class], resume: Option<&str>) -> Result<Self, Fault> {
        let resume = match resume {
            None => None,
            Some(text) => Some(
                serde_json::from_str::<Resume>(text)
                    .map_err(|_| Fault::cursor_invalid("this resume point was not made by this connector"))?,
            ),
        };
        let known = resume.as_ref().map(|resume| (resume.encoding, u8::try_from(resume.delimiter).unwrap_or(b',')));
        let opened = open(settings, known);
        // A file that can not be read the way it was read before is not the file of before.
        let (mut rows, columns, encoding) = match opened {
            Err(fault) if resume.is_some() && fault.subject.is_some() => {
                return Err(Fault::cursor_invalid(fault.message));
            }
            other => other?,
        };
        let mut rejected = 0;
        if let Some(resume) = resume {
            rows.advance(resume.position)?;
            rejected = resume.rejected;
            if rejected > resume.position.record {
                return Err(Fault::cursor_invalid("this resume point was not made by this connector"));
            }
        } else {
            for remark in columns.remarks() {
                log::warn(&remark);
            }
        }
        let own = Class::from(settings.class);
        let has_paths = columns.position("org_path").or_else(|| columns.position("orgUnit")).is_some();
        let complete = classes.iter().copied().filter(|&class| class == own).collect();
        Ok(Self {
            rows,
            row: Row::default(),
            converter: Converter::new(columns, settings, classes),
            waiting: VecDeque::new(),
            encoding,
            rejected,
            complete: (complete, has_paths && own != Class::OrgUnit && classes.contains(&Class::OrgUnit)),
        })
    }

    fn end(&self) -> ScanEnd {
        let (mut complete, units) = self.complete.clone();
        // A row that could not be read may have been the only one to name its org unit.
        if units && self.rejected == 0 {
            complete.push(Class::OrgUnit);
        }
        let delimiter = match self.rows.delimiter() {
            '\t' => "tab".to_owned(),
            other => format!("{other:?}"),
        };
        let rows = self.rows.position().record.saturating_sub(1);
        let mut note = format!("{rows} rows, {}, delimiter {delimiter}", self.encoding);
        if self.rejected > 0 {
            note.push_str(&format!(", {} rows rejected", self.rejected));
        }
        for remark in self.converter.columns.remarks() {
            note.push_str("; ");
            note.push_str(&remark);
        }
        ScanEnd::complete(complete).note(note)
    }

    fn resume(&self) -> Option<String> {
        let position = self.rows.position();
        let resume =
            Resume { encoding: self.encoding, delimiter: self.rows.delimiter(), position, rejected: self.rejected };
        serde_json::to_string(&resume).ok()
    }
}

impl Reader for Pull {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        let max = (max as usize).max(1);
        let mut ended = false;
        while self.waiting.len() < max {
            if !self.rows.read(&mut self.row)? {
                ended = true;
                break;
            }
            let accepted = self.converter.convert(&self.row, &mut self.waiting);
            self.rejected += u64::from(!accepted);
        }
        if self.waiting.len() <= max {
            let changes = Vec::from(std::mem::take(&mut self.waiting));
            return Ok(if ended { Page::end(changes, self.end()) } else { Page::more(changes, self.resume()) });
        }
        // The last row told more than there was room for; a resume point stands only between rows.
        Ok(Page::more(self.waiting.drain(..max).collect(), None))
    }
}
