use super::*;
use rosterd_model::Value;

const A: u8 = 1;
const B: u8 = 2;

fn entity(n: u8) -> EntityId {
    EntityId::from_bytes([n; 16])
}

fn hit(n: u8) -> Candidate {
    Candidate { entity: entity(n), already_linked: false, has_source: true }
}

fn tier(tier: u8, attributes: &[&str], mode: TierMode) -> TierSpec {
    TierSpec { tier, attributes: attributes.iter().map(|name| (*name).to_owned()).collect(), mode }
}

fn person(pairs: &[(&str, &str)]) -> Attributes {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

/// Entities by "attribute=key".
fn run(tiers: &[TierSpec], record: &Attributes, known: &[(&str, &[Candidate])]) -> Situation {
    correlate(tiers, record, &mut |attribute, key| {
        let wanted = format!("{attribute}={key}");
        known.iter().find(|(name, _)| *name == wanted).map(|(_, hits)| hits.to_vec()).unwrap_or_default()
    })
}

#[test]
fn the_first_tier_with_a_hit_decides() {
    let tiers = [tier(2, &["userName"], TierMode::Auto), tier(1, &["employeeNumber"], TierMode::Auto)];
    let record = person(&[("employeeNumber", "7"), ("userName", "ZHANG")]);
    let known: &[(&str, &[Candidate])] = &[("employeeNumber=7", &[hit(A)]), ("userName=zhang", &[hit(B)])];
    assert_eq!(run(&tiers, &record, known), Situation::Matched { entity: entity(A), tier: 1, strong: true });
    assert_eq!(run(&tiers, &record, &known[1..]), Situation::Matched { entity: entity(B), tier: 2, strong: true });
    assert_eq!(run(&tiers, &record, &[]), Situation::Unmatched);
}

#[test]
fn a_tie_stops_and_a_lower_tier_may_not_break_it() {
    let tiers = [
        tier(1, &["employeeNumber"], TierMode::Auto),
        tier(1, &["userName"], TierMode::Auto),
        tier(2, &["externalId"], TierMode::Auto),
    ];
    let record = person(&[("employeeNumber", "7"), ("userName", "z"), ("externalId", "x")]);
    let known: &[(&str, &[Candidate])] =
        &[("employeeNumber=7", &[hit(B)]), ("userName=z", &[hit(A)]), ("externalId=x", &[hit(A)])];
    assert_eq!(run(&tiers, &record, known), Situation::Ambiguous { candidates: vec![entity(A), entity(B)], tier: 1 });
}

#[test]
fn empty_equals_nothing() {
    let tiers = [tier(1, &["employeeNumber", "department"], TierMode::Auto)];
    let mut asked = 0;
    for record in [person(&[("employeeNumber", "7")]), person(&[("employeeNumber", " "), ("department", "x")])] {
        let situation = correlate(&tiers, &record, &mut |_, _| {
            asked += 1;
            vec![hit(A)]
        });
        assert_eq!(situation, Situation::Unmatched);
    }
    assert_eq!(asked, 0, "a rule with an empty side does not fire");
    assert_eq!(run(&[tier(1, &[], TierMode::Auto)], &person(&[]), &[]), Situation::Unmatched);
}

#[test]
fn a_rule_needs_all_of_its_attributes() {
    let tiers = [tier(1, &["department", "title"], TierMode::Auto)];
    let record = person(&[("department", "d"), ("title", "t")]);
    let known: &[(&str, &[Candidate])] = &[("department=d", &[hit(A), hit(B)]), ("title=t", &[hit(B)])];
    assert_eq!(run(&tiers, &record, known), Situation::Matched { entity: entity(B), tier: 1, strong: true });
}

#[test]
fn what_is_linked_elsewhere_is_never_taken() {
    let taken = Candidate { already_linked: true, ..hit(A) };
    let tiers = [tier(1, &["employeeNumber"], TierMode::Review)];
    let record = person(&[("employeeNumber", "7")]);
    assert_eq!(
        run(&tiers, &record, &[("employeeNumber=7", &[taken])]),
        Situation::AlreadyLinked { entity: entity(A), tier: 1 }
    );
}

#[test]
fn weak_keys_do_not_take_over_an_account_that_no_source_made() {
    let manual = Candidate { has_source: false, ..hit(A) };
    let record = person(&[("emails.work", "a@b"), ("employeeNumber", "7")]);
    let weak = [tier(1, &["emails.work"], TierMode::Auto)];
    let strong = [tier(1, &["emails.work", "employeeNumber"], TierMode::Auto)];
    let known: &[(&str, &[Candidate])] = &[("emails.work=a@b", &[manual]), ("employeeNumber=7", &[manual])];
    assert_eq!(run(&weak, &record, known), Situation::Review { entity: entity(A), tier: 1 });
    assert_eq!(run(&strong, &record, known), Situation::Matched { entity: entity(A), tier: 1, strong: true });
    assert_eq!(
        run(&weak, &record, &[("emails.work=a@b", &[hit(A)])]),
        Situation::Matched { entity: entity(A), tier: 1, strong: false }
    );
    let review = [tier(1, &["employeeNumber"], TierMode::Review)];
    assert_eq!(run(&review, &record, known), Situation::Review { entity: entity(A), tier: 1 });
}

#[test]
fn rules_that_match_by_nothing_or_by_sets_are_reported() {
    let tiers = [tier(1, &[], TierMode::Auto), tier(2, &["members"], TierMode::Auto)];
    assert_eq!(check_tiers(Class::Group, &tiers).len(), 2);
    assert!(check_tiers(Class::Account, &[tier(1, &["userName"], TierMode::Auto)]).is_empty());
}

#[test]
fn two_rules_of_a_tier_that_find_the_same_entity_agree() {
    let record = person(&[("employeeNumber", "7"), ("userName", "z"), ("emails.work", "a@b")]);
    let strong = [tier(1, &["employeeNumber"], TierMode::Auto), tier(1, &["userName"], TierMode::Auto)];
    let known: &[(&str, &[Candidate])] =
        &[("employeeNumber=7", &[hit(A)]), ("userName=z", &[hit(A)]), ("emails.work=a@b", &[hit(A)])];
    assert_eq!(run(&strong, &record, known), Situation::Matched { entity: entity(A), tier: 1, strong: true });
    let both = [tier(1, &["employeeNumber"], TierMode::Review), tier(1, &["emails.work"], TierMode::Auto)];
    assert_eq!(
        run(&both, &record, known),
        Situation::Matched { entity: entity(A), tier: 1, strong: false },
        "a strong rule that only proposes makes no strong match of a weak one"
    );
    let linked: &[(&str, &[Candidate])] =
        &[("employeeNumber=7", &[Candidate { already_linked: true, ..hit(A) }]), ("userName=z", &[hit(A)])];
    assert_eq!(run(&strong, &record, linked), Situation::AlreadyLinked { entity: entity(A), tier: 1 });
}
