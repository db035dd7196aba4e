//! The connection to a server: opened, secured, bound; then messages, one whole at a time.

use crate::ber;
use crate::control::{Info, Said};
use crate::message::{self, Answer, Entry, Outcome, Search};
use crate::settings::{Place, Settings};
use crate::trouble;
use rosterd_sdk::secrets::{self, Segment};
use rosterd_sdk::{Fault, FaultKind, stream};

/// No message may be longer: a group of 100,000 members has about 8 MiB.
const LONGEST: usize = 16 << 20;
/// Nor all messages of one page together.
const LARGEST_PAGE: usize = 64 << 20;
/// How long to wait for a connection, and for each answer.
const PATIENCE_MS: u32 = 60_000;

/// An open connection.
#[derive(Debug)]
pub struct Link {
    connection: stream::Connection,
    place: Place,
    received: Vec<u8>,
    /// So many bytes of these were taken as messages: they are dropped when more is read, not one message after the other.
    taken: usize,
    /// Of the last message that was sent.
    id: i64,
}

/// What a search came to, or a part of it.
#[derive(Debug, Default)]
pub struct Found {
    /// Entries, in the server's order.
    pub entries: Vec<Entry>,
    /// Parts of the tree that other servers have: how many, and the first.
    pub referrals: (u64, String),
    /// What was said of a synchronisation between the entries.
    pub infos: Vec<Info>,
    /// How it ended; none: it goes on.
    pub outcome: Option<Outcome>,
    /// What the end says beside.
    pub said: Said,
    bytes: usize,
}

impl Found {
    /// Whether it went well.
    ///
    /// # Errors
    /// The fault for its result, with what was being done.
    pub fn good(self, doing: &str) -> Result<Self, Fault> {
        match &self.outcome {
            Some(outcome) if outcome.code != 0 => Err(trouble::fault(doing, outcome)),
            _ => Ok(self),
        }
    }

    /// The code of its result; 0 while it goes on.
    #[must_use]
    pub fn code(&self) -> i64 {
        self.outcome.as_ref().map_or(0, |outcome| outcome.code)
    }
}

impl Link {
    /// Connects and binds: to the first server that answers.
    ///
    /// # Errors
    /// None of them answers, or the first that does lets nobody in.
    pub fn open(settings: &Settings) -> Result<Self, Fault> {
        Self::open_near("", settings)
    }

    /// The same, with the server of this name asked before all others.
    ///
    /// # Errors
    /// None of them answers, or the first that does lets nobody in.
    pub fn open_near(name: &str, settings: &Settings) -> Result<Self, Fault> {
        let mut places = settings.places()?;
        places.sort_by_key(|place| place.name() != name);
        let mut missed: Vec<Fault> = Vec::new();
        for place in places {
            match Self::enter(place, settings) {
                Ok(link) => return Ok(link),
                // A password that one refuses is not tried at the others: they would lock the account.
                Err(fault) if passing(&fault) => missed.push(fault),
                Err(fault) => return Err(fault),
            }
        }
        let words: Vec<String> = missed.iter().map(|fault| fault.message.clone()).collect();
        let Some(first) = missed.into_iter().next() else { return Err(Fault::settings("no server is named")) };
        match &words[..] {
            [_] => Err(first),
            several => Err(Fault {
                message: format!("none of {} servers answers: {}", several.len(), several.join("; ")),
                ..first
            }),
        }
    }

    /// Connects to one server and binds.
    ///
    /// # Errors
    /// What the hub or the server says to it.
    pub fn enter(place: Place, settings: &Settings) -> Result<Self, Fault> {
        let mut link = Self::connect(place)?;
        link.bind(settings)?;
        Ok(link)
    }

    /// Connects with TLS.
    ///
    /// # Errors
    /// What the hub says of the connection or the certificate; what the server says to StartTLS.
    pub fn connect(place: Place) -> Result<Self, Fault> {
        let connection = stream::connect(&place.host, place.port, place.tls, PATIENCE_MS)?;
        let mut link = Self { connection, place, received: Vec::new(), taken: 0, id: 0 };
        if !link.place.tls {
            let id = link.next_id();
            link.send(&[Segment::Bytes(&message::start_tls(id))])?;
            match link.answer_to(id)? {
                Answer::Extended(outcome) if outcome.code == 0 => {}
                Answer::Extended(outcome) => return Err(trouble::fault("StartTLS", &outcome)),
                _ => return Err(link.broken("it answers StartTLS with something else")),
            }
            link.connection.start_tls(&link.place.host)?;
        }
        Ok(link)
    }

