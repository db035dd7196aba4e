//! HTTP of the world.

use super::with;
use crate::Fault;
use crate::http::{Request, Response};

/// What answers requests.
pub type Script = Box<dyn FnMut(&Request) -> Result<Response, Fault>>;

/// Sends one request to the script.
pub fn send(request: &Request) -> Result<Response, Fault> {
    // The script is taken out while it runs, so that it may look at the world itself.
    let script = with(|world| {
        world.requests.push(request.clone());
        world.http.take()
    });
    let Some(mut script) = script else {
        return Err(Fault::denied(format!("no script answers {} {}: use World::http", request.method, request.url)));
    };
    let answer = script(request);
    with(|world| world.http = Some(script));
    answer
}

/// Sends all, one after the other.
#[must_use]
pub fn send_all(requests: &[Request]) -> Vec<Result<Response, Fault>> {
    requests.iter().map(send).collect()
}

/// A response of JSON text.
#[must_use]
pub fn json(status: u16, text: &str) -> Response {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Response { status, headers, body: text.as_bytes().to_vec() }
}
