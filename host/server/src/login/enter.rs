//! A login becomes submissions to the directory of its connection: the account, and where it belongs.

use super::claims::Person;
use super::refusal::{Refusal, Refused};
use super::seam::{Entered, People, Standing};
use super::settings::LoginSettings;
use rosterd_model::directory::{Directory, Submission};
use rosterd_model::record::{Amendment, Edit};
use rosterd_model::{Change, Class, ExternalId, Fault, FaultKind, Record};
use serde_json::{Map, Value, json};

/// Takes a person in. Whoever left is not brought back, whatever the provider says of him.
pub(super) async fn enter<S>(
    settings: &LoginSettings<S>,
    directory: &dyn Directory,
    people: &dyn People,
    person: Person,
) -> Result<Entered, Refused> {
    let standing = people.standing(&settings.connection, &person.id).await.map_err(|fault| refused(&fault))?;
    if standing == Standing::Gone {
        return Err(Refusal::Gone.into());
    }
    let mut notes = person.notes;
    let mut attributes = person.attributes;
    if let Some((unit, name)) = &person.unit {
        let unit = ExternalId::from(unit.as_str());
        // It must be there before somebody stands in it.
        if let Err(fault) = ensure(directory, Class::OrgUnit, &unit, name).await {
            notes.push(format!("the org unit was left as it is: {fault}"));
            attributes.remove("orgUnit");
        }
    }
    let created = account(directory, &person.id, attributes).await.map_err(|fault| refused(&fault))?;
    if let (Some(wanted), Some(groups)) = (&settings.groups, &person.groups) {
        for (value, name) in &wanted.values {
            let group = ExternalId::from(value.as_str());
            let done = match (groups.contains(value), wanted.remove) {
                (true, _) => join(directory, &group, name, &person.id).await,
                (false, true) => leave(directory, &group, &person.id).await,
                (false, false) => Ok(()),
            };
            if let Err(fault) = done {
                notes.push(format!("the membership in \"{name}\" was left as it is: {fault}"));
            }
        }
    }
    let standing = people.standing(&settings.connection, &person.id).await.map_err(|fault| refused(&fault))?;
    match standing {
        Standing::Gone => Err(Refusal::Gone.into()),
        Standing::Suspended => Err(Refusal::Suspended.into()),
        Standing::Known | Standing::Unknown => Ok(Entered { created, standing, notes }),
    }
}

/// True: it was made. Of two first logins at once one makes it, and the other one finds it.
async fn account(directory: &dyn Directory, id: &ExternalId, attributes: Map<String, Value>) -> Result<bool, Fault> {
    if directory.get(Class::Account, id.clone()).await?.is_none() {
        match create(directory, Class::Account, id, attributes.clone()).await {
            Err(fault) if fault.kind == FaultKind::AlreadyExists => {}
            other => return other.map(|()| true),
        }
    }
    let edit = |(attribute, value): (String, Value)| Edit {
        attribute,
        replace: Some(value.to_string()),
        add: None,
        remove: None,
    };
    amend(directory, Class::Account, id, attributes.into_iter().map(edit).collect()).await?;
    Ok(false)
}

/// Makes an org unit or a group if it is not there.
async fn ensure(directory: &dyn Directory, class: Class, id: &ExternalId, name: &str) -> Result<(), Fault> {
    if directory.get(class, id.clone()).await?.is_some() {
        return Ok(());
    }
    let attributes = Map::from_iter([("displayName".to_owned(), json!(name))]);
    match create(directory, class, id, attributes).await {
        Err(fault) if fault.kind != FaultKind::AlreadyExists => Err(fault),
        _ => Ok(()),
    }
}

async fn join(directory: &dyn Directory, group: &ExternalId, name: &str, account: &ExternalId) -> Result<(), Fault> {
    ensure(directory, Class::Group, group, name).await?;
    let add = Some(members(account));
    amend(
        directory,
        Class::Group,
        group,
        vec![Edit { attribute: "members".to_owned(), replace: None, add, remove: None }],
    )
    .await
}

async fn leave(directory: &dyn Directory, group: &ExternalId, account: &ExternalId) -> Result<(), Fault> {
    if directory.get(Class::Group, group.clone()).await?.is_none() {
        return Ok(());
    }
    let remove = Some(members(account));
    amend(
        directory,
        Class::Group,
        group,
        vec![Edit { attribute: "members".to_owned(), replace: None, add: None, remove }],
    )
    .await
}

fn members(account: &ExternalId) -> String {
    json!([{ "ref": "account", "id": account.as_str() }]).to_string()
}

async fn create(
    directory: &dyn Directory,
    class: Class,
    id: &ExternalId,
    attributes: Map<String, Value>,
) -> Result<(), Fault> {
    let attributes = Value::Object(attributes).to_string();
    // Not partial: there is nothing yet that it could leave alone.
    let record = Record { class, id: id.clone(), previous_id: None, version: None, attributes, partial: false };
    submit(directory, Submission { change: Change::Upsert(record), create: true, expect: None }).await
}

async fn amend(directory: &dyn Directory, class: Class, id: &ExternalId, edits: Vec<Edit>) -> Result<(), Fault> {
    let amendment = Amendment { class, id: id.clone(), version: None, edits };
    submit(directory, Submission { change: Change::Amend(amendment), create: false, expect: None }).await
}

async fn submit(directory: &dyn Directory, submission: Submission) -> Result<(), Fault> {
    let answers = directory.submit(vec![submission]).await;
    match answers.into_iter().next() {
        Some(answer) => answer.map(drop),
        None => Err(Fault::new(FaultKind::Internal, "the directory gave no answer")),
    }
}

/// What a fault of the directory means for whoever logs in.
fn refused(fault: &Fault) -> Refused {
    let refusal = match fault.kind {
        FaultKind::Conflict => Refusal::Uncertain,
        FaultKind::NotFound => Refusal::Gone,
        FaultKind::RateLimited | FaultKind::Timeout | FaultKind::Transient => Refusal::Busy,
        _ => Refusal::Directory,
    };
    Refused::new(refusal, fault.to_string())
}
