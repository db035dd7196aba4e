//! A reading: users, then groups, page by page; all of them, or those that changed since a time.
//!
//! A listing by numbers moves under the reader: whoever is deleted meanwhile shifts all that come after him. A total that
//! changes, an object that comes twice, and a sum that is not the total make the scan incomplete for its class. There is no
//! resume point for the same reason.

use crate::api::{Api, endpoint};
use crate::convert;
use crate::filter::changed_after;
use crate::list::List;
use crate::provider::Provider;
use crate::reply::Verdict;
use crate::settings::Settings;
use rosterd_sdk::http::Request;
use rosterd_sdk::{Change, Class, Fault, FaultKind, Page, Reader, ScanEnd};
use serde_json::Value;
use std::collections::{HashSet, VecDeque};

/// One class, while it is read.
#[derive(Debug)]
struct Listing {
    class: Class,
    /// Place of the next object, from 1.
    start: u64,
    cursor: Option<String>,
    total: Option<u64>,
    seen: HashSet<String>,
    /// Objects so far, the unreadable and repeated ones, too.
    came: u64,
    lacking: Option<&'static str>,
}

/// A reading under way.
#[derive(Debug)]
pub struct Scan {
    api: Api,
    settings: Settings,
    provider: Option<Provider>,
    classes: VecDeque<Class>,
    now: Option<Listing>,
    /// Only what changed after this time.
    since: Option<String>,
    /// For the next delta.
    cursor: Option<String>,
    end: ScanEnd,
    notes: Vec<String>,
    waiting: VecDeque<Change>,
}

impl Listing {
    fn new(class: Class) -> Self {
        Self { class, start: 1, cursor: None, total: None, seen: HashSet::new(), came: 0, lacking: None }
    }

    /// Notes what a page says. True: there is another one.
    fn advance(&mut self, list: &List, by_cursor: bool) -> Result<bool, Fault> {
        if let (Some(before), Some(now)) = (self.total, list.total)
            && before != now
        {
            self.lacking = Some("objects came or went while they were listed");
        }
        self.total = list.total.or(self.total);
        self.came += list.resources.len() as u64;
        self.start += list.resources.len() as u64;
        if by_cursor {
            if list.next.is_some() && list.next == self.cursor {
                return Err(Fault::incomplete(
                    "the service provider gave the same cursor twice, and its listing would never end",
                ));
            }
            self.cursor.clone_from(&list.next);
            return Ok(list.next.is_some());
        }
        let Some(total) = self.total else {
            let text =
                "the service provider does not say how many objects there are, so nobody knows where its listing ends";
            return Err(Fault::incomplete(text));
        };
        if list.resources.is_empty() && self.came < total {
            self.lacking = Some("the listing ended before all that it had announced were shown");
        }
        Ok(!list.resources.is_empty() && self.came < total)
    }

    /// What keeps the class from being complete, now that all pages are read.
    fn verdict(&self) -> Option<&'static str> {
        if self.lacking.is_none() && self.total.is_some_and(|total| total != self.came) {
            return Some("another number of objects was listed than announced");
        }
        self.lacking
    }
}

