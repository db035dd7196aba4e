//! Tokens, what an application may see, and the door to sockets.

use super::{Call, new, old};
use crate::dingtalk::{scopes, stream, token};
use crate::schema::{Field, integer, integers, list, map, object, text, texts};

const SUBSCRIPTION: &[Field] = &[text("type").required().one_of(&["EVENT", "CALLBACK"]), text("topic").required()];

const AUTHED: &[Field] = &[texts("authed_user"), integers("authed_dept")];

pub(super) const CALLS: &[Call] = &[
    old(
        "/gettoken",
        &[text("appkey").required().refused(40089), text("appsecret").required().refused(40089)],
        &[text("access_token"), integer("expires_in")],
        token::old,
    )
    .get()
    .open()
    .refusal(40035),
    new(
        "/v1.0/oauth2/accessToken",
        &[text("appKey").required(), text("appSecret").required()],
        &[text("accessToken"), integer("expireIn")],
        token::new,
    )
    .open(),
    old(
        "/auth/scopes",
        &[],
        &[texts("auth_user_field"), texts("condition_field"), object("auth_org_scopes", AUTHED)],
        scopes::scopes,
    )
    .get(),
    new(
        "/v1.0/gateway/connections/open",
        &[
            text("clientId").required(),
            text("clientSecret").required(),
            list("subscriptions", SUBSCRIPTION).required(),
            text("ua"),
            text("localIp"),
            map("extras"),
        ],
        &[text("endpoint"), text("ticket")],
        stream::open,
    )
    .open(),
];
