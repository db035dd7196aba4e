//! What `ldapsearch` prints.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

/// An entry: values by name.
pub(super) type Printed = BTreeMap<String, Vec<Vec<u8>>>;

/// A DN with signs escaped by their numbers, as slapd spells names of entries. Values it shows as they came, and Samba does
/// neither.
pub(super) fn respelled(dn: &str) -> String {
    let mut text = String::new();
    let mut rest = dn.chars();
    while let Some(c) = rest.next() {
        text.push(c);
        match rest.clone().next() {
            Some(sign) if c == '\\' && !sign.is_ascii_hexdigit() => {
                text.push_str(&format!("{:02X}", u32::from(sign)));
                let _ = rest.next();
            }
            _ => {}
        }
    }
    text
}

/// The DN above: behind the first comma that is not escaped.
pub(super) fn above(dn: &str) -> &str {
    let mut escaped = false;
    for (at, byte) in dn.bytes().enumerate() {
        match byte {
            b',' if !escaped => return &dn[at + 1..],
            b'\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    ""
}

/// Entries of LDIF.
pub(super) fn read(ldif: &str) -> Vec<Printed> {
    let entry = |text: &str| {
        let mut entry = Printed::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.split_once(':').expect("a line of LDIF");
            let value = match value.strip_prefix(':') {
                Some(coded) => STANDARD.decode(coded.trim()).expect("base64"),
                None => value.trim_start().as_bytes().to_vec(),
            };
            entry.entry(name.to_owned()).or_default().push(value);
        }
        entry
    };
    // Between entries stand remarks: references to other servers, ends of pages.
    ldif.split("\n\n").map(entry).filter(|entry| !entry.is_empty()).collect()
}
