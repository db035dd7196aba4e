//! Under construction.
mod contract;
mod crypto;
mod egress;
mod endpoint;
mod error;
mod grant;
mod import;
mod limit;
mod manifest;
mod manifest_parts;
mod package;
mod redact;
mod schema;
mod secret;
mod template;
mod units;
mod version;
