//! Shadows in portions: the next one is read while this one is decided.

use crate::aside::Aside;
use crate::error::EngineError;
use rosterd_model::Class;
use rosterd_model::claim::Link;
use rosterd_model::shadow::Shadow;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};
use std::sync::Arc;

/// Shadows of one portion.
const SHADOWS: usize = 4_000;

/// What the store knows of one shadow: what was said of it, and whom it belongs to.
pub(super) type Known = (Shadow, Option<Link>);

/// Shadows by ordinal; none: the shadow is not there.
pub(super) type Portion = Vec<(u32, Option<Known>)>;

/// Where portions come from.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) view: Arc<Snapshot>,
    pub(super) connection: ConnectionNumber,
    pub(super) class: Class,
    /// True: all shadows; false: only those that no applied plan has decided.
    pub(super) everything: bool,
}

impl Source {
    /// Begins to read the portion that starts at an ordinal.
    pub(super) fn begin(&self, from: u32) -> Result<Aside<Portion>, EngineError> {
        let source = self.clone();
        Aside::begin("plan-read", move || source.read(from))
    }

    fn read(&self, from: u32) -> Result<Portion, EngineError> {
        let (view, connection, class) = (&self.view, self.connection, self.class);
        let link = |ordinal| Ok::<_, EngineError>(view.link(connection, class, ordinal)?.filter(|link| link.live));
        if self.everything {
            let rows = view.shadows(connection, class, from)?.take(SHADOWS);
            return rows
                .map(|row| {
                    let (ordinal, shadow) = row?;
                    Ok((ordinal, Some((shadow, link(ordinal)?))))
                })
                .collect();
        }
        let rows = view.all_unsettled(connection, class, from)?.take(SHADOWS);
        rows.map(|row| {
            let (ordinal, _) = row?;
            let known = match view.shadow(connection, class, ordinal)? {
                Some(shadow) => Some((shadow, link(ordinal)?)),
                None => None,
            };
            Ok((ordinal, known))
        })
        .collect()
    }
}
