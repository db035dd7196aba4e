//! Tokens: the host gets them as the manifest's recipe says, keeps them for the connection, and puts them into requests.
//! A connector never sees one.

use crate::condition::Answer;
use crate::crypto::sign;
use crate::endpoint::{Endpoint, Kind};
use crate::http::{Client, Incoming, Ready, Target};
use crate::manifest::Use;
use crate::manifest_parts::{Assertion, Condition, Exchange, Recipe, Reply, Within};
use crate::redact::Redactor;
use crate::secret::form::{self, percent};
use crate::secret::vault::Secret;
use crate::template::{expand, fill, plain, setting};
use crate::token_reply::{self, Token};
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Instant;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

/// The recipes of one connection, with their tokens.
pub(crate) struct Recipes {
    all: BTreeMap<String, Entry>,
    settings: Value,
    secrets: BTreeMap<String, Secret>,
    redactor: Redactor,
}

struct Entry {
    recipe: Recipe,
    places: Vec<Vec<Endpoint>>,
    token: Mutex<Option<Token>>,
}

impl Recipes {
    pub(crate) fn new(
        recipes: &BTreeMap<String, Recipe>,
        settings: &Value,
        secrets: &BTreeMap<String, Secret>,
        redactor: &Redactor,
    ) -> Result<Self, String> {
        let hosts = |list: &[String]| {
            list.iter()
                .flat_map(|text| expand(text, settings))
                .map(|text| Endpoint::parse(&text, Kind::Http))
                .collect::<Result<Vec<_>, _>>()
        };
        let entry = |(name, recipe): (&String, &Recipe)| {
            let places = recipe.place.iter().map(|place| hosts(&place.hosts)).collect::<Result<_, _>>()?;
            Ok::<_, String>((name.clone(), Entry { recipe: recipe.clone(), places, token: Mutex::new(None) }))
        };
        let all = recipes.iter().map(entry).collect::<Result<_, _>>()?;
        Ok(Self { all, settings: settings.clone(), secrets: secrets.clone(), redactor: redactor.clone() })
    }

    /// True if the answer means that the token is no longer good.
    pub(crate) fn expired(&self, name: &str, incoming: &Incoming) -> bool {
        let unauthorized = [Condition { status: Some(vec![401]), ..Condition::default() }];
        let answer = Answer::new(incoming);
        let exchanged = |entry: &&Entry| entry.recipe.request.is_some();
        self.all.get(name).filter(exchanged).is_some_and(|entry| {
            entry.recipe.expired.as_deref().unwrap_or(&unauthorized).iter().any(|condition| answer.fits(condition))
        })
    }

