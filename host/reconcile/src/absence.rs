//! Who is missing, and for how long that must be so before it counts as gone.

use rosterd_model::shadow::Missing;
use rosterd_model::spec::AbsenceSpec;
use rosterd_model::{Rule, Timestamp};

/// When absence counts as gone, read from the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AbsencePolicy {
    /// Licensed scans of different source versions that must not show an object.
    pub confirmations: u32,
    /// They must be at least so far apart, in milliseconds.
    pub min_interval_ms: u64,
    /// A scan with fewer records than this share of the last licensed one gets no licence, in percent.
    pub shrink_percent: f64,
}

impl AbsencePolicy {
    /// Reads `[job.NAME.absence]`.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn parse(spec: &AbsenceSpec) -> Result<Self, String> {
        if spec.confirmations == 0 {
            return Err("absence.confirmations must be at least 1".to_owned());
        }
        if !(0.0..=100.0).contains(&spec.shrink_percent) {
            return Err("absence.shrink-percent must be a number from 0 to 100".to_owned());
        }
        let min_interval_ms =
            parse_duration(&spec.min_interval).map_err(|because| format!("absence.min-interval: {because}"))?;
        Ok(Self { confirmations: spec.confirmations, min_interval_ms, shrink_percent: spec.shrink_percent })
    }
}

/// What is to be done about an object that a licensed scan did not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Further scans must confirm it.
    Waiting {
        /// Confirmations so far.
        have: u32,
        /// Confirmations needed.
        need: u32,
    },
    /// It is gone.
    Gone,
}

/// Counts a licensed scan that did not show an object, and judges.
///
/// `version` is the source's version that the scan read. The same version counts once, however often it is read; a
/// source without versions is kept apart by time alone.
#[must_use]
pub fn confirm(
    missing: Option<&Missing>,
    version: Option<&str>,
    now: Timestamp,
    policy: &AbsencePolicy,
) -> (Missing, Verdict) {
    let version = version.unwrap_or_default();
    let counted = match missing {
        None => Missing { confirmations: 1, source_version: version.to_owned(), at: now, first: now },
        Some(known) => {
            let repeated = !version.is_empty() && version == known.source_version && Rule::SameVersionOnce.on();
            // The clock of the machine may have been set back; that is no time passed.
            let early = now.since_ms(known.at) < policy.min_interval_ms && Rule::AbsenceConfirmed.on();
            if repeated || early {
                known.clone()
            } else {
                let confirmations = known.confirmations.saturating_add(1);
                Missing { confirmations, source_version: version.to_owned(), at: now, first: known.first }
            }
        }
    };
    let (have, need) = (counted.confirmations, policy.confirmations);
    let enough = have >= need || !Rule::AbsenceConfirmed.on();
    let verdict = if enough { Verdict::Gone } else { Verdict::Waiting { have, need } };
    (counted, verdict)
}

/// Reads a duration: `45s`, `30m`, `12h`, `7d`, `500ms`. The result is in milliseconds.
///
/// # Errors
/// A sentence.
pub fn parse_duration(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no duration; write a whole number with ms, s, m, h or d, such as \"12h\"");
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).ok_or_else(|| format!("{text:?} is longer than time is counted"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    fn policy(confirmations: u32) -> AbsencePolicy {
        AbsencePolicy { confirmations, min_interval_ms: 12 * HOUR, shrink_percent: 90.0 }
    }

    #[test]
    fn the_same_file_counts_once_and_haste_counts_not_at_all() {
        let (first, verdict) = confirm(None, Some("v1"), Timestamp(0), &policy(2));
        assert_eq!(verdict, Verdict::Waiting { have: 1, need: 2 });
        let (again, verdict) = confirm(Some(&first), Some("v1"), Timestamp(48 * HOUR), &policy(2));
        assert_eq!((again, verdict), (first.clone(), Verdict::Waiting { have: 1, need: 2 }));
        let (early, verdict) = confirm(Some(&first), Some("v2"), Timestamp(11 * HOUR), &policy(2));
        assert_eq!((early, verdict), (first.clone(), Verdict::Waiting { have: 1, need: 2 }));
        let (second, verdict) = confirm(Some(&first), Some("v2"), Timestamp(12 * HOUR), &policy(2));
        assert_eq!(verdict, Verdict::Gone);
        assert_eq!((second.confirmations, second.first), (2, Timestamp(0)));
    }

    #[test]
    fn one_confirmation_is_enough_where_the_operator_says_so() {
        assert_eq!(confirm(None, None, Timestamp(0), &policy(1)).1, Verdict::Gone);
        let (first, _) = confirm(None, None, Timestamp(0), &policy(2));
        assert_eq!(confirm(Some(&first), None, Timestamp(12 * HOUR), &policy(2)).1, Verdict::Gone);
        let (back, verdict) = confirm(Some(&first), None, Timestamp(0), &policy(2));
        assert_eq!((back, verdict), (first, Verdict::Waiting { have: 1, need: 2 }));
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("12h"), Ok(12 * HOUR));
        assert_eq!(parse_duration("0s"), Ok(0));
        assert_eq!(parse_duration("500ms"), Ok(500));
        assert_eq!(parse_duration("45s"), Ok(45_000));
        assert_eq!(parse_duration("90m"), Ok(HOUR + HOUR / 2));
        assert_eq!(parse_duration("7d"), Ok(7 * 24 * HOUR));
        for bad in
            ["", "12", "h", "-1h", "1.5h", "12 h", "12H", "99999999999999999999s", "18446744073709551615d", "1中"]
        {
            let error = parse_duration(bad).expect_err(bad);
            assert!(error.contains(bad), "{error}");
        }
    }

    #[test]
    fn the_defaults_are_valid_and_nonsense_is_not() {
        let spec = AbsenceSpec::default();
        assert_eq!(AbsencePolicy::parse(&spec), Ok(policy(2)));
        for bad in [
            AbsenceSpec { confirmations: 0, ..spec.clone() },
            AbsenceSpec { min_interval: "soon".into(), ..spec.clone() },
            AbsenceSpec { shrink_percent: f64::NAN, ..spec.clone() },
            AbsenceSpec { shrink_percent: 101.0, ..spec },
        ] {
            assert!(AbsencePolicy::parse(&bad).expect_err("refused").contains("absence."));
        }
    }
}
