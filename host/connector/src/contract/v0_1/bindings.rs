//! What `bindgen!` makes of `wit/v0.1`: one world with every role. Which of them a component has is found by probing
//! its exports, so the generated world itself is never instantiated.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated code")]

wasmtime::component::bindgen!({
    path: "../../wit/v0.1",
    world: "rosterd:connector/full-connector",
    imports: { default: trappable },
    exports: { "rosterd:connector/receiver.handle": async },
    with: {
        "rosterd:connector/secrets.secret": crate::import::secrets::SecretHandle,
        "rosterd:connector/byte-stream.connection": crate::import::stream::StreamHandle,
        "rosterd:connector/files.input": crate::import::files::InputHandle,
        "rosterd:connector/files.output": crate::import::files::OutputHandle,
    },
});
