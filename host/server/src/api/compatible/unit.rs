//! Org units: made, read, listed by their parent, moved, looked up.

use super::shape::{CreateUnit, Parent, ParentIds, PatchUnit, Unit, UnitByExternalId, UnitId, Units};
use super::user::must_be;
use super::{Numbered, ROOT, SOURCE, done, json, time};
use crate::api::call::Call;
use crate::api::desk::{Desk, Found, asking, is};
use crate::api::kind::{CREATED, Kind, MODIFIED, checked, kept_reference, kept_text};
use crate::api::pattern::{self, fits};
use crate::api::problem::{Problem, Refused};
use crate::api::read;
use crate::api::shape::OrgUnit;
use axum::response::Response;
use rosterd_model::Class;
use rosterd_model::directory::{Comparison, Filter};

/// How far up the tree is followed.
const HIGHEST: usize = 64;

fn shown(call: &Call, found: &Found) -> Unit {
    let unit = OrgUnit::show(&found.kept);
    let instance = call.segment("instanceId").to_owned();
    Unit {
        organizational_unit_id: found.id.clone(),
        organizational_unit_name: unit.display_name,
        parent_id: Some(unit.parent.unwrap_or_else(|| ROOT.to_owned())),
        organizational_unit_external_id: unit.external_id.unwrap_or_else(|| found.id.clone()),
        organizational_unit_source_type: SOURCE.to_owned(),
        organizational_unit_source_id: instance.clone(),
        instance_id: instance,
        description: unit.description,
        create_time: time(found, CREATED),
        update_time: time(found, MODIFIED),
    }
}

/// The root, which is no object of the directory.
fn root(call: &Call) -> Unit {
    let instance = call.segment("instanceId").to_owned();
    Unit {
        organizational_unit_id: ROOT.to_owned(),
        organizational_unit_name: "root".to_owned(),
        parent_id: None,
        organizational_unit_external_id: ROOT.to_owned(),
        organizational_unit_source_type: SOURCE.to_owned(),
        organizational_unit_source_id: instance.clone(),
        instance_id: instance,
        description: None,
        create_time: 0,
        update_time: 0,
    }
}

/// `POST organizationalUnits`
pub(super) async fn create(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, OrgUnit::writing())?;
    let desk = call.api.desk(&caller);
    let body: CreateUnit = read::json(&call.parts, call.body()).await?;
    must_be(&desk, &body.parent_id).await?;
    let unit = OrgUnit {
        display_name: body.organizational_unit_name,
        external_id: body.organizational_unit_external_id,
        description: body.description,
        parent: (body.parent_id != ROOT).then_some(body.parent_id),
        manager: None,
        attributes: None,
    };
    checked(&unit)?;
    Ok(json(UnitId { organizational_unit_id: desk.create(None, &unit).await?.id }))
}

/// `GET organizationalUnits/{organizationalUnitId}`
pub(super) async fn get(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, OrgUnit::reading())?;
    let id = call.id_of("organizationalUnitId")?;
    if id == ROOT && caller.org_units.is_empty() {
        return Ok(json(root(&call)));
    }
    let found = call.api.desk(&caller).fetch(Class::OrgUnit, id).await?;
    Ok(json(shown(&call, &found)))
}

/// `GET organizationalUnits`
pub(super) async fn list(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, OrgUnit::reading())?;
    let wanted = Numbered::of(&call)?;
    let (offset, size) = wanted.window()?;
    let Some(parent) = wanted.parent_id.filter(|_| wanted.organizational_unit_id.is_none()) else {
        return Err(Problem::parameter("parentId says of which org unit those below are listed; it is required"));
    };
    let top = || Filter::Compare { attribute: "parent".to_owned(), is: Comparison::Pr, value: serde_json::Value::Null };
    let filter = if parent == ROOT { Filter::Not(Box::new(top())) } else { is("parent.value", &parent) };
    let mut query = asking(Some(filter), size);
    query.offset = offset;
    let listed = call.api.desk(&caller).query(Class::OrgUnit, query).await?;
    let data: Vec<Unit> = listed.found.iter().map(|found| shown(&call, found)).collect();
    let total_count = listed.total.unwrap_or(offset + data.len() as u64 + u64::from(listed.next.is_some()));
    Ok(json(Units { data, total_count }))
}

