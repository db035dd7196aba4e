use super::*;
use proptest::prelude::*;

fn bucket(target: &str, class: Class, operation: Operation) -> Bucket {
    let target = match target {
        "hub" => Target::Hub,
        name => Target::Destination(name.parse().expect("a connection")),
    };
    Bucket { target, class, operation }
}

fn judge_one(bucket: &Bucket, count: u64, live: u64, spec: &GuardSpec) -> Vec<Hold> {
    judge(&BTreeMap::from([(bucket.clone(), count)]), &|_, _| live, spec, &|_| false)
}

#[test]
fn the_defaults_trip_just_above_their_limits() {
    use Operation::{Clear, Create, Delete, Disable, Enable, Rename, Unlink, Update};
    let account = Class::Account;
    for (class, operation, live, most) in [
        (account, Disable, 100, 5),
        (account, Disable, 10_000, 200),
        (account, Disable, 1_000_000, 500),
        (account, Unlink, 10_000, 200),
        (account, Delete, 100, 3),
        (account, Delete, 10_000, 50),
        (account, Delete, 1_000_000, 100),
        (Class::OrgUnit, Delete, 10, 1),
        (Class::OrgUnit, Delete, 500, 10),
        (account, Clear, 1000, 50),
        (account, Create, 1000, 200),
        (account, Update, 1000, 500),
        (account, Enable, 1000, 500),
        (account, Rename, 1000, 500),
    ] {
        let bucket = bucket("hub", class, operation);
        let spec = GuardSpec::default();
        assert_eq!(judge_one(&bucket, most, live, &spec), vec![], "{bucket} of {live}");
        let holds = judge_one(&bucket, most + 1, live, &spec);
        assert_eq!(holds.len(), 1, "{bucket} of {live}");
        assert!(holds[0].approval);
    }
}

#[test]
fn the_sentence_has_the_figures() {
    let holds = judge_one(&bucket("hub", Class::Account, Operation::Disable), 5000, 10_000, &GuardSpec::default());
    assert_eq!(
        holds[0].because,
        "disable account in hub: 5000 of 10000 would be disabled, more than max(5, 2 %) = 200"
    );
}

#[test]
fn an_empty_hub_may_be_filled_and_a_new_destination_is_looked_at_first() {
    let spec = GuardSpec::default();
    assert_eq!(judge_one(&bucket("hub", Class::Account, Operation::Create), 1_000_000, 0, &spec), vec![]);
    assert_eq!(judge_one(&bucket("hub", Class::Account, Operation::Link), 1_000_000, 5, &spec), vec![]);
    let create = bucket("ad", Class::Account, Operation::Create);
    let holds = judge(&BTreeMap::from([(create, 1)]), &|_, _| 0, &spec, &|_| true);
    assert_eq!((holds.len(), holds[0].approval), (1, false));
}

#[test]
fn one_trip_can_hold_everything() {
    let spec = GuardSpec { on_trip: OnTrip::HoldAll, ..GuardSpec::default() };
    let counts = BTreeMap::from([
        (bucket("hub", Class::Account, Operation::Update), 1),
        (bucket("hub", Class::Account, Operation::Disable), 50),
        (bucket("ad", Class::Account, Operation::Disable), 0),
    ]);
    let holds = judge(&counts, &|_, _| 100, &spec, &|_| false);
    assert_eq!(holds.len(), 2);
    assert!(holds.iter().all(|hold| hold.approval));
    assert!(holds.iter().any(|hold| hold.because.contains("hold-all")));
    assert!(holds.iter().any(|hold| hold.because.contains("would be disabled")));
}

proptest! {
    #[test]
    fn more_operations_or_fewer_objects_never_release(count in 1u64..2000, more in 0u64..2000, live in 1u64..100_000,
                                                      fewer in 0u64..100_000, kind in 0usize..10, class in 0usize..3) {
        let spec = GuardSpec::default();
        let bucket = bucket("ad", Class::ALL[class], Operation::ALL[kind]);
        if !judge_one(&bucket, count, live, &spec).is_empty() {
            prop_assert!(!judge_one(&bucket, count + more, live, &spec).is_empty());
            prop_assert!(!judge_one(&bucket, count, live.saturating_sub(fewer), &spec).is_empty());
        }
    }

    #[test]
    fn holds_are_sorted_and_stand_for_counts(counts in proptest::collection::btree_map(0usize..10, 0u64..3000, 0..10), live in 0u64..5000) {
        let counts: BTreeMap<Bucket, u64> = counts.into_iter()
            .map(|(kind, count)| (bucket("ad", Class::Account, Operation::ALL[kind]), count)).collect();
        let holds = judge(&counts, &|_, _| live, &GuardSpec::default(), &|_| false);
        prop_assert!(holds.windows(2).all(|pair| pair[0].bucket < pair[1].bucket));
        prop_assert!(holds.iter().all(|hold| counts.get(&hold.bucket) == Some(&hold.count) && hold.count > 0));
    }
}
