//! May this scan turn absence into removal? The host's own verdict, with its reasons.
//!
//! A connector says what it believes; that is one check among others and is called by its name. What the host can see
//! for itself (whether the scan reached its end, how many records it gave) is judged here.

use rosterd_model::plan::LicenceNote;
use rosterd_model::{Class, Rule};

/// What is known about a scan of one class when it has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanFacts {
    /// The class judged.
    pub class: Class,
    /// The last page was read.
    pub reached_end: bool,
    /// The connector says that it listed everything in scope.
    pub complete_declared: bool,
    /// The total that the remote system declares.
    pub declared_total: Option<u64>,
    /// Objects shown.
    pub seen: u64,
    /// Objects that could not be read but whose id is known; absence is blocked for them alone.
    pub rejected: u64,
    /// Objects that could not be read and whose id is not known.
    pub rejected_without_id: u64,
    /// Live shadows before the scan.
    pub live_before: u64,
    /// Objects of the last licensed scan.
    pub last_licensed: Option<u64>,
    /// Fewer than this share of the last licensed scan is no licence, in percent.
    pub shrink_percent: f64,
    /// The scan was interrupted and went on.
    pub resumed: bool,
    /// The manifest says that going on misses nothing.
    pub resume_stable: bool,
    /// Version of the source, if it has one.
    pub source_version: Option<String>,
    /// An operator said that no object at all is right.
    pub allow_empty: bool,
}

/// The verdict on a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Absence may become removal.
    Licensed,
    /// The scan did not show everything.
    Incomplete,
    /// It showed far fewer objects than the last one.
    Shrunk,
    /// It showed nothing, and there was something.
    Empty,
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// True: absence may become removal.
    pub licensed: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// The checks as sentences, those that refused first.
    pub reasons: Vec<String>,
}

impl Licence {
    /// The form that is kept with the plan and the run.
    #[must_use]
    pub fn note(&self, class: Class) -> LicenceNote {
        LicenceNote { class, licensed: self.licensed, reasons: self.reasons.clone() }
    }
}

/// Judges a scan of one class.
#[must_use]
pub fn judge(facts: &ScanFacts) -> Licence {
    let mut checks = Checks { worst: Verdict::Licensed, refused: Vec::new(), passed: Vec::new() };
    completeness(facts, &mut checks);
    totals(facts, &mut checks);
    size(facts, &mut checks);
    nameless(facts, &mut checks);
    let version = match &facts.source_version {
        Some(_) => "the connector says which version of the source was read; scans of one version confirm absence once",
        None => "the connector does not say which version of the source was read; only time keeps confirmations apart",
    };
    checks.passed.push(version.to_owned());
    let Checks { worst, mut refused, passed } = checks;
    refused.extend(passed);
    Licence { licensed: worst == Verdict::Licensed, verdict: worst, reasons: refused }
}

struct Checks {
    worst: Verdict,
    refused: Vec<String>,
    passed: Vec<String>,
}

impl Checks {
    fn add(&mut self, passed: bool, verdict: Verdict, sentence: String) {
        if passed {
            self.passed.push(sentence);
            return;
        }
        // An incomplete scan says nothing about sizes: that is the word to report.
        if self.worst == Verdict::Licensed {
            self.worst = verdict;
        }
        self.refused.push(sentence);
    }
}

fn completeness(facts: &ScanFacts, checks: &mut Checks) {
    let class = facts.class;
    let end = if facts.reached_end { "was" } else { "was not" };
    checks.add(
        facts.reached_end,
        Verdict::Incomplete,
        format!("the end of the scan {end} reached (the host's own check)"),
    );
    let word = if facts.complete_declared { "says" } else { "does not say" };
    checks.add(
        facts.complete_declared,
        Verdict::Incomplete,
        format!("the connector {word} that every {class} in scope was listed (the connector's word)"),
    );
    if facts.resumed {
        let word = if facts.resume_stable { "says" } else { "does not say" };
        checks.add(
            facts.resume_stable,
            Verdict::Incomplete,
            format!(
                "the scan was interrupted, and the connector {word} that going on misses nothing (the connector's word)"
            ),
        );
    }
}

/// Behind the sizes: a scan that also shrank is a matter for a person, and not only one to wait out.
fn nameless(facts: &ScanFacts, checks: &mut Checks) {
    if facts.rejected_without_id > 0 {
        let sentence = format!(
            "{} objects could not be read and have no known id, so that nobody can tell who is missing (the host's own check)",
            facts.rejected_without_id
        );
        checks.add(false, Verdict::Incomplete, sentence);
    }
}

fn totals(facts: &ScanFacts, checks: &mut Checks) {
    let Some(total) = facts.declared_total else { return };
    let found = facts.seen.saturating_add(facts.rejected).saturating_add(facts.rejected_without_id);
    checks.add(
        found >= total,
        Verdict::Incomplete,
        format!(
            "the remote system declares {total} and {found} were read (the connector's word against the host's count)"
        ),
    );
}

