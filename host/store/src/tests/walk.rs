//! A walk finds what a search finds, whatever is asked for and in whatever order.

use super::{commit, hr, memory};
use crate::prelude::*;
use crate::testing::{Seed, seed};
use crate::{Store, Walks};
use proptest::prelude::*;
use rosterd_model::{ClaimSet, Class};

const ACCOUNTS: u32 = 40;

/// Accounts that one connection speaks of, every third of whom a second one speaks of too, and every fifth of whom is gone.
fn filled() -> Store {
    let store = memory();
    let source = seed(&store, ACCOUNTS).unwrap().source;
    let other = hr(&store);
    commit(&store, |w| {
        for index in 0..ACCOUNTS {
            let id = Seed::entity(index);
            let claims: Option<ClaimSet> = w.claims(id, source)?;
            if let Some(claims) = claims.filter(|_| index % 3 == 0) {
                w.put_claims(id, other, &claims)?;
            }
            if index % 5 == 0 {
                w.remove_claims(id, source)?;
                w.remove_entity(Class::Account, id)?;
                w.remove_link(source, Class::Account, index)?;
            }
        }
        Ok(())
    });
    store
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_walk_finds_what_a_search_finds(asked in prop::collection::vec((0..ACCOUNTS + 4, any::<bool>()), 1..60), sorted: bool) {
        let store = filled();
        let view = store.snapshot().unwrap();
        let source = view.connection_number(&super::name("seed-hr")).unwrap().unwrap();
        let mut asked = asked;
        if sorted {
            asked.sort_unstable();
        }
        let mut walks = Walks::new(&view);
        for (index, claims_too) in asked {
            let id = Seed::entity(index);
            prop_assert_eq!(
                walks.link(source, Class::Account, index).unwrap(),
                view.link(source, Class::Account, index).unwrap()
            );
            prop_assert_eq!(walks.entity(Class::Account, id).unwrap(), view.entity(Class::Account, id).unwrap());
            if claims_too {
                prop_assert_eq!(walks.claims_of(id).unwrap(), view.claims_of(id).unwrap());
            }
        }
    }
}
