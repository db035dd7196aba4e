//! Joining and leaving: from what sources say to the state of an entity, and what is due later.
//!
//! ```text
//! pending --first day--> active --a last day is known--> leaving --it is over--> disabled --grace--> deleted --retention--> purged
//!                          ^  ^                             |                       |
//!                          |  +------- the date is withdrawn                        |
//!                          +----------- the person is back ------------------------+
//! ```
//!
//! Suspended (on leave, or locked out at the source) stands beside it and leads nowhere by itself. Whether an absence or a
//! delete is one is decided elsewhere ([`crate::absence`], [`crate::licence`]); what it leads to is [`left`].
//!
//! Four attributes of an account speak: `lifecycle` (a word, see [`Word`]), `active`, `startDate` and `endDate`, whose days
//! are those of `timezone`, or of the zone of `[lifecycle]`.

mod date;
mod policy;
mod words;

use crate::problem::Problem;
pub use date::{Edge, moment, zone};
pub use jiff::tz::TimeZone;
pub use policy::LeavePolicy;
use rosterd_model::plan::Due;
use rosterd_model::{Attributes, DisabledReason, Lifecycle, Rule, Timestamp, Value};
pub use words::Word;

/// A first day that nobody has named yet.
pub const UNKNOWN: Timestamp = Timestamp(u64::MAX);

/// What sources say about somebody's joining and leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statement {
    /// The word for the state.
    pub word: Option<Word>,
    /// False: locked out at the source.
    pub usable: Option<bool>,
    /// The first day.
    pub start: Option<Timestamp>,
    /// The end of the last day.
    pub end: Option<Timestamp>,
}

impl Statement {
    /// Reads effective attributes. `home` is the zone of those that name none.
    ///
    /// # Errors
    /// A date or a zone can not be read; the record is set aside, for a date that is overlooked keeps a leaver alive.
    pub fn read(attributes: &Attributes, home: &TimeZone) -> Result<Self, Problem> {
        // One look at all of them: most say nothing of it.
        let (mut first, mut last, mut active, mut word) = (None, None, None, None);
        for (name, value) in attributes.iter() {
            match name {
                "startDate" => first = Some(value),
                "endDate" => last = Some(value),
                "active" => active = Some(value),
                "lifecycle" => word = value.as_text(),
                _ => {}
            }
        }
        let text = |name: &str| attributes.get(name).and_then(Value::as_text);
        let of_person = || match text("timezone").filter(|name| !name.trim().is_empty()) {
            Some(name) => zone(name),
            None => Ok(home.clone()),
        };
        let date = |name: &str, value: Option<&Value>, edge| match value {
            None => Ok(None),
            Some(value) => moment(value, edge, &of_person).map_err(|because| {
                Problem::mapping(format!("{name} {because}; correct it at the source, or map it with FormatDate"))
            }),
        };
        let start = date("startDate", first, Edge::Begin)?;
        // An end before the start belongs to an earlier employment.
        let end = date("endDate", last, Edge::End)?.filter(|end| start.is_none_or(|start| *end > start));
        let usable = match active {
            Some(Value::Bool(usable)) => Some(*usable),
            _ => None,
        };
        Ok(Self { word: word.and_then(Word::read), usable, start, end })
    }

    /// The state that is asked for at a time, whatever the present one is. The times of a disable are filled in when it is
    /// applied.
    #[must_use]
    pub fn asks(&self, now: Timestamp) -> Lifecycle {
        let over = self.end.is_some_and(|end| end <= now || !Rule::AnnouncedLeaver.on());
        if self.word == Some(Word::Left) || over {
            return left();
        }
        let unknown = self.start.is_none() && self.word == Some(Word::Pending);
        let start_at = if unknown { Some(UNKNOWN) } else { self.start.filter(|start| *start > now) };
        if let Some(start_at) = start_at.filter(|_| Rule::PendingStart.on()) {
            return Lifecycle::Pending { start_at };
        }
        if self.word == Some(Word::Suspended) || self.usable == Some(false) {
            return if Rule::SuspendedIsNoLeaver.on() { Lifecycle::Suspended } else { left() };
        }
        self.end.map_or(Lifecycle::Active, |effective_at| Lifecycle::Leaving { effective_at })
    }
}

