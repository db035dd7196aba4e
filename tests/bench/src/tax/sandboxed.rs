//! The connector as a component: loaded from the hub's cache by the real host, under its default limits.

use crate::{Place, decode, page_size};
use rosterd_connector::{ConnectionConfig, ConnectorHost, HostSettings, Loaded};
use rosterd_model::port::{BoxFuture, Connections, Destination, Reader, ScanStart, Source};
use rosterd_model::{Class, ConnectionId, Fault, FaultKind};

/// A loaded component, and what it is connected with.
pub(crate) struct Component {
    loaded: Loaded,
    config: ConnectionConfig,
}

impl Component {
    /// Loads what `rosterd plugin install` compiled, to read the file.
    pub(crate) fn load(place: &Place, runtime: &tokio::runtime::Handle) -> Result<Self, String> {
        let name: ConnectionId = "hr".parse().map_err(|_| "\"hr\" is no name".to_owned())?;
        let mut config = ConnectionConfig::new(name, place.base.clone());
        config.settings = place.settings();
        config.grants.files = vec![place.name.clone()];
        Self::installed(place, runtime, "csv.wasm", config)
    }

    /// Loads what `rosterd plugin install` compiled.
    pub(crate) fn installed(
        place: &Place,
        runtime: &tokio::runtime::Handle,
        file: &str,
        config: ConnectionConfig,
    ) -> Result<Self, String> {
        let settings = HostSettings { cache_dir: place.hub.join(".rosterd/cache"), runtime: runtime.clone() };
        let host = ConnectorHost::new(settings).map_err(|error| error.to_string())?;
        let loaded = host.load(&place.hub.join("plugins").join(file)).map_err(|error| error.to_string())?;
        Ok(Self { loaded, config })
    }
}

impl Connections for Component {
    fn source<'a>(&'a self, _: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>> {
        Box::pin(async move { self.loaded.connect(self.config.clone())?.source() })
    }

    fn destination<'a>(&'a self, _: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>> {
        Box::pin(async { Err(Fault::new(FaultKind::Unsupported, "nothing is delivered here")) })
    }
}

/// Reads the whole file, and decodes every record.
pub(crate) async fn read(component: &Component) -> Result<u64, String> {
    let said = |fault: Fault| fault.to_string();
    let mut source = component.source(&component.config.name).await.map_err(said)?;
    let mut reader: Box<dyn Reader> = source.open(&Class::ALL, ScanStart::Full).await.map_err(said)?;
    let mut records = 0;
    loop {
        let page = reader.next(page_size()).await.map_err(said)?;
        let ended = page.end.is_some();
        records += decode(page)?;
        if ended {
            return Ok(records);
        }
    }
}
