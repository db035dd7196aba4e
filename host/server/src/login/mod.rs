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
//! hub       the hub as logins need it
//! ```
//!
//! `token` and `claims` are functions of values; the network is behind [`Fetch`].

mod begin;
mod callback;
mod claims;
mod cookie;
mod enter;
mod fetch;
#[cfg(any(test, feature = "testing"))]
pub mod fuzzing;
mod hub;
mod page;
mod provider;
mod refusal;
mod seam;
mod settings;
mod token;
mod validate;
mod waiting;

pub use fetch::{Fetch, LARGEST_ANSWER};
pub use hub::{Engines, Hub};
pub use refusal::{Refusal, Refused};
pub use seam::{Audit, Entered, Outcome, People, Standing};
pub use settings::{GroupSettings, LoginSettings, Preset, UnitSettings, UnverifiedEmail};

use axum::Router;
use axum::routing::get;
use cookie::Cookie;
use openidconnect::url::Url;
use provider::Provider;
use rosterd_model::directory::Directory;
use rosterd_model::port::Clock;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Semaphore;
use waiting::Waiting;

/// Under this path, by the name of the login.
pub const MOUNT: &str = "/login/";
/// Logins that ask their provider at once; whoever comes then is asked to come again.
const MOST_AT_ONCE: usize = 64;

/// What logins need of the world.
#[derive(Clone)]
pub struct Surroundings {
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
pub struct Configured {
    /// Its settings, with the secret itself.
    pub settings: LoginSettings<SecretString>,
    /// What clients of its connection submitted.
    pub directory: Arc<dyn Directory>,
    /// The way to its provider, within `networks` and `ca-file` of the settings.
    pub fetch: Arc<dyn Fetch>,
}

struct Login {
    name: String,
    settings: LoginSettings<SecretString>,
    redirect: Url,
    directory: Arc<dyn Directory>,
    provider: Provider,
}

/// All logins of the hub. Clones are the same logins.
#[derive(Clone)]
pub struct Logins(Arc<RwLock<Arc<Inner>>>);

struct Inner {
    logins: BTreeMap<String, Login>,
    around: Surroundings,
    waiting: Arc<Waiting>,
    cookie: Cookie,
    room: Arc<Semaphore>,
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins").field("names", &self.now().logins.keys()).finish_non_exhaustive()
    }
}

impl Logins {
    /// Logins by their names. There may be none.
    ///
    /// # Errors
    /// Sentences, one for each thing that is wrong with the settings or the public address.
    pub fn new(logins: BTreeMap<String, Configured>, around: Surroundings) -> Result<Self, Vec<String>> {
        let (waiting, room) = (Arc::new(Waiting::default()), Arc::new(Semaphore::new(MOST_AT_ONCE)));
        let inner = ready(logins, around, waiting, room)?;
        Ok(Self(Arc::new(RwLock::new(Arc::new(inner)))))
    }

    /// Other logins in their place, after the configuration changed. Those under way go on, unless their provider is another.
    ///
    /// # Errors
    /// As [`Logins::new`]; everything stays as it was.
    pub fn renew(&self, logins: BTreeMap<String, Configured>, around: Surroundings) -> Result<(), Vec<String>> {
        let before = self.now();
        let inner = ready(logins, around, Arc::clone(&before.waiting), Arc::clone(&before.room))?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(inner);
        Ok(())
    }

    /// What has to be written into the application's registration at the provider, by the name of the login.
    #[must_use]
    pub fn redirects(&self) -> BTreeMap<String, String> {
        self.now().logins.iter().map(|(name, login)| (name.clone(), login.redirect.to_string())).collect()
    }

    /// As they are at this moment.
    fn now(&self) -> Arc<Inner> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn ready(
    logins: BTreeMap<String, Configured>,
    around: Surroundings,
    waiting: Arc<Waiting>,
    room: Arc<Semaphore>,
) -> Result<Inner, Vec<String>> {
    let (mut ready, mut problems, mut cookie) = (BTreeMap::new(), Vec::new(), Cookie::default());
    if !logins.is_empty() {
        let base = validate::public_url(&around.public_url).map_err(|problem| vec![problem])?;
        cookie = Cookie::new(&base);
        for (name, login) in logins {
            match one(&name, login, &base, &around) {
                Ok(login) => drop(ready.insert(name, login)),
                Err(found) => problems.extend(found),
            }
        }
    }
    if problems.is_empty() { Ok(Inner { logins: ready, around, waiting, cookie, room }) } else { Err(problems) }
}

fn one(name: &str, configured: Configured, base: &Url, around: &Surroundings) -> Result<Login, Vec<String>> {
    let Configured { settings, directory, fetch } = configured;
    let problems = settings.validate(name);
    if !problems.is_empty() {
        return Err(problems);
    }
    let problem = |why: String| vec![format!("login \"{name}\": {why}")];
    let path = format!("{}{MOUNT}{name}/callback", base.path().trim_end_matches('/'));
    let redirect = base.join(&path).map_err(|error| problem(format!("no address can be made for it: {error}")))?;
    let provider = Provider::new(&settings.issuer, fetch, Arc::clone(&around.clock)).map_err(problem)?;
    Ok(Login { name: name.to_owned(), settings, redirect, directory, provider })
}

/// `GET /login/NAME` sends the browser to the provider, `GET /login/NAME/callback` is where it comes back.
pub fn router(logins: Logins) -> Router {
    Router::new()
        .route("/login/{name}", get(begin::begin))
        .route("/login/{name}/callback", get(callback::callback))
        .with_state(logins)
}

#[cfg(test)]
mod tests;
