//! The same people twice: by a file that the csv connector reads, and by one request over HTTP.

use super::Serving;
use super::http::{Connection, on_one_thread, request};
use crate::dingtalk::tell;
use crate::hub::Hub;
use crate::report::Report;
use crate::settings::Settings;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The media type.
const LINES: &str = "application/x-ndjson";

pub(super) fn measure(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let people = settings.people;
    let file = Hub::new(settings, "import-file")?;
    file.write_people(people, 0)?;
    let mut files = vec![file.run()?.0.seconds];
    let lines = settings.work.join("people.ndjson");
    let units = write_lines(&file.people(), &lines)?;
    let serving = Serving::start(settings, "import-http", "", &[])?;
    let token = serving.token("api", 0)?;
    let made = send_units(&serving, &token, &units)?;
    tell(&format!("{made} org units are there; sending {people} people"));
    let begun = Instant::now();
    let created = send(serving.port, &token, &lines)?;
    let seconds = begun.elapsed().as_secs_f64();
    if created != people {
        return Err(format!("{created} of {people} lines were answered with \"created\""));
    }
    let peak = serving.service.peak_bytes();
    serving.service.end()?;
    let again = Hub::new(settings, "import-file")?;
    again.write_people(people, 0)?;
    files.push(again.run()?.0.seconds);
    // The middle of two is their mean: one before and one after.
    let base = files.iter().sum::<f64>() / files.len() as f64;
    report.note("import of a file, mean of before and after", base, "s");
    report.note("import over HTTP, every line answered", seconds, "s");
    report.limit("import over HTTP / of the same people by a file", seconds / base, "x", 1.5);
    report.note("largest memory of the service meanwhile", peak as f64 / 1e6, "MB");
    Ok(())
}

/// Writes the people of a file as lines of JSON. Returns their org units, parents first.
fn write_lines(from: &Path, to: &Path) -> Result<Vec<Value>, String> {
    let failed = |error: std::io::Error| format!("can not make lines of JSON: {error}");
    let mut out = BufWriter::new(File::create(to).map_err(failed)?);
    let (mut units, mut all) = (BTreeMap::new(), Vec::new());
    let mut lines = BufReader::new(File::open(from).map_err(failed)?).lines().skip(1);
    while let Some(line) = lines.next() {
        let mut line = line.map_err(failed)?;
        // A field in quotes goes on in the next line.
        while line.matches('"').count() % 2 == 1 {
            let more = lines.next().ok_or("the last person has no end")?;
            line = format!("{line} {}", more.map_err(failed)?);
        }
        let fields = fields(&line);
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let [number, user, name, mail, mobile, path, title, manager, _] = fields.as_slice() else {
            return Err(format!("a person has other fields than nine: {line}"));
        };
        let mut person = json!({
            "id": number, "userName": user.to_lowercase(), "displayName": name, "email": mail.to_lowercase(),
            "employeeNumber": number, "title": title, "orgUnit": unit(path, &mut units, &mut all), "manager": manager,
        });
        // The file has digits of other widths as well, which a client of the API makes plain.
        let digits: String = mobile.chars().filter_map(plain).collect();
        if digits.len() == 11 {
            person["phoneNumber"] = format!("+86{digits}").into();
        }
        if let Some(person) = person.as_object_mut() {
            person.retain(|_, value| value != "");
        }
        writeln!(out, "{person}").map_err(failed)?;
    }
    out.flush().map_err(failed)?;
    Ok(all)
}

/// The fields of a row. One with a comma stands in quotes, and a quote in it twice.
fn fields(line: &str) -> Vec<String> {
    let (mut all, mut quoted) = (vec![String::new()], false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, all.last_mut()) {
            ('"', Some(field)) if quoted && letters.next_if_eq(&'"').is_some() => field.push('"'),
            ('"', _) => quoted = !quoted,
            (',', _) if !quoted => all.push(String::new()),
            (_, Some(field)) => field.push(letter),
            (_, None) => {}
        }
    }
    all
}

