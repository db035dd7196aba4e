//! Every rule that `verify` checks, broken once.

use super::{case, commit, entity_id, memory, plan};
use crate::prelude::*;
use crate::testing::{Seed, seed};
use crate::verify::{VerifyReport, verify, verify_with};
use crate::{StoreError, Table, Writer};
use rosterd_model::Class::Account;
use rosterd_model::Timestamp;
use rosterd_model::outbox::Lane;

/// What is found in a seeded store after `damage`.
fn after(damage: impl FnOnce(&mut Writer<'_>, Seed) -> Result<(), StoreError>) -> VerifyReport {
    let store = memory();
    let seed = seed(&store, 10).unwrap();
    commit(&store, |writer| {
        writer.put_plan(&plan(1, "import", [5; 32]))?;
        writer.add_audit(Timestamp(1), "root", "plan-approve", "plan 1")?;
        writer.add_audit(Timestamp(2), "root", "plan-approve", "plan 1")?;
        writer.open_case(case(Some("x")))?;
        writer.put_unsettled(seed.source, Account, 0, 1)
    });
    assert_eq!(verify_with(&store.snapshot().unwrap(), &Seed::keys).unwrap().problems, Vec::<String>::new());
    commit(&store, |writer| damage(writer, seed));
    verify_with(&store.snapshot().unwrap(), &Seed::keys).unwrap()
}

macro_rules! broken {
    ($($test:ident: $says:literal, $damage:expr;)*) => {$(
        #[test]
        fn $test() {
            let report = after($damage);
            assert!(report.problems.iter().any(|problem| problem.contains($says)), "{:?}", report.problems);
        }
    )*};
}

broken! {
    a_head_without_its_shadow: "no row of its own", |w, _| w.remove(Table::Shadows, &[0, 0, 1, 0, 0, 0, 2]).map(drop);
    a_shadow_without_its_head: "bits without heads", |w, s| w.remove_shadow_head(s.source, Account, &Seed::external_id(2)).map(drop);
    a_head_that_differs: "and its head differ", |w, s| {
        let id = Seed::external_id(2);
        let head = w.shadow_head(s.source, Account, &id)?.unwrap();
        w.put_shadow_head(s.source, Account, &id, &rosterd_model::shadow::ShadowHead { seq: 1, ..head })
    };
    a_live_bit_that_differs: "the live bitmap says", |w, _| { w.edit(Table::Live, &[0, 0, 1, 0, 0, 0, 0])?[0] ^= 1; Ok(()) };
    two_heads_of_one_ordinal: "has two heads", |w, s| {
        let head = w.shadow_head(s.source, Account, &Seed::external_id(2))?.unwrap();
        w.put_shadow_head(s.source, Account, &"again".into(), &head)
    };
    unsettled_without_a_shadow: "unsettled and does not exist", |w, s| w.put_unsettled(s.source, Account, 99, 1);
    unsettled_by_the_future: "a change that it does not have", |w, s| w.put_unsettled(s.source, Account, 3, 99);
    missing_and_not_live: "counts as missing and is not live", |w, s| {
        let at = Timestamp(0);
        w.put_missing(s.source, Account, 99, &rosterd_model::shadow::Missing { confirmations: 1, source_version: String::new(), at, first: at })
    };
    a_link_to_nobody: "which does not exist", |w, _| w.remove_entity(Account, Seed::entity(1)).map(drop);
    a_link_without_claims: "do not name its shadow", |w, s| w.remove_claims(Seed::entity(1), s.source).map(drop);
    claims_without_a_link: "which is not linked to it", |w, s| w.remove_link(s.source, Account, 1).map(drop);
    a_key_that_is_missing: "can not be found by its userName", |w, _| w.remove_entity_key(Account, "userName", "", "person.3", Seed::entity(3)).map(drop);
    a_key_too_many: "but they have", |w, _| w.put_entity_key(Account, "userName", "", "other", Seed::entity(3));
    a_key_of_nobody: "a userName leads to", |w, _| w.put_entity_key(Account, "userName", "", "other", entity_id(1));
    an_entry_without_a_place: "no place in the order", |w, _| w.remove_prefix(Table::OutboxOrder, b"", 1).map(drop);
    a_place_without_an_entry: "places in the order", |w, _| w.remove_prefix(Table::Outbox, b"", 1).map(drop);
    an_entry_that_nobody_wakes: "would not wake it", |w, s| {
        let mut entry = w.outbox_entry(s.destination, Account, Seed::entity(1))?.unwrap();
        let on = vec![(Account, Seed::entity(0))];
        entry.state = rosterd_model::outbox::DeliveryState::Blocked { on };
        w.put_outbox(s.destination, &entry)?;
        w.remove_prefix(Table::OutboxBlocked, b"", 1).map(drop)
    };
    a_projection_that_its_id_does_not_lead_to: "can not be found by its id", |w, _| {
        w.remove_prefix(Table::ProjectionIds, b"", 1).map(drop)
    };
    a_projection_of_nobody: "acknowledged account", |w, s| {
        let projection = w.projection(s.destination, Account, Seed::entity(0))?.unwrap();
        w.put_projection(s.destination, Account, entity_id(1), &projection)
    };
    a_total_that_differs: "its total says", |w, _| w.add_total(None, Account, 1);
    a_plan_without_its_steps: "counts 3 steps and has 0", |w, _| w.put_plan(&rosterd_model::plan::PlanHeader { steps: 3, ..plan(1, "import", [5; 32]) });
    a_plan_without_its_digest: "found by its digest", |w, _| w.remove(Table::PlanDigests, &[5; 32]).map(drop);
    a_digest_without_its_plan: "leads to no plan", |w, _| w.put(Table::PlanDigests, &[6; 32], &1_u64.to_be_bytes());
    a_plan_without_its_job: "found by its job", |w, _| w.remove_prefix(Table::PlanJobs, b"", 1).map(drop);
    a_case_without_its_object: "not the open case of its object", |w, _| w.remove_prefix(Table::QuarantineObjects, b"", 1).map(drop);
    a_case_without_its_connection: "among the cases of its connection", |w, _| w.remove_prefix(Table::QuarantineConnections, b"", 1).map(drop);
    an_index_without_its_case: "open cases need 0", |w, _| w.remove_prefix(Table::Quarantine, b"", 1).map(drop);
    a_number_that_was_not_given_out: "has the number 9", |w, _| w.put_plan(&plan(9, "import", [7; 32]));
    rows_of_an_unknown_connection: "belong to a known connection and class", |w, s| {
        let shadow = w.shadow(s.source, Account, 0)?.unwrap();
        w.put_shadow(crate::ConnectionNumber(77), 0, &shadow)
    };
    an_audit_row_that_was_changed: "row 1 of the audit was changed", |w, _| {
        let row = w.audit_row(1)?.unwrap();
        w.put_value(Table::Audit, &1_u64.to_be_bytes(), &crate::AuditRow { principal: "other".to_owned(), ..row })
    };
    an_audit_row_that_was_replaced: "does not continue", |w, _| {
        let mut row = crate::AuditRow { detail: String::new(), ..w.audit_row(1)?.unwrap() };
        row.hash = row.expected_hash(1);
        w.put_value(Table::Audit, &1_u64.to_be_bytes(), &row)
    };
    an_audit_without_its_end: "but 2 were written", |w, _| w.remove(Table::Audit, &2_u64.to_be_bytes()).map(drop);
    an_audit_without_its_beginning: "row 1 of the audit is missing", |w, _| w.remove(Table::Audit, &1_u64.to_be_bytes()).map(drop);
    a_row_that_can_not_be_read: "a row of table entities can not be read", |w, _| {
        let key = [&[1], Seed::entity(4).as_bytes().as_slice()].concat();
        w.put(Table::Entities, &key, b"\x01nonsense")
    };
}

#[test]
fn steps_of_an_interrupted_plan_are_a_remark() {
    let report = after(|writer, _| {
        let step = rosterd_model::plan::Step {
            class: Account,
            object: rosterd_model::plan::StepObject::Entity(Seed::entity(1)),
            label: "".into(),
            reason: rosterd_model::plan::Reason::Changed,
            source: None,
            claims: None,
            mapping: [0; 8],
            parts: Vec::new(),
        };
        let number = writer.next_plan()?;
        writer.put_step(number, Lane::Account, 0, &step)
    });
    assert!(report.is_clean(), "{:?}", report.problems);
    assert!(report.remarks[0].contains("1 steps of plan 2"), "{:?}", report.remarks);
}

#[test]
fn an_empty_store_is_clean() {
    let report = verify(&memory().snapshot().unwrap()).unwrap();
    assert!(report.is_clean() && report.remarks.is_empty(), "{report:?}");
}
