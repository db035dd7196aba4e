use super::*;
use proptest::prelude::*;

fn bucket(target: &str, class: Class, operation: Operation) -> Bucket {
    let target = match target {
        "hub" => Target::Hub,
        name => Target::Destination(name.parse().expect("a connection")),
    };
    Bucket::new(target, class, operation)
}

fn judge_all(counts: &BTreeMap<Bucket, u64>, live: u64, spent: u64, spec: &GuardSpec) -> Vec<Hold> {
    judge(counts, &[], &Facts { live: &|_, _| live, spent: &|_| spent, first_delivery: &|_| false }, spec)
}

fn judge_one(bucket: &Bucket, count: u64, live: u64, spec: &GuardSpec) -> Vec<Hold> {
    judge_all(&BTreeMap::from([(bucket.clone(), count)]), live, 0, spec)
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
    let facts = Facts { live: &|_, _| 0, spent: &|_| 0, first_delivery: &|_| true };
    assert!(
        is_free(&create, &facts, &spec) && !is_free(&bucket("ad", Class::Account, Operation::Update), &facts, &spec)
    );
    let holds = judge(&BTreeMap::from([(create, 1)]), &[], &facts, &spec);
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
    let holds = judge_all(&counts, 100, 0, &spec);
    assert_eq!(holds.len(), 2);
    assert!(holds.iter().all(|hold| hold.approval));
    let (update, disable) = (&holds[0], &holds[1]);
    assert_eq!(update.bucket.operation, Operation::Update);
    assert!(update.because.contains("hold-all"), "{}", update.because);
    assert_eq!((disable.bucket.operation, disable.count), (Operation::Disable, 50), "its own reason stays");
    assert!(disable.because.contains("would be disabled"), "{}", disable.because);
}

#[test]
fn portions_of_a_day_add_up_to_twice_a_run() {
    let spec = GuardSpec::default();
    let disable = bucket("hub", Class::Account, Operation::Disable);
    let with = |count, spent| judge_all(&BTreeMap::from([(disable.clone(), count)]), 1000, spent, &spec);
    assert_eq!(with(20, 20), vec![]);
    assert_eq!(
        with(1, 40)[0].because,
        "disable account in hub: 1 of 1000 would be disabled after 40 within a day, more than 2 x max(5, 2 %) = 40"
    );
    let wide = GuardSpec { rolling: rosterd_model::spec::Rolling(5.0), ..GuardSpec::default() };
    let holds = judge_all(&BTreeMap::from([(disable.clone(), 1)]), 1000, 99, &wide);
    assert_eq!(holds, vec![], "the factor is a setting");
    let many = judge_all(&BTreeMap::from([(disable.clone(), 100)]), 1_000_000, 901, &spec);
    assert!(many[0].because.ends_with("more than 2 x the cap of 500"), "{}", many[0].because);
}

#[test]
fn announced_leavers_count_apart_and_may_have_their_own_threshold() {
    let sudden = bucket("hub", Class::Account, Operation::Disable);
    let announced = Bucket { announced: true, ..sudden.clone() };
    let counts = BTreeMap::from([(sudden, 5), (announced.clone(), 5)]);
    assert_eq!(judge_all(&counts, 100, 0, &GuardSpec::default()), vec![]);
    let counts = BTreeMap::from([(announced, 50)]);
    assert!(judge_all(&counts, 100, 0, &GuardSpec::default())[0].because.starts_with("announced disable account"));
    let own = rosterd_model::spec::Threshold { floor: 50, percent: 0.0, cap: None };
    assert_eq!(judge_all(&counts, 100, 0, &GuardSpec { announced: Some(own), ..GuardSpec::default() }), vec![]);
}

