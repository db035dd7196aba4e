//! `GET /login/NAME`: the browser is sent to the provider, with what ties the answer to it.

use super::refusal::{Refusal, Refused};
use super::waiting::{Begun, random};
use super::{Login, Logins, page};
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::response::Response;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient};
use openidconnect::url::Url;
use openidconnect::{AuthType, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet};
use openidconnect::{Nonce, PkceCodeChallenge, RedirectUrl, Scope};
use secrecy::ExposeSecret as _;

/// The client of a provider, as its document of discovery has it.
pub(super) type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

pub(super) async fn begin(State(logins): State<Logins>, Path(name): Path<String>) -> Response {
    let Some(login) = logins.0.logins.get(&name) else { return page::nowhere() };
    match sent(&logins, login).await {
        Ok((url, cookie)) => page::elsewhere(url.as_str(), cookie),
        Err(refused) => page::refused(&login.name, &refused, &page::reference(), None),
    }
}

async fn sent(logins: &Logins, login: &Login) -> Result<(Url, HeaderValue), Refused> {
    let _seat = logins.0.room.try_acquire().map_err(|_| Refusal::Busy)?;
    let known = login.provider.known().await?;
    let client = client(login, &known)?;
    let (state, nonce) = (unguessable(random())?, unguessable(random())?);
    let (browser, cookie) = unguessable(logins.0.cookie.fresh())?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let begun = Begun {
        login: login.name.clone(),
        browser: blake3::hash(browser.as_bytes()),
        nonce: blake3::hash(nonce.as_bytes()),
        verifier,
        at: logins.0.around.clock.now(),
    };
    let own_state = state.clone();
    let (url, ..) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(own_state),
            move || Nonce::new(nonce),
        )
        .add_scopes(login.settings.asked_scopes().into_iter().map(Scope::new))
        .set_pkce_challenge(challenge)
        .url();
    logins.0.waiting.keep(&state, begun);
    Ok((url, cookie))
}

/// The client for what is known of the provider.
pub(super) fn client(login: &Login, known: &super::provider::Known) -> Result<Client, Refused> {
    let metadata = known.metadata.as_ref().clone();
    let id = ClientId::new(login.settings.client_id.clone());
    let secret =
        login.settings.client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
    let redirect = RedirectUrl::new(login.redirect.to_string())
        .map_err(|error| Refused::new(Refusal::Answer, format!("the address of the hub is no url: {error}")))?;
    // A secret in a header is in fewer logs than one in a body; some providers read only the latter.
    let auth = match metadata.token_endpoint_auth_methods_supported() {
        Some(methods)
            if !methods.iter().any(|method| method.is_basic()) && methods.iter().any(|method| method.is_post()) =>
        {
            AuthType::RequestBody
        }
        _ => AuthType::BasicAuth,
    };
    Ok(CoreClient::from_provider_metadata(metadata, id, secret).set_redirect_uri(redirect).set_auth_type(auth))
}

/// How a client may show who it is.
trait Method {
    fn is_basic(&self) -> bool;
    fn is_post(&self) -> bool;
}

impl Method for openidconnect::core::CoreClientAuthMethod {
    fn is_basic(&self) -> bool {
        matches!(self, Self::ClientSecretBasic)
    }

    fn is_post(&self) -> bool {
        matches!(self, Self::ClientSecretPost)
    }
}

/// Without random numbers nobody can log in.
fn unguessable<T>(value: Result<T, getrandom::Error>) -> Result<T, Refused> {
    value.map_err(|error| Refused::new(Refusal::Busy, format!("this machine gives no random numbers: {error}")))
}
