//! Filters as a server understands them.

use super::directory::{Attributes, values};
use rosterd_plugin_ldap::ber::Elements;

/// True if an entry is found.
pub(crate) fn matches(filter: &[u8], attributes: &Attributes) -> bool {
    let (tag, content) = Elements::of(filter).any().unwrap();
    let mut parts = Elements::of(content);
    let mut all = || {
        let mut each = Vec::new();
        while !parts.is_empty() {
            let (tag, content) = parts.any().unwrap();
            each.push(matches(&rosterd_plugin_ldap::ber::element(tag, content), attributes));
        }
        each
    };
    match tag {
        0xa0 => all().into_iter().all(|one| one),
        0xa1 => all().into_iter().any(|one| one),
        0xa2 => !all()[0],
        0xa3 => {
            let name = String::from_utf8(parts.take(4).unwrap().to_vec()).unwrap();
            let value = parts.take(4).unwrap();
            values(attributes, &name).iter().any(|own| own.eq_ignore_ascii_case(value))
        }
        0x87 => {
            content.eq_ignore_ascii_case(b"objectClass")
                || !values(attributes, &String::from_utf8_lossy(content)).is_empty()
        }
        other => panic!("a filter {other:x}"),
    }
}
