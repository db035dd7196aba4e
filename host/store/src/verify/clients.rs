//! Clients can be read, and what was replaced ends.

use super::Check;
use crate::error::StoreError;
use crate::kv::Read;
use crate::tables::ReadClients;

impl<R: Read> Check<'_, R> {
    pub(super) fn clients(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        for row in view.clients()? {
            let Some((name, client)) = self.readable(row)? else { continue };
            if client.former.is_some_and(|former| former.hash == client.secret) {
                self.problem(format_args!("the former secret of client {name} is its present one"));
            }
        }
        Ok(())
    }
}
