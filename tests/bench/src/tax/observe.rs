//! The engine over a new store and one connection.

use crate::Place;
use rosterd_engine::{Engine, Events, Policy, Settings};
use rosterd_model::Timestamp;
use rosterd_model::port::{Clock, Connections};
use rosterd_model::spec::{JobSpec, PolicySpec};
use rosterd_store::{OpenOptions, Store};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The one job, and the one connection.
const NAME: &str = "hr";

/// A clock that stands still: observing asks it once.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(1_767_225_600_000)
    }
}

/// An engine over these connections, with an empty store in the folder of the hub.
pub(crate) fn engine(place: &Place, connections: Arc<dyn Connections>) -> Result<Engine, String> {
    let path = place.hub.join("tax.redb");
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("can not remove {}: {error}", path.display()));
        }
        _ => {}
    }
    let options = OpenOptions { create: true, ..OpenOptions::default() };
    let store = Store::open(&path, options).map_err(|error| error.to_string())?;
    let job: JobSpec = serde_json::from_value(json!({ "source": NAME })).map_err(|error| error.to_string())?;
    let spec = PolicySpec { jobs: BTreeMap::from([(NAME.to_owned(), job)]), ..PolicySpec::default() };
    let policy = Policy::compile(&spec, String::new()).map_err(|error| error.to_string())?;
    Ok(Engine {
        store: Arc::new(store),
        connections,
        policy: Arc::new(policy),
        settings: Settings::default(),
        clock: Arc::new(Still),
        events: Events::silent(),
        principal: "bench".to_owned(),
        delivering: rosterd_engine::engine::Delivering::default(),
    })
}

/// Observes the file: how many records it told.
pub(crate) async fn observe(engine: &Engine) -> Result<u64, String> {
    let run = engine.observe(NAME).await.map_err(|error| error.to_string())?;
    let counts = run.scan;
    if counts.rejected > 0 || counts.new != counts.records {
        return Err(format!("the file was to be clean and new, and told {counts:?}"));
    }
    Ok(counts.records)
}