#[test]
fn a_group_that_loses_a_third_of_its_members_trips_alone() {
    let bucket = bucket("ad", Class::Group, Operation::RemoveMember);
    let gone =
        |group: &str, removed, of| MembersGone { target: bucket.target.clone(), group: group.into(), removed, of };
    let judged = |members: &[MembersGone]| {
        let facts = Facts { live: &|_, _| 3, spent: &|_| 0, first_delivery: &|_| false };
        judge(&BTreeMap::from([(bucket.clone(), 99)]), members, &facts, &GuardSpec::default())
    };
    assert_eq!(judged(&[gone("small", 10, 10), gone("large", 30, 100)]), vec![]);
    let holds = judged(&[gone("small", 10, 10), gone("large", 31, 100)]);
    assert_eq!(
        holds[0].because,
        "remove-member group in ad: 31 of 100 members of large would be removed, more than max(10, 30 %) = 30"
    );
}

#[test]
fn of_two_groups_the_one_that_loses_the_greater_share_is_named() {
    let bucket = bucket("ad", Class::Group, Operation::RemoveMember);
    let gone =
        |group: &str, removed, of| MembersGone { target: bucket.target.clone(), group: group.into(), removed, of };
    let facts = Facts { live: &|_, _| 3, spent: &|_| 0, first_delivery: &|_| false };
    for members in
        [[gone("large", 400, 1000), gone("small", 45, 50)], [gone("small", 45, 50), gone("large", 400, 1000)]]
    {
        let holds = judge(&BTreeMap::from([(bucket.clone(), 445)]), &members, &facts, &GuardSpec::default());
        assert!(holds[0].because.contains("45 of 50 members of small"), "{}", holds[0].because);
    }
}

#[test]
fn a_threshold_lets_through_what_it_does_not_trip_upon() {
    let bucket = bucket("hub", Class::Account, Operation::Disable);
    assert!(within_threshold(&GuardSpec::default(), &bucket, 5, 100));
    assert!(!within_threshold(&GuardSpec::default(), &bucket, 6, 100));
}

#[test]
fn a_changed_configuration_holds_what_nothing_else_does() {
    let counts = BTreeMap::from([
        (bucket("hub", Class::Account, Operation::Update), 3),
        (bucket("hub", Class::Account, Operation::Disable), 50),
    ]);
    let mut holds = judge_all(&counts, 100, 0, &GuardSpec::default());
    hold_changed(&mut holds, &counts, &|_, _| 100, "a change of the mapping");
    assert_eq!(holds.iter().map(|hold| hold.approval).collect::<Vec<_>>(), [false, true]);
    assert_eq!(holds[0].because, "update account in hub: 3, after a change of the mapping");
}

#[test]
fn what_is_not_made_and_not_first_is_judged_by_its_threshold() {
    let spec = GuardSpec::default();
    let (create, update) =
        (bucket("ad", Class::Account, Operation::Create), bucket("ad", Class::Account, Operation::Update));
    let ask = |bucket: &Bucket, count, live, first| {
        let facts = Facts { live: &|_, _| live, spent: &|_| 0, first_delivery: &|_| first };
        judge(&BTreeMap::from([(bucket.clone(), count)]), &[], &facts, &spec)
            .iter()
            .map(|hold| hold.approval)
            .collect::<Vec<_>>()
    };
    let none: [bool; 0] = [];
    assert_eq!(ask(&create, 20, 100, false), none);
    assert_eq!(ask(&create, 21, 100, false), [true]);
    assert_eq!(ask(&create, 1, 0, true), [false], "the first delivery is looked at");
    assert_eq!(ask(&create, 0, 0, true), none, "unless nothing is in it");
    assert_eq!(ask(&update, 20, 0, true), none);
    assert_eq!(ask(&update, 21, 0, true), [true]);
    let hub = bucket("hub", Class::Account, Operation::Create);
    assert_eq!(ask(&hub, 20, 100, true), none, "the hub is no destination");
}

#[test]
fn a_day_may_have_twice_the_cap() {
    let disable = BTreeMap::from([(bucket("hub", Class::Account, Operation::Disable), 500)]);
    assert_eq!(judge_all(&disable, 1_000_000, 500, &GuardSpec::default()), vec![]);
    assert_eq!(judge_all(&disable, 1_000_000, 501, &GuardSpec::default()).len(), 1);
}

