//! Where a user is: the org unit of its own, and further ones.

use super::ROOT;
use super::shape::{UnitId, UnitIds};
use super::user::{change, must_be, unit};
use crate::api::call::Call;
use crate::api::kind::{Kind, checked};
use crate::api::pattern::{self, fits};
use crate::api::problem::{Problem, Refused};
use crate::api::read;
use crate::api::shape::Account;
use axum::response::Response;

/// Moves a user; the org unit where it was is left.
pub(super) async fn set_primary(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::writing())?;
    let UnitId { organizational_unit_id: id } = read::json(&call.parts, call.body()).await?;
    must_be(&call.api.desk(&caller), &id).await?;
    change(&call, |account| {
        account.org_unit = unit(id.clone());
        if let Some(units) = &mut account.org_units {
            units.retain(|one| *one != id);
        }
        Ok(())
    })
    .await
}

async fn units(call: &Call) -> Result<Vec<String>, Refused> {
    let UnitIds { organizational_unit_ids: ids } = read::json(&call.parts, call.body()).await?;
    let good = (1..=100).contains(&ids.len()) && ids.iter().all(|id| fits(pattern::ID, id));
    if good { Ok(ids) } else { Err(Problem::at("/organizationalUnitIds", "name 1 to 100 org units by their ids")) }
}

pub(super) async fn add_units(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::writing())?;
    let ids = units(&call).await?;
    let desk = call.api.desk(&caller);
    for id in &ids {
        must_be(&desk, id).await?;
    }
    change(&call, |account| {
        let mut all = account.org_units.take().unwrap_or_default();
        for id in &ids {
            let there = account.org_unit.as_deref().unwrap_or(ROOT) == id || all.contains(id);
            if !there {
                all.push(id.clone());
            }
        }
        account.org_units = Some(all);
        checked(account)
    })
    .await
}

pub(super) async fn remove_units(call: Call) -> Result<Response, Refused> {
    let ids = units(&call).await?;
    change(&call, |account| {
        if ids.iter().any(|id| account.org_unit.as_deref().unwrap_or(ROOT) == id) {
            let text = "the primary org unit can not be taken away; set another one first";
            return Err(Problem::at("/organizationalUnitIds", text));
        }
        if let Some(units) = &mut account.org_units {
            units.retain(|one| !ids.contains(one));
        }
        Ok(())
    })
    .await
}
