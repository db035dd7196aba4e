//! Deltas: who left. DingTalk keeps records of leavers; no call tells who came or changed.
//!
//! A record of the past is no statement about now: whoever left may have come back under the same userid. So each is asked
//! for, and only who does not exist is said to be deleted.

use crate::api::{self, Api, TOGETHER, broken};
use crate::settings::Settings;
use crate::wire;
use rosterd_sdk::{Change, Class, DepartureCause, Fault, Page, Reader, ScanEnd, clock};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

const CALL: &str = "/v1.0/contact/empLeaveRecords";
/// Records may appear a little late, and clocks differ: so much is read twice.
const OVERLAP_MS: u64 = 900_000;
/// Records can be asked for over 365 days; an older cursor needs a full scan.
const LONGEST_MS: u64 = 360 * 86_400_000;
/// More pages than this are taken for a listing that never ends.
const MOST_PAGES: u32 = 10_000;

/// How far leavers were read.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    /// Milliseconds since 1970.
    leavers_since: u64,
}

/// A cursor for what happens from now on.
#[must_use]
pub fn cursor() -> String {
    format!("{{\"leavers_since\":{}}}", clock::now_ms().saturating_sub(OVERLAP_MS))
}

/// A delta under way.
#[derive(Debug)]
pub struct Leavers {
    api: Api,
    since: String,
    token: Option<String>,
    pages: u32,
    end: String,
    known: BTreeSet<String>,
    asked: VecDeque<String>,
    waiting: VecDeque<Change>,
}

impl Leavers {
    /// Begins at a cursor.
    ///
    /// # Errors
    /// `cursor-invalid` if it is none of ours, or too old.
    pub fn new(settings: &Settings, text: &str) -> Result<Self, Fault> {
        let cursor: Cursor = serde_json::from_str(text).map_err(|_| {
            Fault::cursor_invalid("this cursor was not made by this connector with the setting leavers")
        })?;
        let (since, now) = (cursor.leavers_since, clock::now_ms());
        if since > now.saturating_add(OVERLAP_MS) || now.saturating_sub(since) > LONGEST_MS {
            return Err(Fault::cursor_invalid("DingTalk tells who left for 365 days only; a full scan is needed"));
        }
        let since = i64::try_from(since).ok().and_then(rosterd_sdk::time::rfc3339);
        let since = since.ok_or_else(|| Fault::cursor_invalid("this cursor holds no time"))?;
        Ok(Self {
            api: Api::new(settings),
            since,
            token: Some("0".to_owned()),
            pages: 0,
            end: self::cursor(),
            known: BTreeSet::new(),
            asked: VecDeque::new(),
            waiting: VecDeque::new(),
        })
    }

    fn page(&mut self, token: &str) -> Result<(), Fault> {
        self.pages += 1;
        let answer = api::one(self.api.leavers(&self.since, token)).map_err(|refused| refused.fault)?;
        let records = wire::member(&answer, "records").and_then(wire::list);
        for record in records.ok_or_else(|| broken(CALL, "it has no records"))? {
            let userid = record.get("userId").and_then(wire::words).filter(|userid| !userid.is_empty());
            let userid = userid.ok_or_else(|| broken(CALL, "a record has no userId"))?;
            if self.known.insert(userid.clone()) {
                self.asked.push_back(userid);
            }
        }
        let next = wire::member(&answer, "nextToken").and_then(wire::words).filter(|next| !next.is_empty());
        if next.as_deref() == Some(token) || self.pages >= MOST_PAGES {
            return Err(broken(CALL, "its pages do not end"));
        }
        self.token = next;
        Ok(())
    }

    fn ask(&mut self) -> Result<(), Fault> {
        let some: Vec<String> = self.asked.drain(..self.asked.len().min(TOGETHER)).collect();
        let calls: Vec<_> = some.iter().map(|userid| self.api.person(userid)).collect();
        for (userid, answer) in some.into_iter().zip(api::send(&calls)) {
            match answer {
                Err(refused) if refused.not_found() => {
                    self.waiting.push_back(Change::gone(Class::Account, userid, DepartureCause::Deleted));
                }
                // It is there and not ours to see; that is no leaving.
                Err(refused) if refused.code == "50002" => {
                    self.waiting.push_back(Change::gone(Class::Account, userid, DepartureCause::LeftScope));
                }
                Err(refused) => return Err(refused.fault),
                // Back again: the next full scan says how.
                Ok(_) => {}
            }
        }
        Ok(())
    }
}

impl Reader for Leavers {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        if self.waiting.is_empty() {
            if !self.asked.is_empty() {
                self.ask()?;
            } else if let Some(token) = self.token.take() {
                self.page(&token)?;
            }
        }
        let changes: Vec<Change> = self.waiting.drain(..self.waiting.len().min((max as usize).max(1))).collect();
        if self.waiting.is_empty() && self.asked.is_empty() && self.token.is_none() {
            return Ok(Page::end(changes, ScanEnd::partial().cursor(self.end.clone())));
        }
        Ok(Page::more(changes, None))
    }
}