#[test]
fn the_sentence_counts_the_other_groups() {
    let bucket = bucket("ad", Class::Group, Operation::RemoveMember);
    let gone = |group: &str| MembersGone { target: bucket.target.clone(), group: group.into(), removed: 50, of: 100 };
    let elsewhere = MembersGone { target: Target::Hub, ..gone("elsewhere") };
    let members = [elsewhere, gone("first"), gone("second"), gone("third")];
    let facts = Facts { live: &|_, _| 3, spent: &|_| 0, first_delivery: &|_| false };
    let holds = judge(&BTreeMap::from([(bucket.clone(), 150)]), &members, &facts, &GuardSpec::default());
    assert!(holds[0].because.contains("50 of 100 members of first"), "{}", holds[0].because);
    assert!(holds[0].because.ends_with("; and 2 groups more"), "{}", holds[0].because);
    let worse = MembersGone { removed: 90, ..gone("worst") };
    let bare = [gone("first"), worse, gone("third")];
    let holds = judge(&BTreeMap::from([(bucket.clone(), 190)]), &bare, &facts, &GuardSpec::default());
    assert!(holds[0].because.contains("90 of 100 members of worst would"), "{}", holds[0].because);
}

#[test]
fn a_changed_configuration_holds_nothing_where_nothing_happens() {
    let counts = BTreeMap::from([(bucket("hub", Class::Account, Operation::Update), 0)]);
    let mut holds = Vec::new();
    hold_changed(&mut holds, &counts, &|_, _| 100, "a change of the mapping");
    assert_eq!(holds, []);
}

#[test]
fn thresholds_that_mean_nothing_are_refused() {
    use rosterd_model::spec::{Rolling, Threshold};
    assert_eq!(check(&GuardSpec::default()), Ok(()));
    let rolling = |factor| GuardSpec { rolling: Rolling(factor), ..GuardSpec::default() };
    assert_eq!(check(&rolling(1.0)), Ok(()));
    for factor in [0.99, -2.0, f64::NAN] {
        assert!(check(&rolling(factor)).expect_err("refused").contains("guard.rolling"), "{factor}");
    }
    let limit = |percent| Some(Threshold { floor: 1, percent, cap: None });
    assert_eq!(check(&GuardSpec { clear: limit(0.0), move_: limit(100.0), ..GuardSpec::default() }), Ok(()));
    for percent in [-0.1, 100.1, f64::NAN] {
        let spec = GuardSpec { delete_org_unit: limit(percent), ..GuardSpec::default() };
        assert!(check(&spec).expect_err("refused").starts_with("guard.delete-org-unit.percent"), "{percent}");
    }
}

proptest! {
    #[test]
    fn more_operations_or_fewer_objects_never_release(count in 1u64..2000, more in 0u64..2000, live in 1u64..100_000,
                                                      fewer in 0u64..100_000, kind in 0usize..11, class in 0usize..3) {
        let spec = GuardSpec::default();
        let bucket = bucket("ad", Class::ALL[class], Operation::ALL[kind]);
        if !judge_one(&bucket, count, live, &spec).is_empty() {
            prop_assert!(!judge_one(&bucket, count + more, live, &spec).is_empty());
            prop_assert!(!judge_one(&bucket, count, live.saturating_sub(fewer), &spec).is_empty());
        }
    }

    #[test]
    fn holds_are_sorted_and_stand_for_counts(counts in proptest::collection::btree_map(0usize..11, 0u64..3000, 0..10), live in 0u64..5000) {
        let counts: BTreeMap<Bucket, u64> = counts.into_iter()
            .map(|(kind, count)| (bucket("ad", Class::Account, Operation::ALL[kind]), count)).collect();
        let holds = judge_all(&counts, live, 0, &GuardSpec::default());
        prop_assert!(holds.windows(2).all(|pair| pair[0].bucket < pair[1].bucket));
        prop_assert!(holds.iter().all(|hold| counts.get(&hold.bucket) == Some(&hold.count) && hold.count > 0));
    }
}
