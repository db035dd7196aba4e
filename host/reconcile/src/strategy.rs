//! Random values for property tests.

use proptest::prelude::*;
use rosterd_model::{Attributes, Class, Value};

/// A value as a normalised record may hold it.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        (-1000i32..1000).prop_map(|n| Value::Decimal(f64::from(n) + 0.5)),
        "[a-zA-Zé中0-9@. ]{0,8}".prop_map(Value::from),
        "[a-z0-9]{1,4}".prop_map(|id| Value::Reference { class: Class::Account, id: id.into() }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| { Value::List(values.into_iter().filter(|value| *value != Value::Null).collect()) }),
            proptest::collection::btree_map("[a-c]{1,2}", inner, 0..3).prop_map(Value::Map),
        ]
    })
}

/// A few attributes; names repeat between samples, so that two of them have something in common.
pub(crate) fn attributes() -> impl Strategy<Value = Attributes> {
    proptest::collection::btree_map("[a-e]", value(), 0..5).prop_map(|map| map.into_iter().collect())
}
