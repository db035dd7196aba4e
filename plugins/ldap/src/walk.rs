//! A search in pages (RFC 2696), one page after the other, on the connection on which alone the server knows where it was.

use crate::control::Ask;
use crate::filter;
use crate::link::{Found, Link};
use crate::message::{Scope, Search};
use crate::settings::Settings;
use rosterd_sdk::{Class, Fault};

/// Pages without an entry in a row, after which a search does not go on.
const MOST_EMPTY: u32 = 1000;

/// A search under way.
#[derive(Debug, Clone)]
pub struct Walk {
    /// What it is for: the class of what it finds.
    pub class: Class,
    /// Below which entry it looks.
    pub base: String,
    /// Its filter.
    pub filter: Vec<u8>,
    /// True: entries that were deleted are shown, too.
    pub deleted: bool,
    cookie: Vec<u8>,
    empty: u32,
    /// The number of the request for the next page, if it was sent already.
    asked: Option<i64>,
}

impl Walk {
    /// A search that has not begun, with a filter of its own.
    #[must_use]
    pub fn new(class: Class, base: &str, filter: Vec<u8>) -> Self {
        Self { class, base: base.to_owned(), filter, deleted: false, cookie: Vec::new(), empty: 0, asked: None }
    }

    /// One search for each base: everything of a class.
    ///
    /// # Errors
    /// `settings` if the filter is none.
    pub fn all(settings: &Settings, class: Class) -> Result<Vec<Self>, Fault> {
        let filter = filter::parse(settings.filter(class)).map_err(Fault::settings)?;
        Ok(settings.bases().map(|base| Self::new(class, base, filter.clone())).collect())
    }

    /// What is being done, for errors.
    #[must_use]
    pub fn doing(&self) -> String {
        format!("reading {} below \"{}\"", self.class.as_str(), self.base)
    }

    /// The next page, and whether there is another one.
    ///
    /// # Errors
    /// A result that is none, and pages that do not go on.
    pub fn page(&mut self, link: &mut Link, size: u32, attributes: &[String]) -> Result<(Found, bool), Fault> {
        let found = match self.asked.take() {
            Some(id) => link.part(id, usize::MAX)?,
            None => self.ask(link, size, attributes)?,
        };
        self.take(found.good(&self.doing())?)
    }

    /// Asks for the next page, so that the server finds it while this one is made use of. Until it is read nothing else may be
    /// asked on the connection.
    ///
    /// # Errors
    /// It can not be sent.
    pub fn ahead(&mut self, link: &mut Link, size: u32, attributes: &[String]) -> Result<(), Fault> {
        let asked = self.with_request(size, attributes, |search| link.begin(search))?;
        self.asked = Some(asked);
        Ok(())
    }

    /// As [`Walk::page`], with a result that is none in the outcome.
    ///
    /// # Errors
    /// There is no whole answer.
    pub fn ask(&self, link: &mut Link, size: u32, attributes: &[String]) -> Result<Found, Fault> {
        self.with_request(size, attributes, |search| link.search(search))
    }

    fn with_request<T>(&self, size: u32, attributes: &[String], send: impl FnOnce(&Search<'_>) -> T) -> T {
        let all = [Ask::Paged(size, &self.cookie), Ask::ShowDeleted];
        send(&Search {
            base: &self.base,
            scope: Scope::Subtree,
            most: 0,
            filter: &self.filter,
            attributes,
            types_only: false,
            controls: if self.deleted { &all } else { &all[..1] },
        })
    }

    /// Goes on from a page that went well.
    ///
    /// # Errors
    /// Pages that do not go on.
    pub fn take(&mut self, found: Found) -> Result<(Found, bool), Fault> {
        let doing = self.doing();
        let stopped = |why: &str| {
            Fault::incomplete(format!("{doing} stopped: {why}; the server's administrator looks up paged results"))
        };
        // Without the control nobody knows whether this was all.
        let Some(cookie) = &found.said.page else { return Err(stopped("the server gave no pages")) };
        if found.entries.is_empty() && !cookie.is_empty() {
            self.empty += 1;
            if *cookie == self.cookie || self.empty > MOST_EMPTY {
                return Err(stopped("the server gives the same page again, without an entry"));
            }
        } else {
            self.empty = 0;
        }
        self.cookie.clone_from(cookie);
        let more = !cookie.is_empty();
        Ok((found, more))
    }
}
