//! `GET /login/NAME`: the browser is sent to the provider, with what ties the answer to it.

use super::refusal::{Refusal, Refused};
use super::waiting::{Begun, random};
use super::{Inner, Login, Logins, page};
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::response::Response;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod as Method};
use openidconnect::url::Url;
use openidconnect::{AuthType, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet};
use openidconnect::{Nonce, PkceCodeChallenge, RedirectUrl, Scope};
use secrecy::ExposeSecret as _;

/// The client of a provider, as its document of discovery has it.
pub(super) type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

pub(super) async fn begin(State(logins): State<Logins>, Path(name): Path<String>) -> Response {
    let logins = logins.now();
    let Some(login) = logins.logins.get(&name) else { return page::nowhere() };
    match sent(&logins, login).await {
        Ok((url, cookie)) => page::elsewhere(url.as_str(), cookie),
        Err(refused) => page::refused(&login.name, &refused, &page::reference(), None),
    }
}

async fn sent(logins: &Inner, login: &Login) -> Result<(Url, HeaderValue), Refused> {
    let _seat = logins.room.try_acquire().map_err(|_| Refusal::Busy)?;
    let known = login.provider.known().await?;
    let client = client(login, &known)?;
    let (state, nonce) = (unguessable(random())?, unguessable(random())?);
    let (browser, cookie) = unguessable(logins.cookie.fresh())?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let begun = Begun {
        login: login.name.clone(),
        issuer: login.settings.issuer.clone(),
        browser: blake3::hash(browser.as_bytes()),
        nonce: blake3::hash(nonce.as_bytes()),
        verifier,
        at: logins.around.clock.now(),
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
    logins.waiting.keep(&state, begun);
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
            if !methods.contains(&Method::ClientSecretBasic) && methods.contains(&Method::ClientSecretPost) =>
        {
            AuthType::RequestBody
        }
        _ => AuthType::BasicAuth,
    };
    Ok(CoreClient::from_provider_metadata(metadata, id, secret).set_redirect_uri(redirect).set_auth_type(auth))
}

/// Without random numbers nobody can log in.
fn unguessable<T>(value: Result<T, getrandom::Error>) -> Result<T, Refused> {
    value.map_err(|error| Refused::new(Refusal::Busy, format!("this machine gives no random numbers: {error}")))
}