fn size(facts: &ScanFacts, checks: &mut Checks) {
    let class = facts.class;
    let (seen, before) = (facts.seen.saturating_add(facts.rejected), facts.live_before);
    if seen == 0 && before > 0 && Rule::EmptyGuard.on() {
        let sentence = format!("the scan shows no {class} and there were {before} (the host's own check)");
        let sentence = if facts.allow_empty { format!("{sentence}; an operator allowed it") } else { sentence };
        return checks.add(facts.allow_empty, Verdict::Empty, sentence);
    }
    // The first scan after an import has no licensed one before it; what is known then is the measure. So it is where some
    // of those whom the last licensed scan showed were removed since, by a person who approved it or by the source's word:
    // else no scan would ever be licensed again.
    let licensed = facts.last_licensed.filter(|last| *last <= before);
    let last = licensed.unwrap_or(before);
    #[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
    let least = last as f64 * facts.shrink_percent.clamp(0.0, 100.0) / 100.0;
    #[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
    let enough = seen as f64 >= least || !Rule::ShrinkGuard.on();
    let compared = if licensed.is_some() { "the last licensed scan showed" } else { "there were" };
    let limit = facts.shrink_percent;
    let sentence = if enough {
        format!("{seen} of class {class} were shown, {compared} {last} (the host's own check)")
    } else {
        format!(
            "only {seen} of class {class} were shown, {compared} {last}: less than {limit} % (the host's own check)"
        )
    };
    checks.add(enough, Verdict::Shrunk, sentence);
}

/// True if a reason repeats what the connector said of itself: a connector that promises nothing is no news.
#[must_use]
pub fn is_connectors_word(reason: &str) -> bool {
    reason.ends_with("(the connector's word)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> ScanFacts {
        ScanFacts {
            class: Class::Account,
            reached_end: true,
            complete_declared: true,
            declared_total: None,
            seen: 95,
            rejected: 0,
            rejected_without_id: 0,
            live_before: 100,
            last_licensed: Some(100),
            shrink_percent: 90.0,
            resumed: false,
            resume_stable: false,
            source_version: None,
            allow_empty: false,
        }
    }

    #[test]
    fn a_whole_scan_is_licensed_and_says_whose_word_that_is() {
        let licence = judge(&facts());
        assert!(licence.licensed, "{licence:?}");
        assert!(licence.reasons.iter().any(|reason| reason.contains("the connector's word")));
        assert!(licence.reasons.iter().any(|reason| reason.contains("95") && reason.contains("100")));
    }

    #[test]
    fn each_doubt_alone_refuses_and_is_named_first() {
        let cases = [
            (ScanFacts { reached_end: false, ..facts() }, Verdict::Incomplete, "not reached"),
            (ScanFacts { complete_declared: false, ..facts() }, Verdict::Incomplete, "does not say"),
            (ScanFacts { declared_total: Some(96), ..facts() }, Verdict::Incomplete, "declares 96"),
            (ScanFacts { rejected_without_id: 1, ..facts() }, Verdict::Incomplete, "no known id"),
            (ScanFacts { resumed: true, ..facts() }, Verdict::Incomplete, "interrupted"),
            (ScanFacts { seen: 89, ..facts() }, Verdict::Shrunk, "only 89"),
            (ScanFacts { seen: 89, last_licensed: None, ..facts() }, Verdict::Shrunk, "there were 100"),
            (ScanFacts { seen: 62, live_before: 70, ..facts() }, Verdict::Shrunk, "there were 70"),
            (ScanFacts { seen: 0, ..facts() }, Verdict::Empty, "no account"),
        ];
        for (facts, verdict, words) in cases {
            let licence = judge(&facts);
            assert!(!licence.licensed, "{facts:?}");
            assert_eq!(licence.verdict, verdict, "{facts:?}");
            assert!(licence.reasons[0].contains(words), "{:?}", licence.reasons);
        }
    }

    #[test]
    fn what_is_harmless_does_not_refuse() {
        for facts in [
            ScanFacts { resumed: true, resume_stable: true, ..facts() },
            ScanFacts { seen: 94, rejected: 2, declared_total: Some(96), ..facts() },
            ScanFacts { seen: 0, allow_empty: true, ..facts() },
            ScanFacts { seen: 0, live_before: 0, last_licensed: None, ..facts() },
            ScanFacts { seen: 90, ..facts() },
            // Thirty were removed since the last licensed scan, and it shows all that are left.
            ScanFacts { seen: 70, live_before: 70, ..facts() },
        ] {
            assert!(judge(&facts).licensed, "{facts:?}");
        }
    }

    #[test]
    fn the_first_doubt_is_the_verdict_and_all_doubts_are_reasons() {
        let cut = judge(&ScanFacts { reached_end: false, seen: 10, rejected_without_id: 1, ..facts() });
        assert_eq!(cut.verdict, Verdict::Incomplete, "an incomplete scan says nothing about sizes");
        assert!(cut.reasons[1].contains("only 10") && cut.reasons[2].contains("no known id"), "{:?}", cut.reasons);
        let shrunk = judge(&ScanFacts { seen: 10, rejected_without_id: 1, ..facts() });
        assert_eq!(shrunk.verdict, Verdict::Shrunk, "a matter for a person, and not only one to wait out");
        let note = shrunk.note(Class::Group);
        assert_eq!((note.class, note.licensed, &note.reasons), (Class::Group, false, &shrunk.reasons));
    }

    #[test]
    fn a_promise_of_the_connector_is_its_word_and_a_count_of_the_host_is_not() {
        let licence = judge(&ScanFacts { complete_declared: false, declared_total: Some(96), ..facts() });
        let words: Vec<bool> = licence.reasons.iter().map(|reason| is_connectors_word(reason)).collect();
        assert_eq!(words, [true, false, false, false, false], "{:?}", licence.reasons);
    }
}
