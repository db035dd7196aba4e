//! A real component whose library imports WASI, in the real sandbox.

use crate::{ConnectionConfig, ConnectorHost, HostSettings, inspect};
use rosterd_model::fault::FaultKind;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};

const MANIFEST: &str =
    "name = \"probe\"\nversion = \"1.0.0\"\ntitle = \"Probe\"\ncontract = \"0.1\"\nroles = [\"source\"]\n";

/// The parts of WASI that the component imports.
const WORLD: &str = r"
package test:guest;
world guest {
  import wasi:cli/environment@0.2.0;
  import wasi:cli/stdin@0.2.0;
  import wasi:cli/stderr@0.2.0;
  import wasi:filesystem/preopens@0.2.0;
  import wasi:clocks/monotonic-clock@0.2.0;
  import wasi:clocks/wall-clock@0.2.0;
  import wasi:random/random@0.2.0;
  import wasi:sockets/instance-network@0.2.0;
  export rosterd:connector/connector@0.1.0;
  export rosterd:connector/source@0.1.0;
}
package wasi:io@0.2.0 {
  interface error { resource error { to-debug-string: func() -> string; } }
  interface poll { resource pollable { ready: func() -> bool; block: func(); } poll: func(in: list<borrow<pollable>>) -> list<u32>; }
  interface streams {
    use error.{error};
    use poll.{pollable};
    variant stream-error { last-operation-failed(error), closed }
    resource input-stream { read: func(len: u64) -> result<list<u8>, stream-error>; subscribe: func() -> pollable; }
    resource output-stream { blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>; }
  }
}
package wasi:cli@0.2.0 {
  interface environment { get-environment: func() -> list<tuple<string, string>>; initial-cwd: func() -> option<string>; }
  interface stdin { use wasi:io/streams@0.2.0.{input-stream}; get-stdin: func() -> input-stream; }
  interface stderr { use wasi:io/streams@0.2.0.{output-stream}; get-stderr: func() -> output-stream; }
}
package wasi:filesystem@0.2.0 {
  interface types { resource descriptor { sync: func(); } }
  interface preopens { use types.{descriptor}; get-directories: func() -> list<tuple<descriptor, string>>; }
}
package wasi:clocks@0.2.0 {
  interface monotonic-clock { use wasi:io/poll@0.2.0.{pollable}; now: func() -> u64; subscribe-duration: func(when: u64) -> pollable; }
  interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }
}
package wasi:random@0.2.0 { interface random { get-random-u64: func() -> u64; get-random-bytes: func(len: u64) -> list<u8>; } }
package wasi:sockets@0.2.0 {
  interface network { resource network; }
  interface instance-network { use network.{network}; instance-network: func() -> network; }
}
";

/// `discover` touches all that a library touches at its start, and stops where an answer is not as promised; `check` wants a
/// network.
const MODULE: &str = r#"(module
  (import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
  (import "wasi:cli/environment@0.2.0" "initial-cwd" (func $cwd (param i32)))
  (import "wasi:cli/stdin@0.2.0" "get-stdin" (func $stdin (result i32)))
  (import "wasi:cli/stderr@0.2.0" "get-stderr" (func $stderr (result i32)))
  (import "wasi:io/streams@0.2.0" "[method]input-stream.read" (func $read (param i32 i64 i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop (param i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $folders (param i32)))
  (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
  (import "wasi:clocks/wall-clock@0.2.0" "now" (func $date (param i32)))
  (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
  (import "wasi:random/random@0.2.0" "get-random-bytes" (func $bytes (param i64 i32)))
  (import "wasi:sockets/instance-network@0.2.0" "instance-network" (func $network (result i32)))
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 65536))
  (data (i32.const 1024) "hello\nno end")
  (data (i32.const 2048) "{}seen")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    global.get $top  global.get $top local.get 3 i32.add i32.const 15 i32.add i32.const -16 i32.and global.set $top)
  (func $stop_unless (param i32) local.get 0 i32.eqz if unreachable end)
  (func $text (param $at i32) (param $pointer i32) (param $length i32)
    local.get $at local.get $pointer i32.store  local.get $at local.get $length i32.store offset=4)
  (func (export "rosterd:connector/connector@0.1.0#describe") (result i32)
    (call $text (i32.const 256) (i32.const 2048) (i32.const 2)) i32.const 256)
  (func (export "rosterd:connector/connector@0.1.0#check") (result i32) call $network drop unreachable)
  (func (export "rosterd:connector/connector@0.1.0#discover") (result i32)
    (local $out i32)
    (call $environment (i32.const 128)) (call $stop_unless (i32.eqz (i32.load offset=4 (i32.const 128))))
    (call $cwd (i32.const 128)) (call $stop_unless (i32.eqz (i32.load8_u (i32.const 128))))
    (call $folders (i32.const 128)) (call $stop_unless (i32.eqz (i32.load offset=4 (i32.const 128))))
    (call $read (call $stdin) (i64.const 10) (i32.const 128)) (call $stop_unless (i32.load8_u (i32.const 128)))
    (call $stop_unless (i32.load8_u offset=4 (i32.const 128)))
    (call $date (i32.const 128)) (call $stop_unless (i64.gt_u (i64.load (i32.const 128)) (i64.const 1700000000)))
    (call $block (call $after (i64.const 1)))
    (call $stop_unless (i64.gt_u (call $now) (i64.const 0)))
    (call $stop_unless (i64.ne (call $random) (call $random)))
    (call $bytes (i64.const 8) (i32.const 128)) (call $stop_unless (i32.eq (i32.load offset=4 (i32.const 128)) (i32.const 8)))
    (local.set $out (call $stderr))
    (call $write (local.get $out) (i32.const 1024) (i32.const 3) (i32.const 128))
    (call $write (local.get $out) (i32.const 1027) (i32.const 9) (i32.const 128))
    (call $drop (local.get $out))
    (call $text (i32.const 264) (i32.const 2050) (i32.const 4)) i32.const 256)
  (func (export "rosterd:connector/source@0.1.0#scan") (param i32 i32 i32 i32 i32) (result i32) unreachable)
  (func (export "rosterd:connector/source@0.1.0#changes-since") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "rosterd:connector/source@0.1.0#read") (param i32 i32) (result i32) unreachable)
  (func (export "rosterd:connector/source@0.1.0#[method]reader.next") (param i32 i32) (result i32) unreachable)
)"#;

