//! Who runs the command. Recorded as the author of plans and as their approver, so it comes from the system and not from
//! the environment, which anybody can set.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

/// A larger user database is not read; the number then stands for the name.
const MAX_BYTES: u64 = 16 << 20;

/// Name of the user that this process belongs to; `uid-1000` where the system has no name for the number.
pub(crate) fn principal() -> String {
    of(rustix::process::getuid().as_raw())
}

/// Name of the user of a number; `uid-1000` where the system has no name for the number.
pub(crate) fn of(number: u32) -> String {
    name_of(number).unwrap_or_else(|| format!("uid-{number}"))
}

fn name_of(number: u32) -> Option<String> {
    let file = File::open("/etc/passwd").ok()?;
    let lines = BufReader::new(file.take(MAX_BYTES)).lines().map_while(Result::ok);
    lines.filter_map(|line| entry(&line)).find(|(_, own)| *own == number).map(|(name, _)| name)
}

/// Name and number of a line `name:password:number:...`.
pub(crate) fn entry(line: &str) -> Option<(String, u32)> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    Some((name.to_owned(), fields.nth(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_a_name_and_a_number() {
        assert_eq!(entry("root:x:0:0:root:/root:/bin/sh"), Some(("root".to_owned(), 0)));
        assert_eq!(entry(""), None);
        assert_eq!(entry(":x:0"), None);
        assert_eq!(entry("a:x:y"), None);
    }

    #[test]
    fn there_is_always_a_principal() {
        assert!(!principal().is_empty());
    }
}
