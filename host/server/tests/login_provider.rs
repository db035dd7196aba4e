//! Logins at a provider that others wrote: `oidc-provider` from npm, from the first request to the account.

mod browser;
mod memory;

use browser::{Browser, Page, exchange};
use memory::Memory;
use rosterd_model::port::{BoxFuture, Clock};
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, Timestamp};
use rosterd_server::login::{
    Audit, Configured, Fetch, LoginSettings, Logins, Outcome, People, Refusal, Standing, Surroundings, router,
};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

struct Machine;

impl Clock for Machine {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970");
        Timestamp(u64::try_from(since.as_millis()).expect("a time before the end of it"))
    }
}

struct Plain;

impl Fetch for Plain {
    fn fetch(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, String>> {
        Box::pin(exchange(request))
    }
}

struct Everybody;

impl People for Everybody {
    fn standing(&self, _: &ConnectionId, _: &ExternalId) -> BoxFuture<'_, Result<Standing, Fault>> {
        Box::pin(async { Ok(Standing::Known) })
    }
}

#[derive(Default)]
struct Kept(Mutex<Vec<Outcome>>);

impl Audit for Kept {
    fn logged_in(&self, outcome: Outcome) -> BoxFuture<'_, ()> {
        self.0.lock().expect("outcomes").push(outcome);
        Box::pin(std::future::ready(()))
    }
}

/// The provider; it ends with the test.
struct Provider {
    child: Child,
    issuer: String,
    /// Open as long as it runs: it would end otherwise, if it says more.
    _output: BufReader<ChildStdout>,
}

impl Provider {
    fn start(redirect: &str) -> Result<Self, String> {
        let mut command = Command::new("node");
        command.arg(installed()?.join("provider.mjs")).arg(redirect);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("node does not start: {error}"))?;
        let output = child.stdout.take().ok_or("the provider has no output")?;
        let mut output = BufReader::new(output);
        let mut issuer = String::new();
        output.read_line(&mut issuer).map_err(|error| error.to_string())?;
        let issuer = issuer.trim_end().to_owned();
        Ok(Self { child, issuer, _output: output })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with exactly what the lock file says, kept until that changes. Each test may be a process of its own.
fn installed() -> Result<PathBuf, String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/suite/oidc");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oidc-provider");
    let text = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(&folder).map_err(text)?;
    let lock = File::create(folder.with_extension("lock")).map_err(text)?;
    lock.lock().map_err(text)?;
    for name in ["package.json", "provider.mjs", ".npmrc"] {
        std::fs::copy(sources.join(name), folder.join(name)).map_err(text)?;
    }
    let wanted = std::fs::read_to_string(sources.join("package-lock.json")).map_err(text)?;
    let stamp = folder.join("installed.json");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    std::fs::write(folder.join("package-lock.json"), &wanted).map_err(text)?;
    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let output = Command::new("npm").args(install).current_dir(&folder).output();
    let output = output.map_err(|error| format!("npm does not start: {error}; install Node 20 or later"))?;
    if !output.status.success() {
        return Err(format!("npm failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    std::fs::write(&stamp, wanted).map_err(text)?;
    Ok(folder)
}

struct Hub {
    address: String,
    directory: Arc<Memory>,
    kept: Arc<Kept>,
    _provider: Provider,
}

async fn hub(more: &str) -> Hub {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let provider = Provider::start(&format!("{address}/login/dev/callback")).expect("a provider");
    let (directory, kept) = (Arc::new(Memory::default()), Arc::new(Kept::default()));
    let text = format!(
        "connection = \"dev\"\nissuer = \"{}\"\nclient-id = \"hub\"\nemail-domains = [\"acme.example\"]\n{more}",
        provider.issuer
    );
    let settings: LoginSettings<String> = toml::from_str(&text).expect("settings");
    let settings = settings.with_secret(Some("a secret with a space & more".into()));
    let around = Surroundings {
        clock: Arc::new(Machine),
        audit: Arc::clone(&kept) as _,
        people: Arc::new(Everybody),
        public_url: address.clone(),
    };
    let configured = Configured { settings, directory: Arc::clone(&directory) as _, fetch: Arc::new(Plain) };
    let logins = Logins::new([("dev".to_owned(), configured)].into(), around);
    let app = router(logins.expect("logins"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Hub { address, directory, kept, _provider: provider }
}

impl Hub {
    /// Logs in as the pages of the provider want it.
    async fn login(&self, name: &str) -> Page {
        let mut browser = Browser::default();
        let mut page = browser.get(&format!("{}/login/dev", self.address)).await;
        for form in [format!("prompt=login&login={name}&password=x"), "prompt=consent".to_owned()] {
            assert!(page.body.contains("<form"), "no form at {}: {}", page.url, page.body);
            page = browser.post(&page.url, &form).await;
        }
        page
    }

    fn outcome(&self) -> Outcome {
        self.kept.0.lock().expect("outcomes").last().cloned().expect("an outcome")
    }
}

fn blocking(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work);
}

#[test]
fn whoever_logs_in_at_a_provider_that_others_wrote_has_an_account() {
    blocking(async {
        let hub = hub("userinfo = true\ngroups = { values = { g1 = \"Engineering\" } }").await;
        let page = hub.login("ann").await;
        assert!(page.status == 200 && page.body.contains("Your account is ready"), "{}: {}", page.url, page.body);
        let outcome = hub.outcome();
        assert!(outcome.result.as_ref().is_ok_and(|entered| entered.created), "{outcome:?}");
        let id = outcome.account.expect("an account");
        assert!(id.as_str().ends_with("#ann"), "{id}");
        let ann = hub.directory.attributes(Class::Account, id.as_str()).expect("an account");
        assert_eq!((&ann["displayName"], &ann["emails.work"]), (&"Ann Lee".into(), &"ann@acme.example".into()));
        let group = hub.directory.attributes(Class::Group, "g1").expect("a group");
        assert_eq!(group["members"][0]["id"], id.as_str());
        let again = hub.login("ann").await;
        assert!(again.body.contains("up to date"), "{}", again.body);
        assert_eq!(hub.directory.ids(Class::Account).len(), 1);
        // The same answer once more, as a thief of the address would send it.
        let replayed = Browser::default().get(&page.url).await;
        assert_eq!(replayed.status, 400, "{}", replayed.body);
    });
}

#[test]
fn an_address_that_the_provider_does_not_vouch_for_matches_nobody() {
    blocking(async {
        let hub = hub("userinfo = true").await;
        let page = hub.login("mallory").await;
        assert_eq!(page.status, 200, "{}", page.body);
        let id = hub.outcome().account.expect("an account");
        let mallory = hub.directory.attributes(Class::Account, id.as_str()).expect("an account");
        assert!(!mallory.contains_key("emails.work") && mallory["displayName"] == "Mallory", "{mallory:?}");
    });
}

#[test]
fn whoever_turns_back_at_the_provider_is_told_and_has_no_account() {
    blocking(async {
        let hub = hub("unverified-email = \"refuse\"\nuserinfo = true").await;
        let mut browser = Browser::default();
        let page = browser.get(&format!("{}/login/dev", hub.address)).await;
        let page = browser.get(&format!("{}/abort", page.url)).await;
        assert_eq!(page.status, 403, "{}: {}", page.url, page.body);
        assert_eq!(hub.outcome().result.expect_err("refused").refusal, Refusal::Provider);
        let page = hub.login("mallory").await;
        assert_eq!(
            (page.status, hub.outcome().result.expect_err("refused").refusal),
            (403, Refusal::Email),
            "{}",
            page.body
        );
        assert!(hub.directory.ids(Class::Account).is_empty());
    });
}
