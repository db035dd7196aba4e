//! Clients: who may call the hub in the name of a connection, and by which secret they are known.
//!
//! Of a secret only a hash is kept. It is a plain hash without a salt and without deliberate slowness: secrets are made by the
//! hub out of 256 random bits, so there is nothing to guess and no two are alike. A slow hash would only make each request slow.

use crate::codec;
use crate::error::StoreError;
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::{ConnectionId, ExternalId, Timestamp};
use serde::{Deserialize, Serialize};

/// A client of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRow {
    /// The connection in whose name it acts.
    pub connection: ConnectionId,
    /// What it may do, in words; a word that nobody knows allows nothing.
    pub scopes: Vec<String>,
    /// It sees and changes only what lies in these org units (ids of its connection) or below; empty: everywhere.
    pub org_units: Vec<ExternalId>,
    /// BLAKE3 of its secret.
    pub secret: SecretHash,
    /// The secret before, while a rotation overlaps.
    pub former: Option<FormerSecret>,
    /// When it was made.
    pub created: Timestamp,
    /// When its secret was last replaced.
    pub rotated: Option<Timestamp>,
    /// When it was revoked; its name is never given to another client.
    pub revoked: Option<Timestamp>,
    /// Who changed it last.
    pub by: String,
}

/// BLAKE3 of a secret. Its debug output says nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(pub [u8; 32]);

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretHash")
    }
}

/// A secret that was replaced and still counts for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerSecret {
    /// BLAKE3 of it.
    pub hash: SecretHash,
    /// From then on it does not count.
    pub until: Timestamp,
}

impl ClientRow {
    /// The hashes of the secrets that count at this time: one, two while a rotation overlaps, none once it is revoked.
    pub fn hashes(&self, now: Timestamp) -> impl Iterator<Item = SecretHash> {
        let former = self.former.filter(|former| now < former.until).map(|former| former.hash);
        let live = self.revoked.is_none();
        std::iter::once(self.secret).chain(former).filter(move |_| live)
    }
}

/// Reading clients.
pub trait ReadClients: Read {
    /// The client of this name.
    ///
    /// # Errors
    /// The store can not be read.
    fn client(&self, name: &str) -> Result<Option<ClientRow>, StoreError> {
        self.value(Table::Clients, name.as_bytes())
    }

    /// All clients by their names, revoked ones among them.
    ///
    /// # Errors
    /// The store can not be read.
    fn clients(&self) -> Result<impl Iterator<Item = Result<(String, ClientRow), StoreError>>, StoreError> {
        Ok(self.prefix(Table::Clients, b"")?.map(|row| {
            let row = row?;
            Ok((codec::text(Table::Clients, &row.key)?, codec::decode(Table::Clients, &row.value)?))
        }))
    }
}
impl<R: Read> ReadClients for R {}

/// Writing clients.
pub trait WriteClients: Write {
    /// Puts the client of this name; what stood there is replaced.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_client(&mut self, name: &str, client: &ClientRow) -> Result<(), StoreError> {
        self.put_value(Table::Clients, name.as_bytes(), client)
    }
}
impl<W: Write> WriteClients for W {}
