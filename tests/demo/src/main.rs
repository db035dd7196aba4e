//! Writes a company as a CSV file: `demo-company --people N --seed S --out FILE [--clean] [--changed N]`.
//!
//! The same arguments give the same bytes on every machine. Beside `FILE` stands `FILE.json` with the seed and the
//! number of people and nothing else: who wants to know what is in the file must read the file.
//!
//! Reading order: [`names`] and [`organisation`] make the parts, [`person`] a row of them, [`disorder`] what is wrong
//! with some rows, [`csv`] the bytes.

mod csv;
mod disorder;
mod names;
mod organisation;
mod person;
mod random;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What the command line asks for.
#[derive(Debug, PartialEq)]
struct Arguments {
    people: usize,
    seed: u64,
    out: PathBuf,
    /// Nothing broken and nobody twice.
    clean: bool,
    /// So many people, spread evenly, have another title than without this option.
    changed: usize,
}

const USAGE: &str = "usage: demo-company [--people N] [--seed S] [--clean] [--changed N] --out FILE";

fn main() -> ExitCode {
    let done = arguments(std::env::args().skip(1)).and_then(|arguments| {
        write(&arguments).map_err(|error| format!("can not write {}: {error}", arguments.out.display()))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // A lost message leaves the exit code, which says the same.
            let _ = writeln!(io::stderr(), "demo-company: {message}");
            ExitCode::from(2)
        }
    }
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut parsed = Arguments { people: 10_000, seed: 20_261_123, out: PathBuf::new(), clean: false, changed: 0 };
    while let Some(word) = words.next() {
        let mut number = || {
            let value = words.next().unwrap_or_default();
            value.parse::<u64>().map_err(|_| format!("\"{value}\" after {word} is no number; {USAGE}"))
        };
        match word.as_str() {
            "--people" => parsed.people = number()?.max(1) as usize,
            "--seed" => parsed.seed = number()?,
            "--changed" => parsed.changed = number()? as usize,
            "--clean" => parsed.clean = true,
            "--out" => parsed.out = PathBuf::from(words.next().unwrap_or_default()),
            _ => return Err(format!("\"{word}\" is not known; {USAGE}")),
        }
    }
    if parsed.out.as_os_str().is_empty() {
        return Err(format!("--out is missing; {USAGE}"));
    }
    Ok(parsed)
}

fn write(arguments: &Arguments) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&arguments.out)?);
    company(arguments, &mut file)?;
    file.flush()?;
    let mut about = arguments.out.clone().into_os_string();
    about.push(".json");
    let text = serde_json::json!({ "seed": arguments.seed, "people": arguments.people });
    std::fs::write(about, format!("{text}\n"))
}

fn company(arguments: &Arguments, out: &mut impl Write) -> io::Result<()> {
    let Arguments { people: count, seed, .. } = *arguments;
    let disorders = if arguments.clean { Default::default() } else { disorder::plan(seed, count) };
    let stride = count.checked_div(arguments.changed).unwrap_or(usize::MAX).max(1);
    let mut people = person::People::new(seed, count);
    let mut line = String::with_capacity(512);
    let mut late = Vec::new();
    out.write_all("\u{feff}".as_bytes())?;
    csv::write_row(out, &mut line, &person::HEADER)?;
    for index in 0..count {
        let mut row = people.row(index);
        if index % stride == 0 && index / stride < arguments.changed {
            row[person::column::TITLE] = "轮岗".to_owned();
        }
        match disorders.get(&index) {
            None => csv::write_row(out, &mut line, &row)?,
            Some(&disorder) => {
                let mut rows = disorder::apply(disorder, row, index, count).into_iter();
                if let Some(row) = rows.next() {
                    csv::write_row(out, &mut line, &row)?;
                }
                // Half of the doubles stand side by side, the others far apart.
                if index.is_multiple_of(2) {
                    late.extend(rows);
                } else {
                    rows.try_for_each(|row| csv::write_row(out, &mut line, &row))?;
                }
            }
        }
    }
    late.iter().try_for_each(|row| csv::write_row(out, &mut line, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(line: &str) -> Vec<u8> {
        let words = line.split_whitespace().map(str::to_owned);
        let mut out = Vec::new();
        company(&arguments(words).expect("the line is well-formed"), &mut out).expect("memory takes all");
        out
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let first = bytes("--people 2000 --seed 1 --out x");
        assert_eq!(first, bytes("--people 2000 --seed 1 --out x"));
        assert_ne!(first, bytes("--people 2000 --seed 2 --out x"));
    }

    #[test]
    fn changed_people_differ_in_so_many_lines() {
        let before = bytes("--people 1000 --clean --out x");
        let after = bytes("--people 1000 --clean --changed 50 --out x");
        let titles = String::from_utf8(after).expect("the file is UTF-8").matches("轮岗").count();
        assert_eq!((titles, String::from_utf8(before).expect("the file is UTF-8").matches("轮岗").count()), (50, 0));
    }

    #[test]
    fn a_missing_file_name_is_refused_with_the_usage() {
        let refused = arguments(["--people".to_owned(), "5".to_owned()].into_iter());
        assert!(refused.is_err_and(|message| message.contains("--out FILE")));
    }
}