/// `PATCH organizationalUnits/{organizationalUnitId}`
pub(super) async fn patch(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, OrgUnit::writing())?;
    let body: PatchUnit = read::json(&call.parts, call.body()).await?;
    change(&call, &call.api.desk(&caller), |unit| {
        if let Some(name) = &body.organizational_unit_name {
            unit.display_name.clone_from(name);
        }
        if let Some(text) = &body.description {
            unit.description = Some(text.clone()).filter(|text| !text.is_empty());
        }
    })
    .await
}

async fn change(call: &Call, desk: &Desk<'_>, work: impl Fn(&mut OrgUnit) + Send + Sync) -> Result<Response, Refused> {
    desk.change(call.id_of("organizationalUnitId")?, None, |found| {
        let mut unit = OrgUnit::show(&found.kept);
        work(&mut unit);
        checked(&unit)?;
        Ok((unit, Vec::new()))
    })
    .await?;
    Ok(done())
}

/// The org units above one, the nearest first and the root last.
async fn above(desk: &Desk<'_>, mut found: Found) -> Result<Vec<String>, Refused> {
    let mut all = Vec::new();
    while let Some(parent) = kept_reference(&found.kept, "parent") {
        if all.contains(&parent) || all.len() == HIGHEST {
            break;
        }
        all.push(parent.clone());
        match desk.find(Class::OrgUnit, &parent).await? {
            Some(next) => found = next,
            None => return Ok(all),
        }
    }
    all.push(ROOT.to_owned());
    Ok(all)
}

/// `PATCH organizationalUnits/{organizationalUnitId}/parentId`
pub(super) async fn set_parent(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, OrgUnit::writing())?;
    let desk = call.api.desk(&caller);
    let Parent { parent_id: parent } = read::json(&call.parts, call.body()).await?;
    must_be(&desk, &parent).await?;
    let id = call.id_of("organizationalUnitId")?;
    if parent != ROOT {
        let below = above(&desk, desk.fetch(Class::OrgUnit, &parent).await?).await?;
        if parent == id || below.iter().any(|one| one == id) {
            return Err(Problem::at("/parentId", "an org unit can not lie below itself"));
        }
    }
    change(&call, &desk, |unit| unit.parent = Some(parent.clone()).filter(|parent| parent != ROOT)).await
}

/// `GET organizationalUnits/{organizationalUnitId}/parentIds`
pub(super) async fn parents(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, OrgUnit::reading())?;
    let desk = call.api.desk(&caller);
    let found = desk.fetch(Class::OrgUnit, call.id_of("organizationalUnitId")?).await?;
    Ok(json(ParentIds { parent_ids: above(&desk, found).await? }))
}

/// `DELETE organizationalUnits/{organizationalUnitId}`
pub(super) async fn remove(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, OrgUnit::writing())?;
    call.api.desk(&caller).remove(Class::OrgUnit, call.id_of("organizationalUnitId")?, None).await?;
    Ok(done())
}

/// `POST organizationalUnits/_/actions/getOrganizationalUnitIdByExternalId`
pub(super) async fn by_external_id(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, OrgUnit::reading())?;
    let body: UnitByExternalId = read::json(&call.parts, call.body()).await?;
    let nobody = || Problem::not_found("there is no org unit of this external id that this client can see");
    let instance = call.segment("instanceId");
    let foreign = body.organizational_unit_source_type.is_some_and(|kind| kind != SOURCE)
        || body.organizational_unit_source_id.is_some_and(|id| id != instance);
    if foreign {
        return Err(nobody());
    }
    let desk = call.api.desk(&caller);
    let id = body.organizational_unit_external_id;
    if let Some(organizational_unit_id) = desk.holder(Class::OrgUnit, "externalId", &id).await? {
        return Ok(json(UnitId { organizational_unit_id }));
    }
    let own = if fits(pattern::ID, &id) { desk.find(Class::OrgUnit, &id).await? } else { None };
    match own.filter(|found| kept_text(&found.kept, "externalId").is_none()) {
        Some(found) => Ok(json(UnitId { organizational_unit_id: found.id })),
        None => Err(nobody()),
    }
}
