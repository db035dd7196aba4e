//! The Developer API of the real hub, judged from outside: the SDK that Alibaba Cloud publishes for its own, schemathesis from
//! the hub's document, an application that fetches, and whoever means no good.

mod hostile;
mod judges;

use rosterd_tests::http::Client;
use rosterd_tests::hub::Hub;
use rosterd_tests::service::Service;

const CONFIG: &str = r#"
[store]
path = "data/hub.redb"
cache = "16 MB"

[serve]
receive = "127.0.0.1:0"

# Nothing but clients is behind it.
[connection.api]

[connection.shop]

[job.api]
source = "api"
pushed = true
[job.api.account]
correlate = [{ tier = 1, match = ["userName"] }]
[job.api.account.map]
userName = "source.userName"
displayName = "source.displayName"
title = "source.title"
"name.givenName" = "source.name.givenName"
"emails.work" = 'source["emails.work"]'
orgUnit = "source.organizationalUnit"
manager = "source.manager"
[job.api.group.map]
displayName = "source.displayName"
members = "source.members"
[job.api.org-unit.map]
displayName = "source.displayName"
parent = "source.parent"

[job.shop]
source = "shop"
pushed = true
[job.shop.account.map]
userName = "source.userName"

[authority]
default = ["api", "shop"]
"#;

/// All that a client may do.
const SCOPES: [&str; 7] =
    ["accounts:read", "accounts:write", "org-units:read", "org-units:write", "groups:read", "groups:write", "hub:read"];

/// A hub that serves, and where it listens.
pub(crate) struct Serving {
    pub(crate) hub: Hub,
    pub(crate) service: Service,
    pub(crate) address: String,
}

impl Serving {
    fn new() -> Self {
        let hub = Hub::with(&[]).untaped();
        hub.write("rosterd.toml", CONFIG);
        let service = Service::start(&hub);
        let line = service.wait_for("remote systems can call");
        let address = line["fields"]["address"].as_str().expect("an address").to_owned();
        Self { hub, service, address }
    }

    /// A new client of a connection, as an operator makes it.
    fn client(&self, name: &str, connection: &str, scopes: &[&str]) -> Client {
        client(&self.hub, &self.address, name, connection, scopes)
    }

    fn end(self) {
        assert_eq!(self.service.end(), Some(0));
        self.hub.verify();
    }
}

/// A new client of a connection, as an operator makes it.
pub(crate) fn client(hub: &Hub, address: &str, name: &str, connection: &str, scopes: &[&str]) -> Client {
    let mut words = vec!["client", "create", name, "--connection", connection, "--format", "json"];
    scopes.iter().for_each(|scope| words.extend(["--scope", scope]));
    let said = hub.rosterd(&words).code(0).json();
    let token = said["secret"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();
    hub.watched.plant("the secret of a client", &token);
    Client { address: address.to_owned(), base: "/v1".to_owned(), token, kind: "application/json" }
}