    /// Binds. The password is put into the message by the hub.
    ///
    /// # Errors
    /// What the server says to it.
    pub fn bind(&mut self, settings: &Settings) -> Result<(), Fault> {
        let password = secrets::open("bind-password")?;
        let length = password.length("raw")? as usize;
        if length == 0 {
            // Servers take a bind without a password for one of nobody, and say that it went well.
            return Err(Fault::settings("the secret bind-password is empty; set it").about("bind-password"));
        }
        let id = self.next_id();
        let head = message::bind(id, &settings.bind_dn, length);
        self.send(&[Segment::Bytes(&head), Segment::Secret(&password, "raw")])?;
        match self.answer_to(id)? {
            Answer::Bind(outcome) if outcome.code == 0 => Ok(()),
            Answer::Bind(outcome) => Err(trouble::fault(&format!("the bind as \"{}\"", settings.bind_dn), &outcome)),
            _ => Err(self.broken("it answers the bind with something else")),
        }
    }

    /// Searches, and reads the answer to its end.
    ///
    /// # Errors
    /// There is no whole answer. A result that is none is in the outcome.
    pub fn search(&mut self, search: &Search<'_>) -> Result<Found, Fault> {
        let mut all = self.searches(std::slice::from_ref(search))?;
        all.pop().ok_or_else(|| Fault::internal("a search has no answer"))
    }

