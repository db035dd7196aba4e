//! A provider of OpenID Connect that says what it is told to.

use super::{ISSUER, NOW_S};
use crate::login::Fetch;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use openidconnect::url::form_urlencoded;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rosterd_model::port::BoxFuture;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

type Sign = Box<dyn Fn(&str, &EcdsaKeyPair) -> Vec<u8> + Send>;
type Change = Box<dyn Fn(&mut Value) + Send>;

/// What it says, and what it was asked.
pub(super) struct Script {
    pair: EcdsaKeyPair,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Nonce and challenge of each login, by its code.
    begun: BTreeMap<String, (String, String)>,
    claims: Option<Change>,
    discovery: Option<Change>,
    header: Option<Value>,
    /// How a token is signed, if not by the key.
    sign: Option<Sign>,
    key_id: String,
    answers: BTreeMap<String, (u16, Vec<u8>)>,
    silent: bool,
    asked: Vec<(String, String)>,
}

impl Script {
    pub(super) fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("a key");
        Self { pair, inner: Mutex::new(Inner { key_id: "k1".to_owned(), ..Inner::default() }) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("the script")
    }

    /// Gives out a code for a login.
    pub(super) fn code(&self, nonce: &str, challenge: &str) -> String {
        let mut inner = self.inner();
        let code = format!("c{}", inner.begun.len());
        inner.begun.insert(code.clone(), (nonce.to_owned(), challenge.to_owned()));
        code
    }

    /// Signs as a token is signed.
    pub(super) fn sign(&self, input: &str) -> Vec<u8> {
        by_key(input, &self.pair)
    }

    /// Changes the claims of tokens.
    pub(super) fn claims(&self, change: impl Fn(&mut Value) + Send + 'static) {
        self.inner().claims = Some(Box::new(change));
    }

    /// Changes what it says of itself.
    pub(super) fn discovery(&self, change: impl Fn(&mut Value) + Send + 'static) {
        self.inner().discovery = Some(Box::new(change));
    }

    /// The head of tokens, and how they are signed.
    pub(super) fn signs(&self, header: Value, sign: impl Fn(&str, &EcdsaKeyPair) -> Vec<u8> + Send + 'static) {
        let mut inner = self.inner();
        inner.header = Some(header);
        inner.sign = Some(Box::new(sign));
    }

    /// Takes another name for its key, in tokens and in what it publishes.
    pub(super) fn rotates(&self, key_id: &str) {
        self.inner().key_id = key_id.to_owned();
    }

    /// What it answers at a path, whatever is asked.
    pub(super) fn answers(&self, path: &str, status: u16, body: impl Into<Vec<u8>>) {
        self.inner().answers.insert(path.to_owned(), (status, body.into()));
    }

    /// It takes requests and says nothing.
    pub(super) fn falls_silent(&self) {
        self.inner().silent = true;
    }

    /// How often a path was asked for.
    pub(super) fn asked(&self, path: &str) -> usize {
        self.inner().asked.iter().filter(|(own, _)| own == path).count()
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    fn token(&self, inner: &Inner, nonce: &str) -> String {
        let mut claims = json!({
            "iss": ISSUER, "sub": "u-1", "aud": "hub", "iat": NOW_S - 5, "exp": NOW_S + 300, "nonce": nonce,
            "name": "Ann Lee", "given_name": "Ann", "family_name": "Lee", "preferred_username": "ann",
            "email": "ann@acme.example", "email_verified": true,
        });
        if let Some(change) = &inner.claims {
            change(&mut claims);
        }
        let header = inner.header.clone().unwrap_or_else(|| json!({ "alg": "ES256", "kid": inner.key_id }));
        let input = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = match &inner.sign {
            Some(sign) => sign(&input, &self.pair),
            None => by_key(&input, &self.pair),
        };
        format!("{input}.{}", BASE64.encode(signature))
    }

    fn answer(&self, path: &str, body: &str) -> (u16, Vec<u8>) {
        let inner = self.inner();
        if let Some(answer) = inner.answers.get(path) {
            return answer.clone();
        }
        let answer = match path {
            "/.well-known/openid-configuration" => {
                let mut document = json!({
                    "issuer": ISSUER, "authorization_endpoint": format!("{ISSUER}/authorize"),
                    "token_endpoint": format!("{ISSUER}/token"), "userinfo_endpoint": format!("{ISSUER}/userinfo"),
                    "jwks_uri": format!("{ISSUER}/jwks"), "response_types_supported": ["code"],
                    "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
                });
                if let Some(change) = &inner.discovery {
                    change(&mut document);
                }
                document
            }
            "/jwks" => {
                let point = self.pair.public_key().as_ref();
                let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
                json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "kid": inner.key_id, "x": x, "y": y }] })
            }
            "/token" => {
                let form: BTreeMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
                let verifier = form.get("code_verifier").map(|verifier| BASE64.encode(Sha256::digest(verifier)));
                let Some((nonce, _)) = inner.begun.get(&form["code"]).filter(|(_, own)| Some(own) == verifier.as_ref())
                else {
                    return (400, json!({ "error": "invalid_grant" }).to_string().into_bytes());
                };
                assert_eq!(form["redirect_uri"], "https://hub.example/login/id/callback");
                json!({ "access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": self.token(&inner, nonce) })
            }
            _ => return (404, b"{}".to_vec()),
        };
        (200, answer.to_string().into_bytes())
    }
}

/// The signature that a token should have.
pub(super) fn by_key(input: &str, pair: &EcdsaKeyPair) -> Vec<u8> {
    pair.sign(&SystemRandom::new(), input.as_bytes()).expect("a signature").as_ref().to_vec()
}

impl Fetch for Script {
    fn fetch(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, String>> {
        assert_eq!(request.uri().host(), Some("id.example"));
        let path = request.uri().path().to_owned();
        let body = String::from_utf8(request.into_body()).expect("text");
        self.inner().asked.push((path.clone(), body.clone()));
        Box::pin(async move {
            if self.inner().silent {
                std::future::pending::<()>().await;
            }
            let (status, body) = self.answer(&path, &body);
            let response = http::Response::builder().status(status).header("content-type", "application/json");
            response.body(body).map_err(|error| error.to_string())
        })
    }
}