/// The state that follows from the present one and what sources say. `ordered` is true if a person disabled the account
/// and did not take it back.
///
/// What the hub did itself is undone when the person is back; what an operator did is not.
#[must_use]
pub fn wanted(present: Option<&Lifecycle>, said: &Statement, ordered: bool, now: Timestamp) -> Lifecycle {
    let asked = said.asks(now);
    let Some(present) = present else { return asked };
    let leaves = matches!(asked, Lifecycle::Disabled { .. });
    match present {
        // Who was disabled by a person and leaves is a leaver, so that the grace begins; the order is kept beside it.
        Lifecycle::Disabled { reason: DisabledReason::Manual | DisabledReason::Guard, .. }
            if !leaves && Rule::ManualDisableSurvives.on() =>
        {
            *present
        }
        Lifecycle::Disabled { reason: DisabledReason::Leaver, .. } | Lifecycle::Deleted { .. } if leaves => *present,
        Lifecycle::Disabled { reason: DisabledReason::Leaver, .. } if !Rule::ReturnCancels.on() => *present,
        Lifecycle::Disabled { .. } | Lifecycle::Deleted { .. }
            if !leaves && ordered && Rule::ManualDisableSurvives.on() =>
        {
            Lifecycle::Disabled { reason: DisabledReason::Manual, at: Timestamp(0) }
        }
        _ => asked,
    }
}

/// True if [`wanted`] needs to know whether a person disabled the account: only who comes back asks for it.
#[must_use]
pub const fn asks_for_order(present: &Lifecycle) -> bool {
    matches!(present, Lifecycle::Disabled { .. } | Lifecycle::Deleted { .. })
}

/// True if somebody in this state left for good: what destinations do about leavers is done about him.
#[must_use]
pub const fn has_left(lifecycle: &Lifecycle) -> bool {
    match lifecycle {
        Lifecycle::Deleted { .. } => true,
        Lifecycle::Disabled { reason, .. } => matches!(reason, DisabledReason::Leaver | DisabledReason::OutOfScope),
        _ => false,
    }
}

/// A leaver's state. Its time is filled in when it is applied.
#[must_use]
pub const fn left() -> Lifecycle {
    Lifecycle::Disabled { reason: DisabledReason::Leaver, at: Timestamp(0) }
}

/// What an entity in this state waits for in the hub, whatever its destinations do.
#[must_use]
pub fn waits(lifecycle: &Lifecycle) -> Option<(Due, Timestamp)> {
    match lifecycle {
        Lifecycle::Pending { start_at } if *start_at < UNKNOWN => Some((Due::Start, *start_at)),
        Lifecycle::Leaving { effective_at } => Some((Due::Leave, *effective_at)),
        _ => None,
    }
}

/// The state after a timer fired; none: its reason does not stand any more, and nothing happens.
///
/// A timer only says that it is time to look: what is decided, is decided by what sources say now.
#[must_use]
pub fn fired(due: Due, present: &Lifecycle, said: &Statement, now: Timestamp) -> Option<Lifecycle> {
    let looks = Rule::TimerLooksAgain.on();
    let after = match (due, present) {
        (Due::Start, Lifecycle::Pending { .. }) | (Due::Leave, Lifecycle::Leaving { .. }) if looks => {
            wanted(Some(present), said, false, now)
        }
        (Due::Start, _) if !looks => Lifecycle::Active,
        (Due::Leave, _) if !looks => left(),
        _ => return None,
    };
    (after != *present).then_some(after)
}

#[cfg(test)]
mod tests;
