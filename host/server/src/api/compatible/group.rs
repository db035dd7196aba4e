//! Groups: made, read, listed; users in them.

use super::shape::{
    CreateGroup, Group as Shown, GroupId, Groups, Membership, Memberships, PatchGroup, UserIds, UserOfGroup,
    UsersOfGroup,
};
use super::{SOURCE, Tokened, done, json, time};
use crate::api::call::Call;
use crate::api::desk::{Found, asking, is, missing};
use crate::api::kind::{CREATED, Kind, MODIFIED, checked};
use crate::api::members::{adding, members_of, removing};
use crate::api::object::sealed;
use crate::api::pattern::{self, fits};
use crate::api::problem::{Problem, Refused};
use crate::api::read;
use crate::api::shape::{Group, Member, MemberKind};
use axum::response::Response;
use rosterd_model::Class;
use rosterd_model::directory::{Comparison, Filter};

fn shown(call: &Call, found: &Found) -> Shown {
    let group = Group::show(&found.kept);
    let instance = call.segment("instanceId").to_owned();
    Shown {
        group_id: found.id.clone(),
        group_name: group.display_name,
        group_external_id: group.external_id.unwrap_or_else(|| found.id.clone()),
        group_source_type: SOURCE.to_owned(),
        group_source_id: instance.clone(),
        instance_id: instance,
        description: group.description,
        create_time: time(found, CREATED),
        update_time: time(found, MODIFIED),
    }
}

/// `POST groups`
pub(super) async fn create(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::writing())?;
    let body: CreateGroup = read::json(&call.parts, call.body()).await?;
    let group = Group {
        display_name: body.group_name,
        external_id: body.group_external_id,
        description: None,
        attributes: None,
    };
    checked(&group)?;
    Ok(json(GroupId { group_id: call.api.desk(&caller).create(None, &group).await?.id }))
}

/// `GET groups/{groupId}`
pub(super) async fn get(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::reading())?;
    let found = call.api.desk(&caller).fetch(Class::Group, call.id_of("groupId")?).await?;
    Ok(json(shown(&call, &found)))
}

/// `GET groups`
pub(super) async fn list(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::reading())?;
    let wanted = Tokened::of(&call)?;
    let max = wanted.max()?;
    if wanted.group_name_start_with.as_ref().is_some_and(|start| start.chars().count() > 256) {
        return Err(Problem::parameter("groupNameStartWith has at most 256 characters"));
    }
    let filter = wanted
        .group_name_start_with
        .as_deref()
        .filter(|start| !start.is_empty())
        .map(|start| Filter::Compare { attribute: "displayName".to_owned(), is: Comparison::Sw, value: start.into() });
    let mut query = asking(filter, max);
    query.after = wanted.after()?;
    let listed = call.api.desk(&caller).query(Class::Group, query).await?;
    let data: Vec<Shown> = listed.found.iter().map(|found| shown(&call, found)).collect();
    let total_count = listed.total.unwrap_or(data.len() as u64);
    Ok(json(Groups { data, max_results: max, next_token: listed.next.as_deref().map(sealed), total_count }))
}

/// `PATCH groups/{groupId}`
pub(super) async fn patch(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::writing())?;
    let body: PatchGroup = read::json(&call.parts, call.body()).await?;
    let desk = call.api.desk(&caller);
    desk.change(call.id_of("groupId")?, None, |found| {
        let mut group = Group::show(&found.kept);
        if let Some(name) = &body.group_name {
            group.display_name.clone_from(name);
        }
        checked(&group)?;
        Ok((group, Vec::new()))
    })
    .await?;
    Ok(done())
}

/// `DELETE groups/{groupId}`
pub(super) async fn remove(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::writing())?;
    call.api.desk(&caller).remove(Class::Group, call.id_of("groupId")?, None).await?;
    Ok(done())
}

/// `GET users/{userId}/actions/listGroupsForUser`
pub(super) async fn of_user(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::reading())?;
    let wanted = Tokened::of(&call)?;
    let max = wanted.max()?;
    let desk = call.api.desk(&caller);
    let user = desk.fetch(Class::Account, call.id_of("userId")?).await?;
    let mut query = asking(Some(is("members.value", &user.id)), max);
    query.after = wanted.after()?;
    let listed = desk.query(Class::Group, query).await?;
    let instance = call.segment("instanceId");
    let data: Vec<Membership> = listed
        .found
        .into_iter()
        .map(|found| Membership {
            group_id: found.id,
            instance_id: instance.to_owned(),
            group_member_relation_source_type: SOURCE.to_owned(),
            group_member_relation_source_id: instance.to_owned(),
        })
        .collect();
    let total_count = listed.total.unwrap_or(data.len() as u64);
    Ok(json(Memberships { data, max_results: max, next_token: listed.next.as_deref().map(sealed), total_count }))
}

/// `GET groups/{groupId}/actions/listUsersForGroup`
pub(super) async fn users(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::reading())?;
    let wanted = Tokened::of(&call)?;
    let (max, after, id) = (wanted.max()?, wanted.after()?, call.id_of("groupId")?);
    let found = call.api.desk(&caller).whole(Class::Group, id).await?.ok_or_else(|| missing(Class::Group, id))?;
    let all = members_of(&found);
    let all: Vec<String> =
        all.into_iter().filter(|member| member.kind == MemberKind::Account).map(|member| member.id).collect();
    let total_count = all.len() as u64;
    let mut behind: Vec<String> = all.into_iter().filter(|id| after.as_ref().is_none_or(|after| id > after)).collect();
    let more = behind.len() as u64 > max;
    behind.truncate(usize::try_from(max).unwrap_or(usize::MAX));
    let next_token = behind.last().filter(|_| more).map(|last| sealed(last));
    let instance = call.segment("instanceId");
    let data = behind.into_iter().map(|user_id| UserOfGroup { instance_id: instance.to_owned(), user_id }).collect();
    Ok(json(UsersOfGroup { data, max_results: max, next_token, total_count }))
}

async fn named(call: &Call) -> Result<Vec<Member>, Refused> {
    let UserIds { user_ids: ids } = read::json(&call.parts, call.body()).await?;
    if !(1..=100).contains(&ids.len()) || !ids.iter().all(|id| fits(pattern::ID, id)) {
        return Err(Problem::at("/userIds", "name 1 to 100 users by their ids"));
    }
    Ok(ids.into_iter().map(|id| Member { kind: MemberKind::Account, id }).collect())
}

/// `POST groups/{groupId}/actions/addUsersToGroup`
pub(super) async fn add(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::writing())?;
    let members = named(&call).await?;
    let desk = call.api.desk(&caller);
    for member in &members {
        desk.fetch(Class::Account, &member.id).await?;
    }
    desk.amend(Class::Group, call.id_of("groupId")?, None, |found| Ok(adding(found, &members))).await?;
    Ok(done())
}

/// `POST groups/{groupId}/actions/removeUsersFromGroup`
pub(super) async fn take_out(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Group::writing())?;
    let members = named(&call).await?;
    let desk = call.api.desk(&caller);
    desk.amend(Class::Group, call.id_of("groupId")?, None, |found| Ok(removing(found, &members))).await?;
    Ok(done())
}
