//! People from an HTTP interface that wants a secret of every kind: a page for each way to send one.

use rosterd_sdk::{Change, Class, Fault, Page, Reader, ScanEnd, http, record, secrets};
use serde_json::{Value, json};

/// A reading under way.
#[derive(Debug)]
pub struct People {
    api: String,
    note: String,
    page: u32,
}

impl People {
    pub(crate) fn new(api: &str, note: &str) -> Self {
        Self { api: api.to_owned(), note: note.to_owned(), page: 0 }
    }

    /// The next page's request: bearer by hand, in the url, in a body, and by a recipe that the hub fills.
    fn request(&self) -> Result<http::Request, Fault> {
        let url = |name: &str| format!("{}/{name}", self.api);
        let secret = |name: &str, form: &str| secrets::open(name)?.placeholder(form);
        Ok(match self.page {
            0 => http::get(url("bearer")).header("authorization", format!("Bearer {}", secret("api-token", "raw")?)),
            1 => http::get(format!("{}?key={}", url("key"), secret("api-key", "url")?)),
            2 => http::post(url("body")).json(&json!({ "secret": secret("app-secret", "json")? })),
            _ => http::get(url("basic")).auth("basic"),
        })
    }
}

impl Reader for People {
    fn next(&mut self, _max: u32) -> Result<Page, Fault> {
        let people: Value = self.request()?.send()?.success()?.json()?;
        let text = |person: &Value, name: &str| person[name].as_str().unwrap_or_default().to_owned();
        let changes = people.as_array().into_iter().flatten().map(|person| {
            let row = record(Class::Account, text(person, "id")).text("name", text(person, "name"));
            row.text("note", self.note.clone()).upsert()
        });
        let changes: Vec<Change> = changes.collect();
        self.page += 1;
        if self.page < 4 {
            Ok(Page::more(changes, None))
        } else {
            Ok(Page::end(changes, ScanEnd::complete([Class::Account])))
        }
    }
}