/// The component, as a build tool would make it of a module and a world.
pub(crate) fn component(module: &str, world: &str, manifest: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/v0.1")).unwrap();
    let package = resolve.push_str("guest.wit", world).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    let encode = || wit_component::ComponentEncoder::default().module(&module)?.validate(true).encode();
    let mut component = encode().unwrap();
    let name = crate::package::MANIFEST_SECTION;
    let size = 1 + name.len() + manifest.len();
    component.extend([0, (size & 0x7f) as u8 | 0x80, (size >> 7) as u8, name.len() as u8]);
    component.extend(name.as_bytes());
    component.extend(manifest.as_bytes());
    component
}

/// Keeps the messages of the connectors' log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "connector" && *metadata.level() <= tracing::Level::INFO
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(event.metadata().level().to_string());
        event.record(&mut message);
        self.0.lock().unwrap().push(format!("{} {}", event.metadata().level(), message.0));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_imports_wasi_runs_and_finds_nothing_there() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let bytes = component(MODULE, WORLD, MANIFEST);
    let inspection = inspect(&bytes).unwrap();
    assert!(inspection.imports.is_empty(), "{:?}", inspection.imports);
    for name in ["wasi:cli/stderr.get-stderr", "wasi:io/streams.output-stream.blocking-write-and-flush"] {
        assert!(inspection.wasi.iter().any(|import| import == name), "{name}: {:?}", inspection.wasi);
    }

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("probe.wasm");
    std::fs::write(&path, bytes).unwrap();
    let settings = HostSettings { cache_dir: folder.path().join("cache"), runtime: tokio::runtime::Handle::current() };
    let loaded = ConnectorHost::new(settings).unwrap().load(&path).unwrap();
    let config = ConnectionConfig::new("hr".parse().unwrap(), folder.path().to_owned());
    let mut connector = loaded.connect(config).unwrap().connector().unwrap();
    assert_eq!(connector.discover().await.as_deref(), Ok("seen"));
    let lines = std::mem::take(&mut *log.0.lock().unwrap());
    assert_eq!(lines, ["WARN hello", "WARN no end"]);

    let fault = connector.check().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Internal);
    assert!(fault.message.contains("it called instance-network of wasi:sockets/instance-network"), "{fault}");
}

#[test]
fn only_wasi_0_2_is_known() {
    assert_eq!(super::interface("wasi:cli/stderr@0.2.3"), Some("cli/stderr"));
    for other in ["wasi:cli/stderr@0.3.0", "wasi:cli/stderr", "wasix:cli/stderr@0.2.0", "rosterd:connector/log@0.1.0"] {
        assert_eq!(super::interface(other), None, "{other}");
    }
}

#[test]
fn other_imports_and_other_versions_of_wasi_are_refused_by_name() {
    let world = WORLD.replace("import wasi:cli/stdin@0.2.0;", "import other:thing/power; import wasi:cli/stdin@0.2.0;");
    let world = format!("{world}\npackage other:thing {{ interface power {{ more: func(); }} }}");
    let module = MODULE.replacen("(memory", "(import \"other:thing/power\" \"more\" (func))\n(memory", 1);
    let error = inspect(&component(&module, &world, MANIFEST)).unwrap_err().to_string();
    assert!(error.contains("other:thing/power") && error.contains("no part of the contract"), "{error}");
    let newer = inspect(&component(&MODULE.replace("@0.2.0", "@0.3.0"), &WORLD.replace("@0.2.0", "@0.3.0"), MANIFEST));
    assert!(newer.unwrap_err().to_string().contains("@0.3.0"));
}
