//! Its reading role: numbered people, and pages of every bad shape.

use crate::behaviour::Behaviour;
use crate::{Hostile, Settings, exhaust, reach};
use rosterd_sdk::{Change, Class, Fault, Object, Page, Reader, ScanEnd, Source, log, record};

impl Source for Hostile {
    type Reader = Pull;

    fn scan(&mut self, _classes: &[Class], resume: Option<String>) -> Result<Pull, Fault> {
        let next = match resume {
            Some(text) => text.parse().map_err(|_| Fault::cursor_invalid("the resume point is no number"))?,
            None => 0,
        };
        Ok(Pull { settings: self.settings.clone(), next, pages: 0 })
    }
}

/// A scan under way.
#[derive(Debug)]
pub struct Pull {
    settings: Settings,
    /// The next person.
    next: u32,
    /// Pages given so far.
    pages: u32,
}

impl Reader for Pull {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        self.pages += 1;
        let settings = &self.settings;
        exhaust::as_told(settings.behaviour);
        match settings.behaviour {
            Behaviour::UngrantedHost => Ok(whole(reach::host(settings)?)),
            Behaviour::UngrantedFile => Ok(whole(reach::file(settings)?)),
            Behaviour::EchoPlaceholder => Ok(whole(reach::echo(settings)?)),
            Behaviour::EndlessPages => Ok(Page::more(Vec::new(), Some(self.pages.to_string()))),
            Behaviour::EndlessRepetition => Ok(Page::more(vec![Change::Upsert(person(1))], None)),
            Behaviour::HugeId => Ok(whole(Object { id: "x".repeat(1 << 20), ..person(1) })),
            Behaviour::EmptyId => Ok(whole(Object { id: String::new(), ..person(1) })),
            Behaviour::BrokenJson => Ok(whole(Object { attributes: "{\"name\":".to_owned(), ..person(1) })),
            Behaviour::NoObject => Ok(whole(Object { attributes: "[1, 2]".to_owned(), ..person(1) })),
            Behaviour::DeepJson => {
                let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
                Ok(whole(Object { attributes: format!("{{\"name\":{open}{close}}}"), ..person(1) }))
            }
            Behaviour::HugePage => {
                let name = format!("{{\"name\":\"{}\"}}", "x".repeat(64 << 10));
                let one = |number| Change::Upsert(Object { attributes: name.clone(), ..person(number) });
                Ok(Page::end((0..64).map(one).collect(), ScanEnd::complete([Class::Account])))
            }
            Behaviour::LongPage => {
                let people = (0..max.saturating_mul(3)).map(|number| Change::Upsert(person(number))).collect();
                Ok(Page::end(people, ScanEnd::complete([Class::Account])))
            }
            Behaviour::EmptySource => Ok(Page::end(Vec::new(), ScanEnd::complete([Class::Account]))),
            Behaviour::Truncated if self.pages == 7 => {
                Err(Fault::incomplete("the remote system closed page 7 half-way"))
            }
            Behaviour::ForgedLines => {
                let text = "fine\r\n2026-01-01T00:00:00Z ERROR rosterd: \u{1b}[2Jthe store is gone\0\u{202e}";
                log::warn(text);
                Err(Fault::invalid(text).about(text))
            }
            _ => Ok(self.people(max)),
        }
    }
}

impl Pull {
    /// A page as it should be, except for what the behaviour bends.
    fn people(&mut self, max: u32) -> Page {
        let half = self.settings.behaviour == Behaviour::HalfSource;
        let total = if half { self.settings.people / 2 } else { self.settings.people };
        let to = (self.next + self.settings.page.min(max)).min(total);
        let people = (self.next..to).map(|number| {
            assert!(
                self.settings.behaviour != Behaviour::PanicOnOneRecord || number != 7,
                "person {number} has no name that this connector understands"
            );
            Change::Upsert(person(number))
        });
        let people: Vec<Change> = people.collect();
        self.next = to;
        if to < total {
            return Page::more(people, Some(to.to_string()));
        }
        let mut end = ScanEnd::complete([Class::Account]);
        if self.settings.behaviour == Behaviour::LyingTotals {
            end = end.total(Class::Account, u64::from(total) * 10);
        }
        Page::end(people, end)
    }
}

/// One of the numbered people.
fn person(number: u32) -> Object {
    record(Class::Account, format!("p{number}")).text("name", format!("Person {number}")).build()
}

/// A complete list of one.
fn whole(object: Object) -> Page {
    Page::end(vec![Change::Upsert(object)], ScanEnd::complete([Class::Account]))
}
