//! What a component says: pages, receipts, lines of the log, settings; and what is kept of it.

use crate::cache::Cache;
use crate::contract::v0_1::bindings::exports::rosterd::connector::{destination as wit_out, source as wit_in};
use crate::contract::v0_1::bindings::rosterd::connector::types as wit;
use crate::contract::v0_1::convert;
use crate::package::Inspection;
use crate::runtime::Runtime;
use crate::version_log::VersionLog;
use rosterd_model::outbox::Receipt;
use rosterd_model::record::Page;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Takes the bytes apart: first one that says what comes, then texts with their lengths.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Up to 255 bytes as they are; or very many, of which there is no need to hand in each.
    fn text(&mut self) -> String {
        let length = usize::from(self.byte());
        if length == 255 {
            return "é".repeat(usize::from(self.byte()) * 100);
        }
        let (text, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    fn maybe(&mut self) -> Option<String> {
        (self.byte() % 2 == 1).then(|| self.text())
    }

    fn class(&mut self) -> wit::Class {
        [wit::Class::Account, wit::Class::OrgUnit, wit::Class::Group][usize::from(self.byte() % 3)]
    }

    fn fault(&mut self) -> wit::Fault {
        let (kind, retry_after_ms) = (wit::FaultKind::Conflict, Some(u64::MAX));
        wit::Fault { kind, message: self.text(), retry_after_ms, subject: self.maybe(), detail: self.text() }
    }

    fn change(&mut self) -> wit::Change {
        let (kind, class, id) = (self.byte() % 4, self.class(), self.text());
        match kind {
            0 => {
                let (previous_id, version, attributes) = (self.maybe(), self.maybe(), self.text());
                wit::Change::Upsert(wit::Object { class, id, previous_id, version, attributes, partial: false })
            }
            1 => {
                let edit = wit::Edit { attribute: self.text(), replace: self.maybe(), add: self.maybe(), remove: None };
                wit::Change::Amend(wit::Amendment { class, id, version: self.maybe(), edits: vec![edit] })
            }
            2 => wit::Change::Gone(wit::Departure { class, id, cause: wit::DepartureCause::Deleted }),
            _ => {
                let (position, message, raw) = (self.text(), self.text(), self.text());
                wit::Change::Rejected(wit::Rejection { class: None, id: Some(id), position, message, raw })
            }
        }
    }
}

/// A page of a source: how many changes it had, and what the host makes of them.
#[must_use]
pub fn page(bytes: &[u8]) -> (usize, Page) {
    let mut words = Words(bytes);
    let (resume, mut changes) = (words.maybe(), Vec::new());
    while !words.0.is_empty() {
        changes.push(words.change());
    }
    let end = wit_in::ScanEnd { complete: vec![], declared_totals: vec![], cursor: resume.clone(), note: None };
    let count = changes.len();
    (count, convert::page(wit_in::Page { changes, resume, progress: wit_in::Progress::End(end) }))
}

/// The receipts of a destination.
#[must_use]
pub fn receipts(bytes: &[u8]) -> Vec<Receipt> {
    let (mut words, mut all) = (Words(bytes), Vec::new());
    while !words.0.is_empty() {
        let kind = words.byte() % 5;
        let mut applied = || {
            let (id, version, observed) = (words.text(), words.maybe(), words.maybe());
            wit_out::Applied { id, version, observed, problems: vec![words.fault()] }
        };
        all.push(convert::receipt(match kind {
            0 => wit_out::Receipt::Applied(applied()),
            1 => wit_out::Receipt::Unchanged(applied()),
            2 => wit_out::Receipt::Failed(words.fault()),
            3 => wit_out::Receipt::Unknown(words.fault()),
            _ => wit_out::Receipt::NotAttempted(words.fault()),
        }));
    }
    all
}

/// A line of the log.
#[must_use]
pub fn line(text: &str) -> String {
    crate::import::log::clean(text.to_owned())
}

/// Settings against the schema of a manifest. The outer error: the schema itself can not be used.
pub fn settings(schema: &Value, settings: &Value) -> Result<Result<Value, Vec<String>>, String> {
    crate::schema::check_schema(schema)?;
    Ok(crate::schema::check(schema, settings))
}

/// The version of a source by the files that were read, each to its end or not.
#[must_use]
pub fn version(files: &[(&str, Option<&[u8]>)]) -> Option<String> {
    let mut log = VersionLog::default();
    for (name, content) in files {
        log.opened(name);
        if let Some(content) = content {
            log.read(name, blake3::hash(content));
        }
    }
    log.version()
}

/// A folder with the compiled form of the smallest component: its code, and what is noted about it. The answer says
/// whether the host would load it; ask it after each change.
#[must_use]
pub fn code_cache(folder: &Path, inspection: &Inspection) -> Option<(PathBuf, PathBuf, impl Fn() -> bool + use<>)> {
    /// The smallest component: it holds nothing.
    const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().ok()).as_ref()?;
    let cache = Cache::open(folder).ok()?;
    let inspection = Inspection { digest: crate::package::sha256_hex(&COMPONENT), ..inspection.clone() };
    let (_, code) = cache.compile(runtime, Path::new("fuzz.wasm"), &COMPONENT, &inspection).ok()?;
    let (note, digest) = (code.with_extension("json"), inspection.digest);
    Some((code, note, move || cache.get(runtime, &digest).is_some()))
}
