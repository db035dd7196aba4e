//! `GET /login/NAME/callback`: what comes back from the provider, step by step. Each step may refuse, and the first one does.

use super::begin::client;
use super::claims::{self, Person};
use super::enter::enter;
use super::fetch::NoAnswer;
use super::provider::Known;
use super::refusal::{Refusal, Refused, one_line};
use super::seam::{Entered, Outcome};
use super::token::{self, Expected};
use super::waiting::Begun;
use super::{Inner, Login, Logins, page};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::Response;
use openidconnect::core::{CoreRequestTokenError, CoreTokenResponse};
use openidconnect::url::form_urlencoded;
use openidconnect::{AccessToken, AuthorizationCode, OAuth2TokenResponse as _, RequestTokenError, TokenResponse as _};
use rosterd_model::ExternalId;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A longer query is not read. Codes of Entra ID have about 2 KB.
const LONGEST_QUERY: usize = 16 << 10;
/// More parameters come from no provider.
const MOST_PARAMETERS: usize = 20;

pub(super) async fn callback(
    State(logins): State<Logins>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let logins = logins.now();
    let Some(login) = logins.logins.get(&name) else { return page::nowhere() };
    let (reference, spent) = (page::reference(), logins.cookie.spent());
    // What began nowhere is in the log and nowhere else: strangers could fill the audit with it.
    let (answer, begun) = match came_back(&logins, login, query.as_deref()) {
        Ok(both) => both,
        Err(refused) => return page::refused(&login.name, &refused, &reference, None),
    };
    let mut account = None;
    let result = match is_same_browser(&logins, &begun, &headers) {
        Ok(()) => finish(&logins, login, &answer, begun, &mut account).await,
        Err(refused) => Err(refused),
    };
    if result.is_ok() {
        tracing::info!(login = login.name, reference, "somebody logged in");
    }
    let response = match (&result, &login.settings.after) {
        (Ok(_), Some(after)) => page::elsewhere(after, spent),
        (Ok(entered), None) => page::entered(entered, spent),
        (Err(refused), _) => page::refused(&login.name, refused, &reference, Some(spent)),
    };
    let (login, connection) = (login.name.clone(), login.settings.connection.clone());
    logins.around.audit.logged_in(Outcome { login, connection, reference, account, result }).await;
    response
}

/// What the provider sent along with the browser.
#[derive(Default)]
struct Answer {
    code: Option<String>,
    issuer: Option<String>,
    error: Option<String>,
}

/// The answer, and the login that waits for it. No login waits twice.
fn came_back(logins: &Inner, login: &Login, query: Option<&str>) -> Result<(Answer, Begun), Refused> {
    let mut parameters = parameters(query.unwrap_or_default())?;
    let state = parameters.remove("state").ok_or(Refusal::Request)?;
    let begun = logins.waiting.take(&state, logins.around.clock.now()).ok_or(Refusal::State)?;
    if begun.login != login.name || begun.issuer != login.settings.issuer {
        return Err(Refused::new(Refusal::State, "it began as another login, or at another provider"));
    }
    let mut take = |name: &str| parameters.remove(name);
    Ok((Answer { code: take("code"), issuer: take("iss"), error: take("error") }, begun))
}

/// The parameters of a query, in bounds and each once (RFC 6749, 3.1).
pub(super) fn parameters(query: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let mut parameters = BTreeMap::new();
    if query.len() > LONGEST_QUERY {
        return Err(Refusal::Request);
    }
    for (name, value) in form_urlencoded::parse(query.as_bytes()).take(MOST_PARAMETERS + 1) {
        if parameters.insert(name.into_owned(), value.into_owned()).is_some() || parameters.len() > MOST_PARAMETERS {
            return Err(Refusal::Request);
        }
    }
    Ok(parameters)
}

fn is_same_browser(logins: &Inner, begun: &Begun, headers: &HeaderMap) -> Result<(), Refused> {
    let own =
        logins.cookie.read(headers).ok_or_else(|| Refused::new(Refusal::Browser, "it sent no cookie of a login"))?;
    if blake3::hash(own.as_bytes()) == begun.browser {
        Ok(())
    } else {
        Err(Refused::new(Refusal::Browser, "its cookie is of another login"))
    }
}

