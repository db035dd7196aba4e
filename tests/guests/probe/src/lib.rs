//! The protocols of real connectors in miniature, one a module: each shows that the contract carries what the protocol
//! does with its secret, and that the secret's bytes never come into this memory.

mod bytes;
mod dingtalk;
mod encrypted_body;
mod initial_password;
mod lark;
mod ldap;
mod people;
mod postgresql;
mod sealed_password;
mod web_socket;

use rosterd_sdk::{
    Answer, Attribute, Class, ClassDescription, Connector, Describe, Destination, Fault, Listener, Object, ObjectRef,
    Operation, Probe, Receipt, Receipts, Receiver, Request, Source, export_connector, export_destination,
    export_listener, export_receiver, export_source, stream,
};
use serde::Deserialize;

export_connector!(Remote);
export_source!(Remote);
export_destination!(Remote);
export_receiver!(Remote);
export_listener!(Remote);

/// Which protocol it speaks.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Protocol {
    Ldap,
    Dingtalk,
    Lark,
    WebSocket,
    EncryptedBody,
    Postgresql,
    InitialPassword,
    SealedPassword,
    People,
}

/// The settings, as connector.toml describes them, and so the connection.
#[derive(Debug, Clone, Deserialize)]
pub struct Remote {
    protocol: Protocol,
    #[serde(default)]
    api: String,
    #[serde(default)]
    server: String,
    #[serde(default)]
    note: String,
}

impl Remote {
    /// Opens a stream to the server.
    fn connect(&self) -> Result<stream::Connection, Fault> {
        let wrong = || Fault::settings("the setting server must be host:port");
        let (host, port) = self.server.rsplit_once(':').ok_or_else(wrong)?;
        stream::connect(host, port.parse().map_err(|_| wrong())?, false, 5000)
    }
}

impl Connector for Remote {
    type Settings = Self;

    fn describe() -> Describe {
        let person = ClassDescription::immutable_id()
            .attribute(Attribute::text("name").writable())
            .attribute(Attribute::text("note"));
        Describe::new("probe", "0.1.0", "Probe")
            .source(false)
            .destination(10, Receipts::AtOnce)
            .receiver()
            .listener()
            .class(Class::Account, person)
    }

    fn open(settings: Self) -> Result<Self, Fault> {
        Ok(settings)
    }

    fn check(&mut self) -> Result<Vec<Probe>, Fault> {
        let found = match self.protocol {
            Protocol::Ldap => ldap::bind(&self.connect()?, "cn=sync,dc=example")?,
            Protocol::Postgresql => postgresql::log_in(&self.connect()?, "sync")?,
            Protocol::Dingtalk => dingtalk::count(&self.api)?,
            Protocol::InitialPassword => initial_password::out_of_turn()?,
            _ => return Err(Fault::unsupported("this protocol has nothing to check")),
        };
        Ok(vec![Probe::passed("remote", found)])
    }
}

impl Source for Remote {
    type Reader = people::People;

    fn scan(&mut self, _classes: &[Class], _resume: Option<String>) -> Result<people::People, Fault> {
        Ok(people::People::new(&self.api, &self.note))
    }
}

impl Receiver for Remote {
    fn handle(&mut self, request: Request) -> Answer {
        let answer = match self.protocol {
            Protocol::Dingtalk => dingtalk::callback(&request),
            Protocol::Lark => lark::event(&request),
            Protocol::EncryptedBody => encrypted_body::event(&request),
            _ => Err(Fault::not_found("this protocol receives nothing")),
        };
        answer.unwrap_or_else(|fault| Answer::status(400, fault.message))
    }
}

impl Listener for Remote {
    type Subscription = web_socket::Events;

    fn listen(&mut self, _classes: &[Class]) -> Result<web_socket::Events, Fault> {
        web_socket::open(self.connect()?, &self.server)
    }
}

impl Destination for Remote {
    fn apply(&mut self, operations: Vec<Operation>) -> Vec<Receipt> {
        let apply = match self.protocol {
            Protocol::SealedPassword => sealed_password::apply,
            _ => initial_password::apply,
        };
        operations.iter().map(|operation| apply(&self.api, operation)).collect()
    }

    fn find(&mut self, _class: Class, _attribute: &str, _value: &str) -> Result<Vec<Object>, Fault> {
        Ok(Vec::new())
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        objects.iter().map(|_| Ok(None)).collect()
    }
}
