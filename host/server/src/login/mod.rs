//! Logins at a provider of OpenID Connect, so that whoever logs in for the first time has an account at once.
//!
//! The hub is no identity provider: no session is made, and nobody is let in anywhere. A login is one more way in which a
//! connection says what is: what the provider vouches for becomes one submission to the directory of the connection, and
//! correlation, authority and guard do the rest.
//!
//! ```text
//! begin     where the browser is sent        waiting   logins under way, bound to their browser
//! callback  what comes back from there       provider  what is known of the provider: addresses and keys
//! token     is this token good               claims    what is in it for the hub
//! enter     one submission, and groups       page      what the browser is shown
//! ```
//!
//! `token` and `claims` are functions of values; the network is behind [`Fetch`].

mod begin;
mod callback;
mod claims;
mod cookie;
mod enter;
mod fetch;
mod page;
mod provider;
mod refusal;
mod seam;
mod settings;
#[cfg(test)]
mod tests;
mod token;
mod validate;
mod waiting;

pub use fetch::{Fetch, LARGEST_ANSWER};
pub use refusal::{Refusal, Refused};
pub use seam::{Audit, Entered, Outcome, People, Standing};
pub use settings::{GroupSettings, LoginSettings, Preset, UnitSettings, UnverifiedEmail};

use axum::Router;
use axum::routing::get;
use openidconnect::url::Url;
use provider::Provider;
use rosterd_model::directory::Directory;
use rosterd_model::port::Clock;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Semaphore;
use waiting::Waiting;

/// Under this path, by the name of the login.
pub const MOUNT: &str = "/login/";
/// Logins that ask their provider at once; whoever comes then is asked to come again.
const MOST_AT_ONCE: usize = 64;

/// What logins need of the world.
#[derive(Clone)]
pub struct Surroundings {
    /// The way to the provider.
    pub fetch: Arc<dyn Fetch>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who keeps what came of a login.
    pub audit: Arc<dyn Audit>,
    /// What the hub knows of whoever logs in.
    pub people: Arc<dyn People>,
    /// The address under which browsers know the hub, without a slash at its end.
    pub public_url: String,
}

/// One login as it is configured, with what it leads to.
struct Login {
    name: String,
    settings: LoginSettings<SecretString>,
    redirect: Url,
    directory: Arc<dyn Directory>,
    provider: Provider,
}

/// All logins of the hub. Cheap to clone.
#[derive(Clone)]
pub struct Logins(Arc<Inner>);

struct Inner {
    logins: BTreeMap<String, Login>,
    around: Surroundings,
    waiting: Waiting,
    cookie: cookie::Cookie,
    room: Semaphore,
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins").field("names", &self.0.logins.keys()).finish_non_exhaustive()
    }
}

impl Logins {
    /// Logins by their names, each with its settings (the secret resolved) and the directory of its connection.
    ///
    /// # Errors
    /// Sentences, one for each thing that is wrong with the settings or the public address.
    pub fn new(
        logins: BTreeMap<String, (LoginSettings<SecretString>, Arc<dyn Directory>)>,
        around: Surroundings,
    ) -> Result<Self, Vec<String>> {
        let base = validate::public_url(&around.public_url).map_err(|problem| vec![problem])?;
        let (mut ready, mut problems) = (BTreeMap::new(), Vec::new());
        for (name, (settings, directory)) in logins {
            let found = settings.validate(&name);
            if !found.is_empty() {
                problems.extend(found);
                continue;
            }
            let redirect = base.join(&format!("{}{MOUNT}{name}/callback", base.path().trim_end_matches('/')));
            let provider = Provider::new(&settings.issuer, Arc::clone(&around.fetch), Arc::clone(&around.clock));
            match (redirect, provider) {
                (Ok(redirect), Ok(provider)) => {
                    let login = Login { name: name.clone(), settings, redirect, directory, provider };
                    ready.insert(name, login);
                }
                (Err(error), _) => problems.push(format!("login \"{name}\": no address can be made for it: {error}")),
                (_, Err(problem)) => problems.push(format!("login \"{name}\": {problem}")),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let cookie = cookie::Cookie::new(&base);
        let (waiting, room) = (Waiting::default(), Semaphore::new(MOST_AT_ONCE));
        Ok(Self(Arc::new(Inner { logins: ready, around, waiting, cookie, room })))
    }

    /// What has to be written into the application's registration at the provider, by the name of the login.
    #[must_use]
    pub fn redirects(&self) -> BTreeMap<String, String> {
        self.0.logins.iter().map(|(name, login)| (name.clone(), login.redirect.to_string())).collect()
    }
}

/// `GET /login/NAME` sends the browser to the provider, `GET /login/NAME/callback` is where it comes back.
pub fn router(logins: Logins) -> Router {
    Router::new()
        .route("/login/{name}", get(begin::begin))
        .route("/login/{name}/callback", get(callback::callback))
        .with_state(logins)
}

/// Reads any bytes as an id token and as the claims in it: for tests that look for a panic.
#[cfg(any(test, feature = "testing"))]
pub fn read_anything(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    drop(token::read(&text));
    drop(token::payload(&text));
}