async fn finish(
    logins: &Inner,
    login: &Login,
    answer: &Answer,
    begun: Begun,
    account: &mut Option<ExternalId>,
) -> Result<Entered, Refused> {
    let _seat = logins.room.try_acquire().map_err(|_| Refusal::Busy)?;
    let known = login.provider.known().await?;
    match &answer.issuer {
        Some(issuer) if *issuer != login.settings.issuer => {
            return Err(Refused::new(Refusal::IssuerParameter, format!("it names {}", one_line(issuer))));
        }
        None if known.names_itself() => return Err(Refused::new(Refusal::IssuerParameter, "it names none")),
        _ => {}
    }
    if let Some(error) = &answer.error {
        return Err(Refused::new(Refusal::Provider, error));
    }
    let code = answer.code.clone().ok_or(Refusal::Request)?;
    let nonce = begun.nonce;
    let tokens = exchanged(login, &known, code, begun).await?;
    let claims = good(logins, login, known.clone(), &tokens, nonce).await?;
    *account = Some(claims::id(&login.settings, &claims)?);
    let more = userinfo(login, &known, tokens.access_token(), &claims).await?;
    let person: Person = claims::person(&login.settings, &claims, more.as_ref())?;
    enter(&login.settings, login.directory.as_ref(), logins.around.people.as_ref(), person).await
}

/// The tokens for a code.
async fn exchanged(login: &Login, known: &Known, code: String, begun: Begun) -> Result<CoreTokenResponse, Refused> {
    let client = client(login, known)?;
    let request = client
        .exchange_code(AuthorizationCode::new(code))
        .map_err(|_| Refused::new(Refusal::Answer, "the provider has no token endpoint"))?
        .set_pkce_verifier(begun.verifier);
    request.request_async(&login.provider.client).await.map_err(no_tokens)
}

/// What a token endpoint answers may have tokens in it: nothing of what can not be read is repeated.
fn no_tokens(error: CoreRequestTokenError<NoAnswer>) -> Refused {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            Refused::new(Refusal::Provider, format!("token endpoint: {}", answer.error()))
        }
        RequestTokenError::Request(no_answer) => no_answer.into(),
        RequestTokenError::Parse(..) => {
            Refused::new(Refusal::Token, "the answer of the token endpoint can not be read")
        }
        RequestTokenError::Other(_) => {
            Refused::new(Refusal::Answer, "the answer of the token endpoint is empty or no JSON")
        }
    }
}

/// The claims of the id token, if it is good by the keys that are known, or by newer ones.
async fn good(
    logins: &Inner,
    login: &Login,
    known: Known,
    tokens: &CoreTokenResponse,
    nonce: blake3::Hash,
) -> Result<Map<String, Value>, Refused> {
    let id_token = tokens.id_token().ok_or_else(|| Refused::new(Refusal::Token, "there is none"))?;
    let expected = Expected {
        issuer: &login.settings.issuer,
        client_id: &login.settings.client_id,
        nonce,
        now: logins.around.clock.now(),
        access_token: tokens.access_token(),
    };
    match token::verified(id_token, &known.keys, &expected) {
        Err(refused) if token::wants_newer_keys(&refused) => match login.provider.newer_keys(&known).await? {
            Some(newer) => token::verified(id_token, &newer.keys, &expected),
            None => Err(refused),
        },
        other => other,
    }
}

/// What the userinfo endpoint says, if it is asked; about nobody else.
async fn userinfo(
    login: &Login,
    known: &Known,
    access_token: &AccessToken,
    claims: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, Refused> {
    if !login.settings.userinfo.unwrap_or(login.settings.preset.asks_userinfo()) {
        return Ok(None);
    }
    let unreadable = |why: &str| Refused::new(Refusal::Answer, format!("userinfo endpoint: {why}"));
    let Some(url) = known.metadata.userinfo_endpoint() else {
        return Err(unreadable("the provider has none; set userinfo = false"));
    };
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", access_token.secret()))
        .map_err(|_| unreadable("the access token can not be sent"))?;
    bearer.set_sensitive(true);
    let request = Request::get(url.as_str()).header(ACCEPT, "application/json").header(AUTHORIZATION, bearer);
    let request = request.body(Vec::new()).map_err(|_| unreadable("its address can not be asked"))?;
    let response = login.provider.client.send(request).await?;
    if response.status() != StatusCode::OK {
        return Err(unreadable(&format!("status {}", response.status())));
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("application/json") {
        return Err(unreadable("it does not answer in JSON"));
    }
    let more: Map<String, Value> = serde_json::from_slice(response.body()).map_err(|_| unreadable("no JSON object"))?;
    if more.get("sub").is_none() || more.get("sub") != claims.get("sub") {
        return Err(Refusal::Person.into());
    }
    Ok(Some(more))
}
