//! What an operator writes: rosterd.toml, and words of the command line.

use crate::input::{text, texts};
use rosterd_cli::fuzzing as cli;
use rosterd_engine::Policy;

/// A secret that an operator wrote into the file by mistake.
const MISTAKE: &str = "Zaunkoenig-42-im-Klartext";
/// Longest text about one problem, but for what it repeats of the file.
const LONGEST: usize = 4096;

/// A whole rosterd.toml.
pub fn configuration(bytes: &[u8]) {
    let file = text(bytes);
    let lines = file.split('\n').count();
    let problems = match cli::configuration(&file) {
        Err(problems) => {
            assert!(!problems.is_empty(), "a configuration was refused without a reason");
            problems
        }
        Ok((mut policy, digest, problems)) => {
            assert_eq!(digest.len(), 64);
            // Fingerprints of settings are no words of an operator, and in no JSON.
            policy.settings.clear();
            let json = serde_json::to_value(&policy).unwrap_or_default();
            assert_eq!(serde_json::from_value(json).ok().as_ref(), Some(&policy), "{file}");
            // What nothing is said against, can be used.
            if problems.is_empty() {
                let compiled = Policy::compile(&policy, digest);
                // Directions of attributes are judged where both sides are compiled.
                let direction =
                    |error: &rosterd_engine::EngineError| error.to_string().contains("as the authority for");
                assert!(compiled.as_ref().err().is_none_or(direction), "{compiled:?}: {file}");
            }
            problems
        }
    };
    for problem in problems {
        assert!((1..=lines + 1).contains(&problem.line) && problem.column >= 1, "{problem:?}");
        assert!(problem.text.len() <= LONGEST + 4 * file.len(), "{problem:?}");
    }
}

/// A rosterd.toml with a secret in it where only a reference may stand: no problem shows it.
pub fn configured_secret(bytes: &[u8]) {
    let [before, value, after] = texts(bytes);
    // A line that the fuzzer ends is another table, and what stands there is no secret.
    let value = value.replace(['\n', '\r'], " ");
    let file = format!(
        "{before}\n[connection.hr]\nplugin = \"csv\"\n[connection.hr.secrets]\nkey = {value}\"{MISTAKE}\"\n{after}"
    );
    let problems = match cli::configuration(&file) {
        Err(problems) => problems,
        Ok((_, _, problems)) => problems,
    };
    for problem in problems {
        assert!(!problem.text.contains(MISTAKE), "{}", problem.text);
    }
}

/// The name of a file and the name of a column, as they are typed behind `rosterd import`.
pub fn imported_file(bytes: &[u8]) {
    let [file, id] = texts(bytes);
    // They become a configuration, which must say nothing else than what was typed.
    if let Some(read) = cli::import(&file, &id) {
        assert_eq!(read, (file, id));
    }
}

/// The proposals of `rosterd adopt`, as a person gives them back.
pub fn proposals(bytes: &[u8]) {
    if let Ok(lines) = rosterd_engine::adopt::read_lines(&text(bytes)) {
        assert!(lines.iter().all(|line| line.link && line.entity.is_some()));
    }
}

