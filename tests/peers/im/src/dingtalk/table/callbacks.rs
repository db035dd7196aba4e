//! Callbacks that are registered by the interface, and those that did not arrive.

use super::{Call, old};
use crate::dingtalk::callbacks;
use crate::schema::{Field, any, flag, text, texts};

const SUBSCRIBE: &[Field] = &[
    texts("call_back_tag").required(),
    text("token").required().min(6).max(63),
    text("aes_key").required().min(43).max(43),
    text("url").required(),
];

pub(super) const CALLS: &[Call] = &[
    old("/call_back/register_call_back", SUBSCRIBE, &[], callbacks::register),
    old("/call_back/update_call_back", SUBSCRIBE, &[], callbacks::update),
    old(
        "/call_back/get_call_back",
        &[],
        &[texts("call_back_tag"), text("token"), text("aes_key"), text("url")],
        callbacks::get,
    )
    .get(),
    old("/call_back/delete_call_back", &[], &[], callbacks::delete).get(),
    old(
        "/call_back/get_call_back_failed_result",
        &[],
        // A failure has a field that is named after the type of the event.
        &[flag("has_more"), any("failed_list")],
        callbacks::failed,
    )
    .get(),
];
