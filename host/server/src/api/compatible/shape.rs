//! Bodies as the SDK of Alibaba Cloud IDaaS names them.

mod groups;
mod named;
mod units;
mod users;

pub(super) use groups::*;
pub(super) use named::*;
pub(super) use units::*;
pub(super) use users::*;

use serde_json::Value;

/// The schemas of the document.
pub(in crate::api) fn schemas() -> Vec<(String, Value)> {
    let mut all = users::schemas();
    all.extend(units::schemas());
    all.extend(groups::schemas());
    all.extend(named::schemas());
    all
}

macro_rules! shapes {
    ($($(#[$more:meta])* $name:ident = $wire:literal { $($(#[$field:meta])* $part:ident: $type:ty,)* })*) => {
        $(
            $(#[$more])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            pub(in crate::api::compatible) struct $name { $($(#[$field])* pub(in crate::api::compatible) $part: $type,)* }
        )*

        /// The schemas of the document.
        pub(super) fn schemas() -> Vec<(String, Value)> {
            vec![$(($wire.to_owned(), cleaned(serde_json::to_value($name::schema()).unwrap_or_default()))),*]
        }
    };
}
use shapes;

/// References of the library have the names of types; those of the document have others.
fn cleaned(mut value: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(map) => {
                for name in ["organizationalUnitIds", "userIds"] {
                    if let Some(items) = map.get_mut(name).and_then(|list| list.get_mut("items")) {
                        *items = serde_json::json!({ "type": "string", "pattern": "ID", "maxLength": 256 });
                    }
                }
                if let Some(Value::String(to)) = map.get_mut("$ref") {
                    let name = to.rsplit('/').next().unwrap_or_default().to_owned();
                    *to = format!("#/components/schemas/Idaas{name}");
                }
                map.values_mut().for_each(walk);
            }
            Value::Array(list) => list.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut value);
    value
}
