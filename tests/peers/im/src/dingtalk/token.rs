//! Tokens. Both interfaces hand out the same one: asked again while it lives, it is the same and lives anew.

use super::refusal::{Refusal, new as refused, old as old_refusal};
use super::table::Work;
use super::world::Token;
use crate::clock::{Millis, SECOND};
use crate::vendor::random_text;
use serde_json::{Value, json};

/// How long a token lives.
const LIFE: Millis = 7_200 * SECOND;

fn hand_out(work: &mut Work<'_>, app: &str, secret: &str) -> Option<String> {
    let known = work.world.org.apps.get(app).filter(|known| known.secret == secret)?;
    let prefix = known.token_prefix.clone();
    work.desk.caller = Some(app.to_owned());
    let now = work.now;
    let living = work.world.tokens.iter_mut().find(|(_, token)| token.app == app && token.until > now);
    if let Some((text, token)) = living {
        token.until = now + LIFE;
        return Some(text.clone());
    }
    let text = prefix + &random_text::<16>();
    work.world.tokens.insert(text.clone(), Token { app: app.to_owned(), until: now + LIFE });
    Some(text)
}

/// `gettoken`. An AppKey that does not exist and a secret that is wrong have one code.
pub(super) fn old(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (app, secret) = (work.required("appkey"), work.required("appsecret"));
    let token = hand_out(work, &app, &secret).ok_or_else(|| old_refusal(40089))?;
    Ok(json!({ "access_token": token, "expires_in": LIFE / SECOND }))
}

/// `oauth2/accessToken`.
pub(super) fn new(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (app, secret) = (work.required("appKey"), work.required("appSecret"));
    let token = hand_out(work, &app, &secret).ok_or_else(|| refused(400, "invalidClientIdOrSecret"))?;
    Ok(json!({ "accessToken": token, "expireIn": LIFE / SECOND }))
}
