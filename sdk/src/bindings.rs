//! What `wit-bindgen` makes of `wit/`: the imports once, and one module per exported interface on the same types.
//!
//! One world per role keeps a component's exports to the roles that it has, and its imports to what it calls. The
//! modules share the types of [`imports`], so that one `Fault` serves every role. Nothing outside of the SDK names
//! this module, except the export macros.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated code")]
#![allow(unsafe_code, reason = "the canonical ABI is made of raw pointers; only generated code touches them")]

/// Everything that a connector may ask for.
pub mod imports {
    wit_bindgen::generate!({
        path: "wit/v0.1",
        world: "rosterd:connector/imports",
        additional_derives: [PartialEq],
        additional_derives_ignore: ["splice", "segment"],
        generate_all,
    });
}

macro_rules! part {
    ($(#[$doc:meta])* $module:ident, $world:literal) => {
        $(#[$doc])*
        pub mod $module {
            wit_bindgen::generate!({
                path: "wit/v0.1",
                world: $world,
                pub_export_macro: true,
                export_macro_name: "export_part",
                additional_derives: [PartialEq],
                with: {
                    "rosterd:connector/types@0.1.0": crate::bindings::imports::rosterd::connector::types,
                    "rosterd:connector/log@0.1.0": crate::bindings::imports::rosterd::connector::log,
                    "rosterd:connector/settings@0.1.0": crate::bindings::imports::rosterd::connector::settings,
                    "rosterd:connector/secrets@0.1.0": crate::bindings::imports::rosterd::connector::secrets,
                    "rosterd:connector/http@0.1.0": crate::bindings::imports::rosterd::connector::http,
                    "rosterd:connector/byte-stream@0.1.0": crate::bindings::imports::rosterd::connector::byte_stream,
                    "rosterd:connector/files@0.1.0": crate::bindings::imports::rosterd::connector::files,
                    "rosterd:connector/scratch@0.1.0": crate::bindings::imports::rosterd::connector::scratch,
                    "rosterd:connector/clock@0.1.0": crate::bindings::imports::rosterd::connector::clock,
                    "rosterd:connector/random@0.1.0": crate::bindings::imports::rosterd::connector::random,
                    "rosterd:connector/directory@0.1.0": crate::bindings::imports::rosterd::connector::directory,
                },
            });
        }
    };
}

part!(
    /// Exports of every connector.
    connector_part, "rosterd:connector/connector-part"
);
part!(
    /// Exports of the reading role.
    source_part, "rosterd:connector/source-part"
);
part!(
    /// Exports of the writing role.
    destination_part, "rosterd:connector/destination-part"
);
part!(
    /// Exports of the role that answers HTTP requests.
    receiver_part, "rosterd:connector/receiver-part"
);
part!(
    /// Exports of the role that keeps a long-lived stream.
    listener_part, "rosterd:connector/listener-part"
);
