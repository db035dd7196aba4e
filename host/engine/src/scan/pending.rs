//! What a scan found that differs, until the next write stores it.

use super::pushed::ShadowKeys;
use rosterd_model::record::{Amendment, DepartureCause, Record};
use rosterd_model::shadow::{RecordHash, ShadowHead};
use rosterd_model::{Attributes, Class, ExternalId};
use std::collections::HashMap;

/// Something that the next write stores.
#[derive(Debug)]
pub(super) enum Pending {
    /// The source says this anew. The record's own text is empty: it has been read into `attributes`. By `keys` a new object
    /// is looked up, where they are known already.
    Record {
        record: Record,
        attributes: Attributes,
        hash: RecordHash,
        head: Option<ShadowHead>,
        keys: Option<ShadowKeys>,
    },
    /// The source says that this changed.
    Amendment { amendment: Amendment, head: ShadowHead },
    /// The source says that this is gone.
    Gone { class: Class, id: ExternalId, cause: DepartureCause, head: ShadowHead },
    /// The source does not find it, which may mean that we may not see it.
    NotFound { class: Class, ordinal: u32 },
}

/// Records that were shown and are not stored yet.
pub(super) type Hashes = HashMap<(Class, ExternalId), RecordHash>;