impl Scan {
    /// Of these classes. `since`: only what changed after this time; `cursor`: for the next delta.
    #[must_use]
    pub fn new(settings: &Settings, classes: &[Class], since: Option<String>, cursor: Option<String>) -> Self {
        let known = [Class::Account, Class::Group].into_iter().filter(|class| classes.contains(class));
        Self {
            api: Api::new(settings),
            settings: settings.clone(),
            provider: None,
            classes: known.collect(),
            now: None,
            since,
            cursor,
            end: ScanEnd::partial(),
            notes: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    fn is_done(&self) -> bool {
        self.now.is_none() && self.classes.is_empty()
    }

    /// One page further.
    fn step(&mut self) -> Result<(), Fault> {
        let provider = match self.provider {
            Some(provider) => provider,
            None => *self.provider.insert(Provider::ask(&self.api, &self.settings)?),
        };
        let Some(mut listing) = self.now.take().or_else(|| self.classes.pop_front().map(Listing::new)) else {
            return Ok(());
        };
        let page = match self.api.send(&self.request(&listing, provider)) {
            Verdict::Done(page) => page.unwrap_or_default(),
            Verdict::Refused(fault) | Verdict::Doubtful(fault) => return Err(self.place(fault)),
        };
        let broken =
            |wrong| Fault::incomplete(format!("a page of {} can not be read: {wrong}", endpoint(listing.class)));
        let list = List::of(page).map_err(broken)?;
        // One that knows no cursors answers with the first page and a total; one that does may leave the total out.
        let by_cursor = provider.cursor && (list.next.is_some() || listing.cursor.is_some() || list.total.is_none());
        let more = listing.advance(&list, by_cursor)?;
        for (at, resource) in list.resources.into_iter().enumerate() {
            let position = format!("{}, object {}", endpoint(listing.class), listing.start + at as u64);
            self.tell(&mut listing, &resource, &position);
        }
        if more {
            self.now = Some(listing);
        } else {
            self.close(&listing)?;
        }
        Ok(())
    }

    fn request(&self, listing: &Listing, provider: Provider) -> Request {
        let count = provider.most.map_or(self.settings.page_size, |most| most.min(self.settings.page_size));
        let mut request = self.api.get(endpoint(listing.class));
        request = match (&listing.cursor, provider.cursor && listing.start == 1) {
            (Some(cursor), _) => request.query("cursor", cursor),
            (None, true) => request.query("cursor", ""),
            (None, false) => request.query("startIndex", &listing.start.to_string()),
        };
        request = request.query("count", &count.to_string());
        if listing.class == Class::Group && !self.settings.members {
            request = request.query("excludedAttributes", "members");
        }
        match &self.since {
            Some(since) => request.query("filter", &changed_after(since)),
            None => request,
        }
    }

    fn tell(&mut self, listing: &mut Listing, resource: &Value, position: &str) {
        let class = listing.class;
        let read = match resource {
            Value::Object(resource) => convert::object(class, resource, self.settings.members, &self.settings),
            _ => Err("it is no JSON object".to_owned()),
        };
        match read {
            Ok(object) if !listing.seen.insert(object.id.clone()) => {
                listing.lacking = Some("an object was listed twice, so that another one may have been left out");
            }
            Ok(object) => self.waiting.push_back(Change::Upsert(object)),
            Err(wrong) => {
                let message = format!("an object can not be read: {wrong}; look at it at the service provider");
                self.waiting.push_back(Change::rejected(Some(class), None, position, message, &resource.to_string()));
            }
        }
    }

    fn close(&mut self, listing: &Listing) -> Result<(), Fault> {
        let place = endpoint(listing.class);
        if self.since.is_some() {
            // The next delta would not look for what this one has missed.
            return match listing.verdict() {
                None => Ok(()),
                Some(reason) => Err(Fault::incomplete(format!("{place}: {reason}; the next run looks again"))),
            };
        }
        if let Some(total) = listing.total {
            self.end.declared_totals.push((listing.class, total));
        }
        match listing.verdict() {
            None => self.end.complete.push(listing.class),
            Some(reason) => self.notes.push(format!("{place}: {reason}")),
        }
        Ok(())
    }

    /// A filter that is refused is a setting that is wrong.
    fn place(&self, fault: Fault) -> Fault {
        if self.since.is_some() && matches!(fault.kind, FaultKind::Unsupported | FaultKind::Invalid) {
            let text = "the service provider does not filter by meta.lastModified; set delta = \"none\"";
            return Fault::settings(format!("{text} ({})", fault.message)).about("delta");
        }
        fault
    }

    fn ended(&self) -> ScanEnd {
        let mut end = self.end.clone();
        end.cursor.clone_from(&self.cursor);
        match self.notes.as_slice() {
            [] => end,
            notes => end.note(notes.join("; ")),
        }
    }
}

impl Reader for Scan {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        let max = (max as usize).max(1);
        if self.waiting.is_empty() && !self.is_done() {
            self.step()?;
        }
        let changes: Vec<Change> = self.waiting.drain(..self.waiting.len().min(max)).collect();
        if self.waiting.is_empty() && self.is_done() {
            return Ok(Page::end(changes, self.ended()));
        }
        Ok(Page::more(changes, None))
    }
}