    /// Puts the token into a request; gets one if there is none, or if the one there is `stale`. Gives its serial number.
    pub(crate) async fn place(
        &self,
        client: &Client,
        name: &str,
        target: &Target,
        ready: &mut Ready,
        stale: Option<u64>,
    ) -> Result<u64, Fault> {
        let entry = self
            .all
            .get(name)
            .ok_or_else(|| Fault::new(FaultKind::Internal, format!("the manifest has no recipe \"{name}\"")))?;
        let fits = |hosts: &&Vec<Endpoint>| hosts.iter().any(|own| own.holds(&target.host, target.port));
        let index = entry.places.iter().position(|hosts| fits(&hosts));
        let place = index.and_then(|index| entry.recipe.place.get(index));
        let place = place.ok_or_else(|| {
            Fault::new(
                FaultKind::Denied,
                format!("the token of the recipe \"{name}\" may not be sent to {}:{}", target.host, target.port),
            )
        })?;
        let (token, serial) = self.token(client, name, entry, target, stale).await?;
        match place.within {
            Within::Header => {
                let value = Zeroizing::new(place.format.replace("{token}", &token).into_bytes());
                ready.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(&place.name));
                ready.headers.push((place.name.to_ascii_lowercase(), value));
            }
            Within::Query => {
                let value = Zeroizing::new(place.format.replace("{token}", &token));
                let url = std::mem::take(&mut *ready.url);
                let (bare, fragment) = url.split_once('#').map_or((url.as_str(), ""), |(bare, rest)| (bare, rest));
                let joint = if bare.contains('?') { '&' } else { '?' };
                let hash = if fragment.is_empty() { "" } else { "#" };
                ready.url = Zeroizing::new(format!(
                    "{bare}{joint}{}={}{hash}{fragment}",
                    place.name,
                    percent(value.as_bytes())
                ));
            }
        }
        Ok(serial)
    }

    async fn token(
        &self,
        client: &Client,
        name: &str,
        entry: &Entry,
        target: &Target,
        stale: Option<u64>,
    ) -> Result<(Zeroizing<String>, u64), Fault> {
        let mut held = entry.token.lock().await;
        let good =
            |token: &&Token| token.until.is_none_or(|until| until > Instant::now()) && stale != Some(token.serial);
        if let Some(token) = held.as_ref().filter(good) {
            return Ok((token.text.clone(), token.serial));
        }
        let mut token = match (&entry.recipe.secret, &entry.recipe.request, &entry.recipe.reply) {
            (Some(secret), _, _) => self.fixed(secret, entry.recipe.username.as_deref(), target)?,
            (None, Some(request), Some(reply)) => {
                self.exchange(client, entry.recipe.assertion.as_ref(), request, reply).await.map_err(|mut fault| {
                    fault.message = format!("the recipe \"{name}\" got no token: {}", fault.message);
                    fault
                })?
            }
            _ => return Err(Fault::new(FaultKind::Internal, format!("the recipe \"{name}\" is not whole"))),
        };
        self.redactor.learn(token.text.as_bytes(), token.text.as_bytes());
        token.serial = held.as_ref().map_or(1, |old| old.serial + 1);
        let answer = (token.text.clone(), token.serial);
        *held = Some(token);
        Ok(answer)
    }

    /// A secret that is the token itself.
    fn fixed(&self, name: &str, username: Option<&str>, target: &Target) -> Result<Token, Fault> {
        let secret = self.secret(name, target)?;
        let text = match username {
            None => text(&secret.bytes)?,
            Some(username) => {
                let username = self.fill(username, None, target, Encoding::Plain)?;
                let pair = Zeroizing::new([username.as_bytes(), b":", &secret.bytes].concat());
                text(&form::write("base64", &[], &pair).unwrap_or_default())?
            }
        };
        Ok(Token { text, until: None, serial: 0 })
    }

    async fn exchange(
        &self,
        client: &Client,
        assertion: Option<&Assertion>,
        request: &Exchange,
        reply: &Reply,
    ) -> Result<Token, Fault> {
        // Secrets can not stand in the host, so the url without them says where the request goes.
        let bare = fill(&request.url, |name| Ok::<_, Fault>(setting(&self.settings, name).and_then(plain)))?;
        let target = client.target(&bare)?;
        let assertion = assertion.map(|assertion| self.assertion(assertion, &target)).transpose()?;
        let assertion = assertion.as_ref().map(|text| text.as_str());
        let fill = |text: &str, encoding| self.fill(text, assertion, &target, encoding);
        let mut url = fill(&request.url, Encoding::Url)?;
        for (index, (key, value)) in request.query.iter().enumerate() {
            let joint = if index == 0 && !url.contains('?') { '?' } else { '&' };
            url = Zeroizing::new(format!(
                "{}{joint}{}={}",
                url.as_str(),
                percent(key.as_bytes()),
                percent(fill(value, Encoding::Plain)?.as_bytes())
            ));
        }
        let bytes = |text: Zeroizing<String>| Zeroizing::new(text.as_bytes().to_vec());
        let mut headers = Vec::new();
        for (name, value) in &request.headers {
            headers.push((name.to_ascii_lowercase(), bytes(fill(value, Encoding::Plain)?)));
        }
        if let Some(basic) = &request.basic {
            let secret = self.secret(&basic.secret, &target)?;
            let pair =
                Zeroizing::new([fill(&basic.username, Encoding::Plain)?.as_bytes(), b":", &secret.bytes].concat());
            let value = text(&form::write("base64", &[], &pair).unwrap_or_default())?;
            headers
                .push(("authorization".to_owned(), Zeroizing::new(format!("Basic {}", value.as_str()).into_bytes())));
        }
        let mut kind =
            |value: &str| headers.push(("content-type".to_owned(), Zeroizing::new(value.as_bytes().to_vec())));
        let body = if let Some(form) = &request.form {
            kind("application/x-www-form-urlencoded");
            let pair = |(key, value): (&String, &String)| {
                Ok::<_, Fault>(format!(
                    "{}={}",
                    percent(key.as_bytes()),
                    percent(fill(value, Encoding::Plain)?.as_bytes())
                ))
            };
            let pairs = Zeroizing::new(form.iter().map(pair).collect::<Result<Vec<_>, _>>()?.join("&"));
            Some(bytes(pairs))
        } else if let Some(json) = &request.json {
            kind("application/json");
            Some(bytes(Zeroizing::new(fill_json(json, &|text| fill(text, Encoding::Plain))?.to_string())))
        } else {
            None
        };
        let method = request.method.parse().map_err(|_| Fault::new(FaultKind::Internal, "the recipe has no method"))?;
        let incoming = client.transmit(Ready { method, url, headers, body }).await?;
        // What closes a bucket for a call closes it for this one: the remote system counts both.
        let wait = client.penalty(&request.method, &target, &incoming);
        token_reply::read(reply, &incoming, wait).map_err(|mut fault| {
            fault.message = format!("{}: {}", target.path, fault.message);
            fault
        })
    }

    /// A JWT signed with a secret key.
    fn assertion(&self, assertion: &Assertion, target: &Target) -> Result<Zeroizing<String>, Fault> {
        let secret = self.secret(&assertion.key, target)?;
        let name = if assertion.algorithm == "ed25519" {
            "EdDSA".to_owned()
        } else {
            assertion.algorithm.to_ascii_uppercase()
        };
        let now = crate::clock::since_1970().as_secs();
        let mut id = [0; 16];
        getrandom::fill(&mut id)
            .map_err(|error| Fault::new(FaultKind::Internal, format!("the system gives no randomness: {error}")))?;
        let part = |own: Value, more: &BTreeMap<String, String>| {
            let mut object = own.as_object().cloned().unwrap_or_default();
            for (key, value) in more {
                object.insert(key.clone(), Value::String(self.fill(value, None, target, Encoding::Plain)?.to_string()));
            }
            let text = Zeroizing::new(Value::Object(object).to_string());
            Ok::<_, Fault>(form::write("base64url", &[], text.as_bytes()).unwrap_or_default())
        };
        let header = part(json!({ "alg": name, "typ": "JWT" }), &assertion.header)?;
        let life = (assertion.lifetime.0 / 1000).max(1);
        let claims = part(json!({ "iat": now, "exp": now + life, "jti": form::hex(&id) }), &assertion.claims)?;
        let message = Zeroizing::new([header.as_slice(), b".", claims.as_slice()].concat());
        let signature = sign::sign(&assertion.algorithm, &secret.bytes, &message)?;
        let signature = form::write("base64url", &[], &signature).unwrap_or_default();
        text(&[message.as_slice(), b".", signature.as_slice()].concat())
    }

    fn secret(&self, name: &str, target: &Target) -> Result<&Secret, Fault> {
        let missing =
            || Fault::new(FaultKind::Settings, format!("the secret \"{name}\" is not set; the recipe needs it"));
        let secret = self.secrets.get(name).ok_or_else(missing)?;
        secret.allow(Use::Recipe)?;
        secret.may_go_to(&target.host, target.port)?;
        Ok(secret)
    }

    fn fill(
        &self,
        template: &str,
        assertion: Option<&str>,
        target: &Target,
        encoding: Encoding,
    ) -> Result<Zeroizing<String>, Fault> {
        let mut first = true;
        let value = |name: &str| {
            let leading = std::mem::take(&mut first) && template.starts_with('{');
            let found = if name == "assertion" {
                assertion.map(ToOwned::to_owned)
            } else if let Some(name) = name.strip_prefix("secrets.") {
                Some(text(&self.secret(name, target)?.bytes)?.to_string())
            } else if let Some(found) = setting(&self.settings, name) {
                plain(found)
            } else if name.starts_with("settings.") {
                return Err(Fault::new(
                    FaultKind::Settings,
                    format!("the recipe needs the setting \"{name}\", which is not set"),
                ));
            } else {
                None
            };
            // A setting at the beginning of a url is a url; anything else in it is a part.
            let raw = encoding == Encoding::Plain || leading;
            Ok::<_, Fault>(found.map(|text| if raw { text } else { percent(text.as_bytes()) }))
        };
        fill(template, value).map(Zeroizing::new)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Plain,
    Url,
}

fn text(bytes: &[u8]) -> Result<Zeroizing<String>, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::new(FaultKind::Invalid, "the secret is no text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn fill_json(value: &Value, fill: &dyn Fn(&str) -> Result<Zeroizing<String>, Fault>) -> Result<Value, Fault> {
    Ok(match value {
        Value::String(text) => Value::String(fill(text)?.to_string()),
        Value::Array(items) => Value::Array(items.iter().map(|item| fill_json(item, fill)).collect::<Result<_, _>>()?),
        Value::Object(object) => {
            let member = |(key, value): (&String, &Value)| Ok::<_, Fault>((key.clone(), fill_json(value, fill)?));
            Value::Object(object.iter().map(member).collect::<Result<Map<_, _>, _>>()?)
        }
        other => other.clone(),
    })
}