/// A size, a duration, a schedule or a time zone; a line of the system's users.
pub fn configured_word(bytes: &[u8]) {
    let word = text(bytes);
    let (size, span, cron, zone) = cli::words(&word);
    if let Some(size) = size {
        assert_eq!(cli::words(&format!("{size} B")).0, Some(size));
    }
    if let Some(span) = span {
        assert_eq!(cli::words(&format!("{span}ms")).1, Some(span));
    }
    if let Some(fields) = cron {
        assert!(
            fields.iter().zip([60, 24, 32, 13, 7]).all(|(field, end)| *field != 0 && field >> end == 0),
            "{fields:?}"
        );
        // The same sets, number by number.
        let list =
            |field: &u64| (0..64).filter(|bit| field >> bit & 1 == 1).map(|bit| bit.to_string()).collect::<Vec<_>>();
        let written = fields.iter().map(|field| list(field).join(",")).collect::<Vec<_>>().join(" ");
        assert_eq!(cli::words(&written).2, Some(fields));
    }
    assert!(zone.is_none_or(|zone| zone == word));
    if let Some((name, number)) = cli::user(&word) {
        assert!(!name.is_empty() && !name.contains(':') && word.contains(&number.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{join, words};
    use proptest::prelude::*;

    const LINES: &[&str] = &[
        "[connection.hr]\n",
        "plugin = \"csv\"\n",
        "plugin = 1\n",
        "[connection.hr.settings]\n",
        "file = \"p.csv\"\n",
        "[connection.hr.grants]\n",
        "files = [\"p.csv\"]\n",
        "[connection.hr.secrets]\n",
        "key = { env = \"X\" }\n",
        "key = { env = 1 }\n",
        "[connection.hr.limits]\n",
        "memory = \"1 MiB\"\n",
        "memory = \"x\"\n",
        "[job.hr]\n",
        "[job.plan]\n",
        "source = \"hr\"\n",
        "source = \"nobody\"\n",
        "schedule = { every = \"5m\" }\n",
        "schedule = { cron = \"0 2 * * *\", zone = \"Mars\" }\n",
        "[job.hr.account]\n",
        "correlate = [{ tier = 1, match = [\"employeeNumber\"] }]\n",
        "[job.hr.account.map]\n",
        "userName = 'source.name'\n",
        "userName = 'source.'\n",
        "\"emails.work\" = { rule = 'source.mail', apply = \"once\" }\n",
        "[job.hr.absence]\n",
        "min-interval = \"soon\"\n",
        "confirmations = 0\n",
        "[deliver.hr]\n",
        "scope = 'account.active'\n",
        "[deliver.hr.account.map]\n",
        "x = 'account.userName'\n",
        "[authority]\n",
        "default = [\"hr\", \"hr\"]\n",
        "[guard]\n",
        "[protect]\n",
        "accounts = [\"root\", \"account.(\"]\n",
        "[limits]\n",
        "page-size = 0\n",
        "[store]\n",
        "cache = \"1 GB\"\n",
        "\"\"\"\n",
        "= \n",
        "[",
        "# 李\n",
        "\t\u{feff}\n",
    ];

    proptest! {
        #[test]
        fn configurations(lines in words(LINES, 24), any in ".{0,120}", wrong in words(LINES, 2)) {
            super::configuration(lines.as_bytes());
            super::configuration(any.as_bytes());
            let head = "[connection.hr]\nplugin = \"csv\"\n[job.hr]\nsource = \"hr\"\n";
            super::configuration(format!("{head}{wrong}").as_bytes());
            super::configuration(format!("{head}{lines}{any}").as_bytes());
        }

        #[test]
        fn configured_secrets(before in words(LINES, 3), value in "(\\{ ?|\\[ ?|env ?= ?|x|1|\"|'| |#|store = |file = |,){0,4}", after in words(LINES, 3)) {
            super::configured_secret(&join(&[before, value.clone(), after]));
            super::configured_secret(&join(&["", &value, ""]));
        }

        #[test]
        fn imports(file in "\\PC{0,20}|[\"'\\\\\\[\\]=\n#a.]{0,12}", id in "\\PC{0,12}|[\"'\\\\\n=]{0,8}") {
            super::proposals(file.as_bytes());
            super::proposals(format!("{{\"link\":true,\"id\":\"{id}\",\"confidence\":\"sure\"}}").as_bytes());
            super::imported_file(&join(&[file, id]));
        }

        #[test]
        fn configured_words(any in ".{0,30}", number in "[0-9]{1,22} ?(B|kB|GiB|ms|[smhd])", cron in "([0-9*/,-]{1,6} ){4}[0-9*/,-]{1,6}",
            good in "([0-5]|\\*|\\*/[1-9]|1-5|5/2) ([0-9]|\\*|1,3) [1-9] (\\*|[1-9]) [0-7]", zone in "(Asia|UTC|Etc)(/[A-Z][a-z]{1,8})?", line in "[a-z:]{0,4}:x:[0-9]{0,11}:") {
            for word in [any, number, cron, good, zone, line] {
                super::configured_word(word.as_bytes());
            }
        }
    }
}
