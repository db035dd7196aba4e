//! Totals are what a count would say.

use super::Check;
use crate::error::StoreError;
use crate::kv::Read;
use crate::tables::{ReadEntities, ReadProjections, ReadTotals};
use rosterd_model::Class;

impl<R: Read> Check<'_, R> {
    pub(super) fn totals(&mut self) -> Result<(), StoreError> {
        for class in Class::ALL {
            let mut living = 0;
            for entity in self.view.entities(class, None)? {
                // Rows that can not be read were reported when they were checked.
                living += u64::from(entity.is_ok_and(|entity| entity.lifecycle.is_living()));
            }
            let total = self.view.total(None, class)?;
            if total != living {
                self.problem(format_args!(
                    "the hub has {living} living objects of class {class}, its total says {total}"
                ));
            }
        }
        for (number, class) in self.scopes() {
            let mut living = 0;
            for row in self.view.projections(number, class)? {
                living += u64::from(row.is_ok_and(|(_, projection)| projection.status.is_living()));
            }
            let total = self.view.total(Some(number), class)?;
            if total != living {
                self.problem(format_args!(
                    "destination {} shows {living} living objects of class {class}, its total says {total}",
                    number.0
                ));
            }
        }
        Ok(())
    }
}
