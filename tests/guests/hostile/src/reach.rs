//! Reaching for what was not granted.

use crate::Settings;
use rosterd_sdk::{Class, Fault, Object, files, http, record, secrets};

/// A request to a host that nobody granted.
pub(crate) fn host(settings: &Settings) -> Result<Object, Fault> {
    let answer = http::get(&settings.target).send()?;
    Ok(record(Class::Account, "host").text("seen", answer.text()).build())
}

/// A file that nobody granted.
pub(crate) fn file(settings: &Settings) -> Result<Object, Fault> {
    let bytes = files::read_all(&settings.target, 1 << 20)?;
    Ok(record(Class::Account, "file").text("seen", String::from_utf8_lossy(&bytes)).build())
}

/// The placeholder of its secret, sent to a host that answers with what it got: in the url, in a header and in the body.
/// What comes back stays in memory, where a test looks for it.
pub(crate) fn echo(settings: &Settings) -> Result<Object, Fault> {
    let key = secrets::open("key")?;
    let mut seen = Vec::new();
    for form in ["raw", "base64", "hex", "url", "utf16le"] {
        let mark = key.placeholder(form)?;
        let request = match form {
            // Bytes that are no text have no place in a url or a header.
            "raw" | "utf16le" => http::post(format!("{}/echo", settings.api)),
            _ => http::post(format!("{}/echo/{mark}", settings.api)).header("x-key", mark.clone()),
        };
        let answer = request.body("text/plain", mark).send()?.success()?;
        seen.push(format!("{:?} {}", answer.headers, answer.text()));
    }
    // One by one, each character of the placeholder in a request of its own is no placeholder any more.
    let mark = key.placeholder("raw")?;
    let (head, tail) = mark.split_at(mark.len() / 2);
    let halves = http::post(format!("{}/echo", settings.api)).body("text/plain", format!("{head}-{tail}")).send()?;
    seen.push(halves.text());
    Ok(record(Class::Account, "echo").list("seen", &seen).build())
}
