//! A browser that keeps cookies and follows redirects, and the one request that it is made of.

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;

/// More redirects lead in a circle.
const MOST_REDIRECTS: usize = 12;

/// Where the browser came to.
pub(crate) struct Page {
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Cookies by host and port, and by name.
#[derive(Default)]
pub(crate) struct Browser(BTreeMap<String, BTreeMap<String, String>>);

impl Browser {
    pub(crate) async fn get(&mut self, url: &str) -> Page {
        self.go(http::Method::GET, url, "").await
    }

    pub(crate) async fn post(&mut self, url: &str, form: &str) -> Page {
        self.go(http::Method::POST, url, form).await
    }

    async fn go(&mut self, method: http::Method, url: &str, form: &str) -> Page {
        let (mut method, mut url, mut form) = (method, url.to_owned(), form.to_owned());
        for _ in 0..MOST_REDIRECTS {
            let at: http::Uri = url.parse().expect("a url");
            let place = at.authority().expect("a host").to_string();
            let cookies = self.0.entry(place.clone()).or_default();
            let cookie = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
            let request = http::Request::builder()
                .method(&method)
                .uri(at)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("cookie", cookie)
                .body(form.clone().into_bytes());
            let response = exchange(request.expect("a request")).await.expect("an answer");
            for set in response.headers().get_all("set-cookie") {
                let pair = set.to_str().expect("text").split(';').next().expect("a pair");
                let (name, value) = pair.split_once('=').expect("a name and a value");
                match value {
                    "" => drop(cookies.remove(name)),
                    _ => drop(cookies.insert(name.to_owned(), value.to_owned())),
                }
            }
            let Some(location) = response.headers().get("location") else {
                let body = String::from_utf8_lossy(response.body()).into_owned();
                return Page { url, status: response.status().as_u16(), body };
            };
            let location = location.to_str().expect("text");
            url = if location.starts_with('/') { format!("http://{place}{location}") } else { location.to_owned() };
            (method, form) = (http::Method::GET, String::new());
        }
        panic!("more than {MOST_REDIRECTS} redirects, the last one to {url}");
    }
}

/// One request over a connection of its own, without TLS.
pub(crate) async fn exchange(request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let (mut head, body) = request.into_parts();
    let host = head.uri.authority().ok_or("no host")?.to_string();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    head.uri = path.parse().map_err(|error| text(&error as &http::uri::InvalidUri))?;
    head.headers.insert("host", host.parse().map_err(|error| text(&error as &http::header::InvalidHeaderValue))?);
    let stream = tokio::net::TcpStream::connect(&host).await.map_err(|error| text(&error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| text(&error))?;
    tokio::spawn(connection);
    let request = http::Request::from_parts(head, Full::new(Bytes::from(body)));
    let response = sender.send_request(request).await.map_err(|error| text(&error))?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| text(&error))?.to_bytes().to_vec();
    Ok(http::Response::from_parts(head, body))
}
