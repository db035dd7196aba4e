//! Logins of the whole hub at a provider that others wrote, `oidc-provider` from npm: from the first request of a browser,
//! over the hub's own way out, to the account that an application fetches.

use crate::api;
use rosterd_tests::http::{Reply, raw};
use rosterd_tests::hub::Hub;
use rosterd_tests::node::install;
use rosterd_tests::service::Service;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// What the provider knows of the hub.
const SECRET: &str = "a secret with a space & more";
const CONFIG: &str = r#"
[store]
path = "data/hub.redb"
cache = "16 MB"

[serve]
receive = "127.0.0.1:PORT"
public-url = "http://127.0.0.1:PORT"

[connection.people]

[job.people]
source = "people"
pushed = true
[job.people.account]
correlate = [{ tier = 1, match = ["emails.work"] }]
[job.people.account.map]
userName = "source.displayName"
displayName = "source.displayName"
"emails.work" = "source['emails.work']"

[authority]
default = ["people"]

[login.dev]
connection = "people"
issuer = "ISSUER"
client-id = "hub"
client-secret = { env = "LOGIN_SECRET" }
email-domains = ["acme.example"]
userinfo = true
NETWORKS
"#;

/// The provider; it ends with the test.
struct Provider {
    child: Child,
    issuer: String,
    /// Open as long as it runs: it would end otherwise, if it says more.
    _output: BufReader<ChildStdout>,
}

impl Provider {
    fn start(redirect: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oidc-provider");
        install(&folder, &Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/oidc"), &["provider.mjs"]);
        let mut command = Command::new("node");
        command.arg(folder.join("provider.mjs")).arg(redirect);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("node starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut issuer = String::new();
        output.read_line(&mut issuer).expect("it tells its issuer");
        Self { child, issuer: issuer.trim_end().to_owned(), _output: output }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A hub that serves, and the provider at which people log in.
struct Place {
    hub: Hub,
    service: Service,
    address: String,
    provider: Provider,
}

impl Place {
    fn new(networks: &str) -> Self {
        // The address stands in what the provider knows of the hub, so it is known before.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let address = format!("127.0.0.1:{port}");
        let provider = Provider::start(&format!("http://{address}/login/dev/callback"));
        let hub = Hub::with(&[]).untaped();
        hub.watched.variable("LOGIN_SECRET", SECRET);
        let config = CONFIG.replace("PORT", &port.to_string()).replace("ISSUER", &provider.issuer);
        hub.write("rosterd.toml", &config.replace("NETWORKS", networks));
        drop(hub.rosterd(&["check"]).code(0));
        let service = Service::start(&hub);
        drop(service.wait_for("remote systems can call"));
        Self { hub, service, address, provider }
    }

    /// Logs in as the pages of the provider want it: where the browser came to.
    fn login(&self, name: &str) -> (String, Reply) {
        let mut browser = Browser::default();
        let (mut url, mut page) = browser.go("GET", &format!("http://{}/login/dev", self.address), "");
        for form in [format!("prompt=login&login={name}&password=x"), "prompt=consent".to_owned()] {
            assert!(page.text.contains("<form"), "no form at {url}: {page:?}");
            assert!(url.starts_with(&self.provider.issuer), "a form at {url}");
            (url, page) = browser.go("POST", &url, &form);
        }
        (url, page)
    }
}

/// Cookies by host and port, and by name.
#[derive(Default)]
struct Browser(BTreeMap<String, BTreeMap<String, String>>);

impl Browser {
    /// Follows where it is sent.
    fn go(&mut self, method: &str, url: &str, form: &str) -> (String, Reply) {
        let (mut method, mut url, mut form) = (method.to_owned(), url.to_owned(), form.to_owned());
        for _ in 0..12 {
            let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url} is on no machine of ours"));
            let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let place = place.to_owned();
            let cookies = self.0.entry(place.clone()).or_default();
            let cookie = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: {place}\r\nconnection: close\r\ncookie: {cookie}\r\n\
                 content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
                form.len()
            );
            let reply = raw(&place, request.as_bytes());
            for line in reply.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("set-cookie:")) {
                let pair = line.split_once(':').and_then(|(_, rest)| rest.split(';').next()).unwrap_or_default();
                let (name, value) = pair.trim().split_once('=').expect("a name and a value");
                match value {
                    "" => drop(cookies.remove(name)),
                    _ => drop(cookies.insert(name.to_owned(), value.to_owned())),
                }
            }
            let Some(location) = reply.header("location") else { return (url, reply) };
            url = if location.starts_with('/') { format!("http://{place}{location}") } else { location.to_owned() };
            (method, form) = ("GET".to_owned(), String::new());
        }
        panic!("it is sent around in a circle, at last to {url}");
    }
}

#[test]
fn whoever_logs_in_for_the_first_time_has_an_account_that_others_see() {
    let place = Place::new("networks = [\"127.0.0.0/8\"]");
    let (url, page) = place.login("ann");
    assert!(page.status == 200 && page.text.contains("Your account is ready"), "{url}: {page:?}");
    let (_, again) = place.login("ann");
    assert!(again.status == 200 && again.text.contains("up to date"), "{again:?}");
    // The same answer once more, as a thief of the address would send it.
    assert_eq!(Browser::default().go("GET", &url, "").1.status, 400);
    let fetch = api::client(&place.hub, &place.address, "fetcher", "people", &["hub:read"]);
    let people = fetch.ask("GET", "/hub/accounts", &Value::Null).body;
    assert_eq!(people["items"].as_array().map(Vec::len), Some(1), "{people}");
    let ann = &people["items"][0]["attributes"];
    assert_eq!((ann["displayName"].as_str(), ann["emails.work"].as_str()), (Some("Ann Lee"), Some("ann@acme.example")));
    // An address that the provider does not vouch for makes nobody somebody else.
    let (_, mallory) = place.login("mallory");
    assert_eq!(mallory.status, 200, "{mallory:?}");
    let people = fetch.ask("GET", "/hub/accounts", &Value::Null).body;
    let addresses: Vec<&Value> =
        people["items"].as_array().expect("people").iter().map(|one| &one["attributes"]["emails.work"]).collect();
    assert_eq!(addresses.len(), 2, "{people}");
    assert_eq!(addresses.iter().filter(|address| address.is_string()).count(), 1, "{people}");
    let audit = place.hub.rosterd(&["audit", "list"]).code(0).out;
    assert!(audit.contains("login dev"), "{audit}");
    assert_eq!(place.service.end(), Some(0));
    place.hub.verify();
}

#[test]
fn a_provider_where_the_hub_may_not_go_is_not_asked() {
    let place = Place::new("");
    let (_, page) = Browser::default().go("GET", &format!("http://{}/login/dev", place.address), "");
    assert!(page.status >= 500, "{page:?}");
    assert!(!page.text.contains("127.0.0"), "a stranger is told where: {page:?}");
    // The operator is told what to do.
    let told = || place.service.log().iter().any(|line| line.to_string().contains("add its range to networks"));
    for _ in 0..60 {
        if told() {
            break;
        }
        place.service.wait_for_more(place.service.log().len());
    }
    assert!(told(), "{:#?}", place.service.log());
    assert_eq!(place.service.end(), Some(0));
    place.hub.verify();
}
