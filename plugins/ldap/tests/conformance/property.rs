//! Whatever a server answers: no panic, no endless scan, and nothing but records and rejections.

use super::{Server, scan, world};
use proptest::prelude::*;
use rosterd_plugin_ldap::ber::element;
use rosterd_sdk::Change;
use serde_json::{Value, json};

fn survives(search: usize, bytes: Vec<u8>) {
    let server = Server::small().twisted(move |at, good| if at == search { bytes.clone() } else { good });
    let _world = world(server, json!({})).enter();
    let Ok((changes, _)) = scan() else { return };
    for change in changes {
        match change {
            Change::Upsert(object) => {
                assert!(serde_json::from_str::<Value>(&object.attributes).is_ok_and(|said| said.is_object()));
            }
            Change::Rejected(one) => assert!(!one.message.is_empty()),
            other => panic!("a scan says no {other:?}"),
        }
    }
}

/// Elements in each other, with tags that LDAP uses.
fn elements() -> impl Strategy<Value = Vec<u8>> {
    let tags = [0x02, 0x04, 0x0a, 0x30, 0x31, 0x64, 0x65, 0x73, 0x78, 0xa0];
    let leaf = proptest::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| element(4, bytes)).boxed();
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let tag = proptest::sample::select(tags.to_vec());
        (tag, proptest::collection::vec(inner, 0..5)).prop_map(|(tag, parts)| element(tag, parts.concat()))
    })
}

proptest! {
    #[test]
    fn any_bytes(search in 1..9_usize, bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        survives(search, bytes);
    }

    #[test]
    fn any_elements(search in 1..9_usize, parts in proptest::collection::vec(elements(), 0..4)) {
        let id = element(2, [u8::try_from(search + 1).unwrap()]);
        survives(search, element(0x30, [id, parts.concat()].concat()));
        survives(search, parts.concat());
    }

    /// One byte of a good answer is another one.
    #[test]
    fn any_damage(search in 1..9_usize, at in any::<usize>(), byte in any::<u8>()) {
        let server = Server::small().twisted(move |number, mut good| {
            if number == search {
                let place = at % good.len();
                good[place] = byte;
            }
            good
        });
        let _world = world(server, json!({})).enter();
        let _ = scan();
    }
}