    /// Sends searches one behind the other, and reads the answers as they come: the way there and back is gone once.
    ///
    /// # Errors
    /// There are no whole answers.
    pub fn searches(&mut self, searches: &[Search<'_>]) -> Result<Vec<Found>, Fault> {
        let (mut message, mut all) = (Vec::new(), Vec::with_capacity(searches.len()));
        let mut first = 0;
        for (at, search) in searches.iter().enumerate() {
            let id = self.next_id();
            first = if at == 0 { id } else { first };
            message.extend(search.message(id));
            all.push(Found::default());
        }
        if searches.is_empty() {
            return Ok(all);
        }
        self.send(&[Segment::Bytes(&message)])?;
        let mut open = searches.len();
        while open > 0 {
            let (number, answer, length) = self.receive()?;
            let found = usize::try_from(number - first).ok().and_then(|at| all.get_mut(at));
            let Some(found) = found.filter(|found| found.outcome.is_none()) else {
                return Err(self.unasked(number, &answer));
            };
            self.put(found, answer, length)?;
            open -= usize::from(found.outcome.is_some());
        }
        Ok(all)
    }

    /// Begins a search of which the answer is read in parts; its number.
    ///
    /// # Errors
    /// It can not be sent.
    pub fn begin(&mut self, search: &Search<'_>) -> Result<i64, Fault> {
        let id = self.next_id();
        self.send(&[Segment::Bytes(&search.message(id))])?;
        Ok(id)
    }

    /// The next part of the answer to a search that was begun, of about so many entries.
    ///
    /// # Errors
    /// There is no whole answer.
    pub fn part(&mut self, id: i64, entries: usize) -> Result<Found, Fault> {
        let mut found = Found::default();
        while found.entries.len() + found.infos.len() < entries && found.outcome.is_none() {
            let (number, answer, length) = self.receive()?;
            if number != id {
                return Err(self.unasked(number, &answer));
            }
            self.put(&mut found, answer, length)?;
        }
        Ok(found)
    }

    /// Searches, and reads the answer to its end; none if it has more than so many entries.
    ///
    /// # Errors
    /// There is no whole answer.
    pub fn at_most(&mut self, search: &Search<'_>, entries: usize) -> Result<Option<Found>, Fault> {
        let id = self.begin(search)?;
        let mut found = Found::default();
        while found.outcome.is_none() {
            if found.entries.len() + found.infos.len() > entries {
                return Ok(None);
            }
            let part = self.part(id, 500)?;
            found.entries.extend(part.entries);
            found.infos.extend(part.infos);
            (found.outcome, found.said) = (part.outcome, part.said);
        }
        Ok(Some(found))
    }

    fn put(&self, found: &mut Found, answer: Answer, length: usize) -> Result<(), Fault> {
        found.bytes += length;
        if found.bytes > LARGEST_PAGE {
            return Err(Fault::incomplete(format!(
                "one page of {} has more than {LARGEST_PAGE} bytes; lower the setting page-size",
                self.name()
            )));
        }
        match answer {
            Answer::Entry(entry) => found.entries.push(entry),
            Answer::Reference(place) => {
                found.referrals.0 += 1;
                if found.referrals.1.is_empty() {
                    found.referrals.1 = place;
                }
            }
            Answer::Info(info) => found.infos.push(info),
            Answer::Done(outcome, said) => (found.outcome, found.said) = (Some(outcome), said),
            _ => return Err(self.broken("it answers a search with something else")),
        }
        Ok(())
    }

    /// Says good-bye. What came of it matters to nobody.
    pub fn close(mut self) {
        let id = self.next_id();
        let _ = self.send(&[Segment::Bytes(&message::unbind(id))]);
    }

    /// The stream below, to wait for several of them at once.
    #[must_use]
    pub fn stream(&self) -> &stream::Connection {
        &self.connection
    }

    /// The number of the next message.
    pub fn next_id(&mut self) -> i64 {
        self.id = if self.id >= i64::from(i32::MAX) { 1 } else { self.id + 1 };
        self.id
    }

    /// Where it leads.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Host and port.
    #[must_use]
    pub fn name(&self) -> String {
        self.place.name()
    }

    /// Sends messages as they are.
    ///
    /// # Errors
    /// The connection broke; they may have arrived.
    pub fn send(&self, segments: &[Segment<'_>]) -> Result<(), Fault> {
        self.connection.write(segments)
    }

    /// Reads once, and gives the messages that are whole by then, with the length of each.
    ///
    /// # Errors
    /// The connection ended, nothing came in time, or what came is not LDAP.
    pub fn arrived(&mut self) -> Result<Vec<(i64, Answer, usize)>, Fault> {
        self.fill()?;
        let (mut all, mut from) = (Vec::new(), self.taken);
        while let Some(length) = self.whole(from)? {
            let bytes = &self.received[from..from + length];
            let (id, answer) = message::decode(bytes).map_err(|broken| self.broken(broken.0))?;
            all.push((id, answer, length));
            from += length;
        }
        self.taken = from;
        Ok(all)
    }

    fn answer_to(&mut self, id: i64) -> Result<Answer, Fault> {
        let (number, answer, _) = self.receive()?;
        if number == id { Ok(answer) } else { Err(self.unasked(number, &answer)) }
    }

    /// The next whole message, with its length.
    fn receive(&mut self) -> Result<(i64, Answer, usize), Fault> {
        loop {
            if let Some(length) = self.whole(self.taken)? {
                let bytes = &self.received[self.taken..self.taken + length];
                let (id, answer) = message::decode(bytes).map_err(|broken| self.broken(broken.0))?;
                self.taken += length;
                return Ok((id, answer, length));
            }
            self.fill()?;
        }
    }

    /// The length of the message that begins there, if it is whole.
    fn whole(&self, from: usize) -> Result<Option<usize>, Fault> {
        let rest = &self.received[from..];
        if rest.first().is_some_and(|tag| *tag != 0x30) {
            // What it says otherwise may be so short that more would be waited for.
            return Err(self.broken("no message begins so"));
        }
        let length = ber::length(rest, LONGEST).map_err(|broken| self.broken(broken.0))?;
        Ok(length.filter(|length| *length <= rest.len()))
    }

    /// Waits for more.
    fn fill(&mut self) -> Result<(), Fault> {
        match self.connection.read(1 << 18, PATIENCE_MS)? {
            stream::Received::Bytes(more) => {
                self.received.drain(..self.taken);
                self.taken = 0;
                self.received.extend(more);
            }
            stream::Received::Nothing => {
                let text = format!("{} did not answer in {} s", self.name(), PATIENCE_MS / 1000);
                return Err(Fault::timeout(text));
            }
            stream::Received::End => {
                let text = format!("{} closed the connection; nobody has to act unless it stays so", self.name());
                return Err(Fault::transient(text));
            }
        }
        Ok(())
    }

    /// Why a message was not asked for. Message 0 is the server's good-bye.
    #[must_use]
    pub fn unasked(&self, number: i64, answer: &Answer) -> Fault {
        match (number, answer) {
            (0, Answer::Extended(outcome)) => {
                let mut fault =
                    trouble::fault(&format!("{} ends the connection: what was asked", self.name()), outcome);
                fault.kind = FaultKind::Transient;
                fault
            }
            _ => self.broken("it answers what nobody asked"),
        }
    }

    fn broken(&self, why: &str) -> Fault {
        Fault::incomplete(format!(
            "what {} says is not LDAP: {why}; see whether the setting server names an LDAP server",
            self.name()
        ))
    }
}

/// True for what another server may do better.
fn passing(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Transient | FaultKind::Timeout)
}