/// A digit, however wide.
fn plain(letter: char) -> Option<char> {
    match letter {
        '0'..='9' => Some(letter),
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(letter) - 0xff10, 10),
        _ => None,
    }
}

/// The id of the org unit at a path; makes it and those above it.
fn unit(path: &str, known: &mut BTreeMap<String, String>, all: &mut Vec<Value>) -> String {
    if let Some(id) = known.get(path) {
        return id.clone();
    }
    // A slash that is a part of a name stands behind a backslash.
    let mut parts = path.rmatch_indices('/').map(|(at, _)| (&path[..at], &path[at + 1..]));
    let (above, name) = parts.find(|(above, _)| !above.ends_with('\\')).unwrap_or(("", path));
    let parent = if above.is_empty() { String::new() } else { unit(above, known, all) };
    let id = format!("ou-{}", known.len());
    let mut made = Map::from_iter([
        ("id".to_owned(), Value::from(id.as_str())),
        ("displayName".to_owned(), name.replace("\\/", "/").into()),
    ]);
    if !parent.is_empty() {
        made.insert("parent".to_owned(), parent.into());
    }
    all.push(Value::Object(made));
    known.insert(path.to_owned(), id.clone());
    id
}

fn send_units(serving: &Serving<'_>, token: &str, units: &[Value]) -> Result<usize, String> {
    let body: String = units.iter().map(|unit| format!("{unit}\n")).collect();
    let asked = request("POST", "/v1/import/org-units", token, LINES, &body);
    let answer = on_one_thread(async { Connection::open(serving.port).await?.ask(&asked).await })?;
    let text = String::from_utf8_lossy(&answer.body);
    let made = text.matches("\"status\":\"created\"").count();
    if made == units.len() { Ok(made) } else { Err(format!("{made} of {} org units were made: {text}", units.len())) }
}

/// Sends the lines of a file while it reads the answers. Returns how many were created.
fn send(port: u16, token: &str, lines: &Path) -> Result<usize, String> {
    let failed = |error: std::io::Error| format!("the import broke off: {error}");
    on_one_thread(async {
        let length = std::fs::metadata(lines).map_err(failed)?.len();
        let mut file = tokio::fs::File::open(lines).await.map_err(failed)?;
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(failed)?;
        let (mut answers, mut body) = stream.into_split();
        let head = format!(
            "POST /v1/import/accounts HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
             content-type: {LINES}\r\ncontent-length: {length}\r\n\r\n"
        );
        let sending = async {
            body.write_all(head.as_bytes()).await?;
            tokio::io::copy(&mut file, &mut body).await.map(drop)
        };
        let reading = async {
            let (mut buffer, mut count, mut rest) = (vec![0; 1 << 16], 0, Vec::new());
            loop {
                let read = answers.read(&mut buffer).await?;
                if read == 0 {
                    return Ok(count);
                }
                rest.extend_from_slice(&buffer[..read]);
                // What is not a whole line yet waits for its end.
                let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                count += String::from_utf8_lossy(&rest[..whole]).matches("\"status\":\"created\"").count();
                rest.drain(..whole);
            }
        };
        let (sent, read) = tokio::join!(sending, reading);
        sent.map_err(failed)?;
        read.map_err(failed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_may_have_commas_and_quotes() {
        assert_eq!(fields(r#"1,"Li, ""Lee""",,x"#), ["1", "Li, \"Lee\"", "", "x"]);
    }

    #[test]
    fn units_stand_behind_those_above_them_and_have_one_id() {
        let (mut known, mut all) = (BTreeMap::new(), Vec::new());
        let ids: Vec<String> = ["A/B", "A", "A/B/C\\/D"].map(|path| unit(path, &mut known, &mut all)).into();
        assert_eq!((ids[0].as_str(), all.len()), (known["A/B"].as_str(), 3));
        assert_eq!(all[0], json!({ "id": ids[1], "displayName": "A" }));
        assert_eq!((&all[2]["parent"], &all[2]["displayName"]), (&json!(ids[0]), &json!("C/D")));
    }
}
