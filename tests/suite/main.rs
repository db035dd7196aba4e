//! One binary for every test that needs more than one crate.

mod api;
mod callback;
mod crash;
mod dingtalk;
mod flow;
mod guide;
mod ldap;
mod oidc;
mod probe;
mod sandbox;
mod scim;
mod tidy;
