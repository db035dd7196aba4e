//! Fuzz targets as plain functions over bytes from outside: each must return, whatever it is given. A fuzzer calls them,
//! and so does proptest in `make test`.

mod csv_reading;
mod csv_writing;
mod input;

pub use csv_reading::*;
pub use csv_writing::*;

use rosterd_model::record::{Amendment, Edit};
use rosterd_model::{Attributes, Class, Record};
use rosterd_reconcile::expression::{Scope, compile};
use rosterd_reconcile::normalise::{amend, normalise, record_hash, to_json};

/// Attributes as a connector may give them.
pub fn record(bytes: &[u8]) {
    let record = Record {
        class: Class::Account,
        id: "fuzz".into(),
        previous_id: None,
        version: None,
        attributes: String::from_utf8_lossy(bytes).into_owned(),
        partial: false,
    };
    let _ = record_hash(&record);
    if let Ok(attributes) = normalise(&record) {
        // What was normalised once stays as it is.
        let again = Record { attributes: to_json(&attributes), ..record };
        assert_eq!(normalise(&again).as_ref(), Ok(&attributes));
    }
}

/// Changes of an object as a connector may give them.
pub fn amendment(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let edit = Edit { attribute: "members".to_owned(), replace: None, add: Some(text.clone()), remove: Some(text) };
    let amendment = Amendment { class: Class::Group, id: "fuzz".into(), version: None, edits: vec![edit] };
    let _ = amend(&Attributes::new(), &amendment);
}

/// An expression of a configuration, compiled and evaluated on nothing.
pub fn expression(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(expression) = compile(&text, "source", None) {
        let _ = expression.eval(&Scope::new(&Attributes::new()));
    }
}

/// A component as anybody may hand one over.
pub fn component(bytes: &[u8]) {
    let _ = rosterd_connector::inspect(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            super::record(&bytes);
        }

        #[test]
        fn objects(text in r#"\{("[a-z. ]{0,4}":("[^"\\]{0,6}"|null|true|-?[0-9]{1,20}(\.[0-9]{1,3})?|\[("[a-z]{0,3}",?){0,3}\]),?){0,4}\}"#) {
            super::record(text.as_bytes());
        }

        #[test]
        fn amendments(text in r#"\[("[a-z]{0,3}"|null|\{"ref":"account","id":"[a-z]{0,3}"\}|,){0,6}\]?"#) {
            super::amendment(text.as_bytes());
        }

        #[test]
        fn expressions(text in r#"[a-zA-Z(),.'" +?:\[\]{}=&|!0-9]{0,40}"#) {
            super::expression(text.as_bytes());
        }

        #[test]
        fn components(bytes in proptest::collection::vec(any::<u8>(), 0..200), header in any::<bool>()) {
            let mut component = if header { b"\0asm\x0d\0\x01\0".to_vec() } else { Vec::new() };
            component.extend(bytes);
            super::component(&component);
        }
    }
}
