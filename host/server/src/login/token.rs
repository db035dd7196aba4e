//! Is this id token good: for this application, this login and this moment. Source: OpenID Connect Core 1.0, 3.1.3.7.

use super::refusal::{Refusal, Refused};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, Nonce, SignatureVerificationError,
};
use rosterd_model::Timestamp;
use serde_json::{Map, Value};
use std::time::{Duration, UNIX_EPOCH};

/// Clocks differ by so much.
const LEEWAY_S: u64 = 60;
/// A token that was issued longer ago is not of this login.
const OLDEST_S: u64 = 10 * 60;

/// Keys of a provider are public: with a symmetric algorithm everybody could sign with them.
const ACCEPTED: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a token must fit.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: blake3::Hash,
    pub(super) now: Timestamp,
    /// The access token that came along.
    pub(super) access_token: &'a AccessToken,
}

/// Reads a token, without believing any of it.
#[cfg(any(test, feature = "testing"))]
pub(super) fn read(text: &str) -> Result<CoreIdToken, Refused> {
    <CoreIdToken as std::str::FromStr>::from_str(text)
        .map_err(|_| Refused::new(Refusal::Token, "it is no signed JSON with the claims of an id token"))
}

/// The claims of a token that was found good.
pub(super) fn verified(
    token: &CoreIdToken,
    keys: &CoreJsonWebKeySet,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, Refused> {
    let issuer = IssuerUrl::new(expected.issuer.to_owned()).map_err(|_| Refused::from(Refusal::Issuer))?;
    let now = Duration::from_millis(expected.now.0);
    let leeway = Duration::from_secs(LEEWAY_S);
    let verifier =
        CoreIdTokenVerifier::new_public_client(ClientId::new(expected.client_id.to_owned()), issuer, keys.clone())
            .set_allowed_algs(ACCEPTED)
            // Whose token it is among several audiences is told by `azp`, below.
            .set_other_audience_verifier_fn(|_| true)
            .set_time_fn(move || (UNIX_EPOCH + now.saturating_sub(leeway)).into());
    let nonce = |own: Option<&Nonce>| match own {
        Some(own) if blake3::hash(own.secret().as_bytes()) == expected.nonce => Ok(()),
        _ => Err("it has another nonce, or none".to_owned()),
    };
    let claims = token.claims(&verifier, nonce).map_err(refused)?;
    authorized_party(claims, expected.client_id)?;
    access_token(token, claims, &verifier, expected.access_token)?;
    let text = token.to_string();
    let payload = payload(&text)?;
    // Two readers of the same bytes: what one of them verified must be what the other one takes.
    if payload.get("sub").and_then(Value::as_str) != Some(claims.subject().as_str()) {
        return Err(Refusal::Subject.into());
    }
    times(&payload, claims, now.as_secs())?;
    Ok(payload)
}

/// Several audiences are told apart by the party that the token was issued to.
fn authorized_party(claims: &CoreIdTokenClaims, client_id: &str) -> Result<(), Refused> {
    let party = claims.authorized_party().map(|party| party.as_str());
    match party {
        Some(party) if party != client_id => Err(Refused::new(Refusal::Audience, "azp names another application")),
        None if claims.audiences().len() > 1 => {
            Err(Refused::new(Refusal::Audience, "it has several audiences and no azp"))
        }
        _ => Ok(()),
    }
}

fn access_token(
    token: &CoreIdToken,
    claims: &CoreIdTokenClaims,
    verifier: &CoreIdTokenVerifier<'_>,
    access_token: &AccessToken,
) -> Result<(), Refused> {
    let Some(stated) = claims.access_token_hash() else { return Ok(()) };
    let key = token.signing_key(verifier).map_err(signature)?;
    let algorithm = token.signing_alg().map_err(signature)?;
    match AccessTokenHash::from_token(access_token, algorithm, key) {
        Ok(own) if own == *stated => Ok(()),
        _ => Err(Refusal::AccessToken.into()),
    }
}

fn times(payload: &Map<String, Value>, claims: &CoreIdTokenClaims, now: u64) -> Result<(), Refused> {
    let issued = u64::try_from(claims.issue_time().timestamp()).unwrap_or(0);
    if issued > now + LEEWAY_S {
        return Err(Refused::new(Refusal::NotYet, "iat is in the future"));
    }
    if issued + OLDEST_S + LEEWAY_S < now {
        return Err(Refused::new(Refusal::Expired, "iat is more than ten minutes ago"));
    }
    let latest = f64::from(u32::try_from(now + LEEWAY_S).unwrap_or(u32::MAX));
    match payload.get("nbf") {
        None | Some(Value::Null) => Ok(()),
        Some(from) if from.as_f64().is_some_and(|from| from <= latest) => Ok(()),
        Some(_) => Err(Refused::new(Refusal::NotYet, "nbf is in the future")),
    }
}

/// The claims as they stand in a token.
pub(super) fn payload(text: &str) -> Result<Map<String, Value>, Refused> {
    let unreadable = || Refused::from(Refusal::Token);
    let part = text.split('.').nth(1).ok_or_else(unreadable)?;
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).map_err(|_| unreadable())?;
    serde_json::from_slice(&bytes).map_err(|_| unreadable())
}

/// True if the keys that were asked for may be too old.
pub(super) fn wants_newer_keys(refused: &Refused) -> bool {
    refused.refusal == Refusal::Key
}

fn refused(error: ClaimsVerificationError) -> Refused {
    use ClaimsVerificationError as Error;
    match error {
        Error::Expired(text) => Refused::new(Refusal::Expired, text),
        Error::InvalidAudience(text) => Refused::new(Refusal::Audience, text),
        Error::InvalidIssuer(text) => Refused::new(Refusal::Issuer, text),
        Error::InvalidNonce(text) => Refused::new(Refusal::Nonce, text),
        Error::InvalidSubject(text) => Refused::new(Refusal::Subject, text),
        Error::SignatureVerification(error) => signature(error),
        other => Refused::new(Refusal::Token, other.to_string()),
    }
}

fn signature(error: SignatureVerificationError) -> Refused {
    use SignatureVerificationError as Error;
    match error {
        Error::NoMatchingKey => Refusal::Key.into(),
        Error::AmbiguousKeyId(_) => Refused::new(Refusal::Key, "several keys fit; the provider must name one"),
        Error::NoSignature => Refused::new(Refusal::Algorithm, "it is not signed"),
        Error::DisallowedAlg(text) | Error::UnsupportedAlg(text) => Refused::new(Refusal::Algorithm, text),
        Error::CryptoError(_) => Refusal::Signature.into(),
        other => Refused::new(Refusal::Signature, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openidconnect::JwsSigningAlgorithm as _;

    #[test]
    fn nothing_is_accepted_that_everybody_could_sign() {
        assert!(ACCEPTED.iter().all(|algorithm| !algorithm.uses_shared_secret()));
    }
}
