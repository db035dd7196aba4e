//! The breaker of a connection: when to stop asking a system that does not answer, and when to ask again.
//!
//! A state machine over values: the caller says what happened and when.

use crate::retry::GIVE_UP_MS;
use rosterd_model::circuit::{Circuit, CircuitState, CircuitWindow};
use rosterd_model::{Fault, FaultKind, Rule, Timestamp};

const MINUTE: u64 = 60_000;
/// Waits before probes; then daily.
const PROBES_MS: [u64; 4] = [MINUTE, 5 * MINUTE, 30 * MINUTE, 360 * MINUTE];
const DAILY_MS: u64 = 24 * 60 * MINUTE;
/// How long operations count.
const WINDOW_MS: u64 = 15 * MINUTE;
/// Fewer failures than these open nothing.
const LEAST_FAILURES: u32 = 20;
/// Nor does a smaller share of what was answered.
const LEAST_PERCENT: u64 = 40;
/// Retries after a call that ended the connector's instance.
const TRAP_RETRIES: u32 = 2;

/// What may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Everything.
    All,
    /// One operation, to see whether the connection works again.
    Probe,
    /// Nothing before the time.
    Wait(Timestamp),
    /// Nothing until a person resumes the connection.
    Never,
}

/// What the answers of one batch say about the connection.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// Operations that were answered and count.
    pub answered: u32,
    /// Those of them that failed; failures about references do not count.
    pub failed: u32,
    /// True: the remote system was reached and judged at least one operation.
    pub reached: bool,
    /// A fault that opens the breaker at once.
    pub refused: Option<Fault>,
    /// A fault with which the connector's instance ended.
    pub trapped: Option<Fault>,
    /// The last failure of any other kind.
    pub last: Option<Fault>,
    /// The remote system asks for a rest until then.
    pub rest_until: Option<Timestamp>,
}

/// What changed for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    None,
    /// It opened: somebody must be told.
    Opened,
    /// It closed: the connection works again.
    Closed,
    /// It was given up: a person must resume the connection.
    GivenUp,
}

/// What may be sent.
#[must_use]
pub fn permit(circuit: &Circuit, now: Timestamp) -> Permit {
    if let Some(until) = circuit.rest_until.filter(|until| *until > now) {
        return Permit::Wait(until);
    }
    match circuit.state {
        CircuitState::Closed => Permit::All,
        CircuitState::Open { probe_at, .. } if probe_at <= now => Permit::Probe,
        CircuitState::Open { probe_at, .. } => Permit::Wait(probe_at),
        CircuitState::Disabled { .. } => Permit::Never,
    }
}

/// Takes the answers of a batch into account.
pub fn record(circuit: &mut Circuit, answers: &Answers, now: Timestamp) -> Turn {
    circuit.rest_until = answers.rest_until.or(circuit.rest_until).filter(|until| *until > now);
    match circuit.state.clone() {
        CircuitState::Closed => closed(circuit, answers, now),
        CircuitState::Open { since, probes, .. } => half_open(circuit, answers, since, probes, now),
        CircuitState::Disabled { .. } => Turn::None,
    }
}

fn closed(circuit: &mut Circuit, answers: &Answers, now: Timestamp) -> Turn {
    if let Some(fault) = &answers.refused {
        return open(circuit, fault.clone(), now);
    }
    if let Some(fault) = &answers.trapped {
        circuit.traps += 1;
        if circuit.traps > TRAP_RETRIES {
            return open(circuit, fault.clone(), now);
        }
    } else if answers.reached {
        circuit.traps = 0;
    }
    let window = &mut circuit.window;
    if now.since_ms(window.since) > WINDOW_MS || window.answered == 0 {
        *window = CircuitWindow { since: now, answered: 0, failed: 0 };
    }
    window.answered = window.answered.saturating_add(answers.answered);
    window.failed = window.failed.saturating_add(answers.failed);
    let (answered, failed) = (u64::from(window.answered), u64::from(window.failed));
    if window.failed >= LEAST_FAILURES && failed * 100 >= answered * LEAST_PERCENT && Rule::BreakerOnFailures.on() {
        let last = answers.last.clone();
        let last = last.unwrap_or_else(|| Fault::new(FaultKind::Transient, "many operations failed"));
        return open(circuit, last, now);
    }
    Turn::None
}

fn half_open(circuit: &mut Circuit, answers: &Answers, since: Timestamp, probes: u32, now: Timestamp) -> Turn {
    let failed = answers.refused.as_ref().or(answers.trapped.as_ref());
    if failed.is_none() && answers.reached {
        *circuit = Circuit { rest_until: circuit.rest_until, ..Circuit::default() };
        return Turn::Closed;
    }
    if let Some(fault) = failed.or(answers.last.as_ref()) {
        circuit.because = Some(fault.clone());
    } else if answers.answered == 0 {
        // Nothing was asked.
        return Turn::None;
    }
    if now.since_ms(since) >= GIVE_UP_MS {
        circuit.state = CircuitState::Disabled { since: now };
        return Turn::GivenUp;
    }
    let probes = probes + 1;
    circuit.state = CircuitState::Open { since, probes, probe_at: now.plus_ms(probe_wait(probes)) };
    Turn::None
}

fn open(circuit: &mut Circuit, because: Fault, now: Timestamp) -> Turn {
    circuit.state = CircuitState::Open { since: now, probes: 0, probe_at: now.plus_ms(probe_wait(0)) };
    circuit.because = Some(because);
    circuit.window = CircuitWindow::default();
    Turn::Opened
}

fn probe_wait(probes: u32) -> u64 {
    PROBES_MS.get(probes as usize).copied().unwrap_or(DAILY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(kind: FaultKind) -> Fault {
        Fault::new(kind, "no")
    }

    fn failures(failed: u32, answered: u32) -> Answers {
        let last = (failed > 0).then(|| fault(FaultKind::Transient));
        Answers { answered, failed, reached: answered > failed, last, ..Answers::default() }
    }

    fn refused() -> Answers {
        Answers { refused: Some(fault(FaultKind::Unauthorized)), ..failures(1, 1) }
    }

    #[test]
    fn a_refused_credential_opens_at_once_and_one_success_closes() {
        let mut circuit = Circuit::default();
        assert_eq!(record(&mut circuit, &refused(), Timestamp(0)), Turn::Opened);
        assert_eq!(permit(&circuit, Timestamp(MINUTE - 1)), Permit::Wait(Timestamp(MINUTE)));
        assert_eq!(permit(&circuit, Timestamp(MINUTE)), Permit::Probe);
        assert_eq!(record(&mut circuit, &failures(0, 1), Timestamp(MINUTE)), Turn::Closed);
        assert_eq!(circuit, Circuit::default());
    }

    #[test]
    fn it_takes_twenty_failures_and_four_in_ten() {
        let opens = |failed, answered| record(&mut Circuit::default(), &failures(failed, answered), Timestamp(9));
        assert_eq!(opens(19, 19), Turn::None);
        assert_eq!(opens(20, 51), Turn::None);
        assert_eq!(opens(20, 50), Turn::Opened);
    }

    #[test]
    fn failures_of_another_hour_do_not_count() {
        let mut circuit = Circuit::default();
        record(&mut circuit, &failures(15, 15), Timestamp(9));
        assert_eq!(record(&mut circuit, &failures(15, 15), Timestamp(10 + 15 * MINUTE)), Turn::None);
        assert_eq!(record(&mut circuit, &failures(15, 15), Timestamp(11 + 15 * MINUTE)), Turn::Opened);
    }

    #[test]
    fn probes_go_out_ever_more_seldom_and_end_after_four_weeks() {
        let mut circuit = Circuit::default();
        record(&mut circuit, &refused(), Timestamp(0));
        let (mut at, mut waits) = (Timestamp(0), Vec::new());
        while let Permit::Wait(next) = permit(&circuit, at) {
            waits.push(next.since_ms(at) / MINUTE);
            at = next;
            if record(&mut circuit, &refused(), at) == Turn::GivenUp {
                break;
            }
        }
        assert_eq!(waits[..6], [1, 5, 30, 360, 1440, 1440]);
        assert!(at.0 >= GIVE_UP_MS && at.0 < GIVE_UP_MS + 2 * DAILY_MS);
        assert_eq!(permit(&circuit, at.plus_ms(GIVE_UP_MS)), Permit::Never);
    }

    #[test]
    fn the_third_trap_in_a_row_opens() {
        let trap = Answers { trapped: Some(fault(FaultKind::Internal)), ..Answers::default() };
        let mut circuit = Circuit::default();
        assert_eq!(record(&mut circuit, &trap, Timestamp(1)), Turn::None);
        assert_eq!(record(&mut circuit, &failures(0, 3), Timestamp(1)), Turn::None);
        for _ in 0..2 {
            assert_eq!(record(&mut circuit, &trap, Timestamp(1)), Turn::None);
        }
        assert_eq!(record(&mut circuit, &trap, Timestamp(1)), Turn::Opened);
    }

    #[test]
    fn a_rest_ends_by_itself() {
        let mut circuit = Circuit::default();
        let rest = Answers { rest_until: Some(Timestamp(50)), ..Answers::default() };
        record(&mut circuit, &rest, Timestamp(10));
        assert_eq!(permit(&circuit, Timestamp(49)), Permit::Wait(Timestamp(50)));
        assert_eq!(permit(&circuit, Timestamp(50)), Permit::All);
    }

    #[test]
    fn the_window_lasts_to_its_last_moment() {
        let mut circuit = Circuit::default();
        record(&mut circuit, &failures(15, 15), Timestamp(9));
        assert_eq!(record(&mut circuit, &failures(15, 15), Timestamp(9 + 15 * MINUTE)), Turn::Opened);
    }

    #[test]
    fn a_rest_that_is_over_is_forgotten_and_one_that_is_not_outlives_the_probe() {
        let mut circuit = Circuit::default();
        record(&mut circuit, &Answers { rest_until: Some(Timestamp(50)), ..Answers::default() }, Timestamp(10));
        record(&mut circuit, &Answers::default(), Timestamp(50));
        assert_eq!(circuit.rest_until, None);
        record(&mut circuit, &refused(), Timestamp(60));
        let rest = Answers { rest_until: Some(Timestamp(9 * MINUTE)), ..failures(0, 1) };
        assert_eq!(record(&mut circuit, &rest, Timestamp(2 * MINUTE)), Turn::Closed);
        assert_eq!(permit(&circuit, Timestamp(3 * MINUTE)), Permit::Wait(Timestamp(9 * MINUTE)));
    }

    #[test]
    fn only_a_probe_that_was_answered_well_closes() {
        let open = || {
            let mut circuit = Circuit::default();
            record(&mut circuit, &refused(), Timestamp(0));
            circuit
        };
        let probe = |answers: &Answers| {
            let mut circuit = open();
            let turn = record(&mut circuit, answers, Timestamp(MINUTE));
            let CircuitState::Open { probes, .. } = circuit.state else { panic!("it is open") };
            (turn, probes)
        };
        assert_eq!(probe(&failures(1, 1)), (Turn::None, 1), "it failed for another reason");
        assert_eq!(probe(&Answers { reached: true, ..refused() }), (Turn::None, 1), "reached, and refused again");
        assert_eq!(
            probe(&Answers { answered: 1, ..Answers::default() }),
            (Turn::None, 1),
            "answered without a judgement"
        );
        assert_eq!(probe(&Answers::default()), (Turn::None, 0), "nothing was asked: the same probe goes out again");
    }

    proptest! {
        #[test]
        fn whatever_happens_a_probe_or_a_person_closes_it(steps in prop::collection::vec((0u32..30, 0u32..30, any::<bool>(), 1u64..DAILY_MS), 0..40)) {
            let (mut circuit, mut now) = (Circuit::default(), Timestamp(0));
            for (failed, more, refuse, wait) in steps {
                now = now.plus_ms(wait);
                if !matches!(permit(&circuit, now), Permit::All | Permit::Probe) {
                    continue;
                }
                // Where nothing was answered, nothing is decided: the same probe goes out again.
                if failed + more == 0 && !refuse {
                    continue;
                }
                let refused = refuse.then(|| fault(FaultKind::Unauthorized));
                record(&mut circuit, &Answers { refused, ..failures(failed, failed + more) }, now);
                if let CircuitState::Open { probe_at, .. } = &circuit.state {
                    prop_assert!(*probe_at > now && probe_at.since_ms(now) <= DAILY_MS);
                }
            }
        }
    }
}
