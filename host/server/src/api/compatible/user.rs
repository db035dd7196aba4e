//! Users: made, read, changed, removed.

use super::shape::{CreateUser, FieldOfUser, GroupOfUser, Password, PatchUser, UnitOfUser, User, UserId, Users};
use super::{NEVER, Numbered, ROOT, SOURCE, done, json, time};
use crate::api::call::Call;
use crate::api::desk::{Desk, Found, asking, is, missing};
use crate::api::kind::{CREATED, Kind, MODIFIED, checked, kept_text};
use crate::api::pattern::{self, fits};
use crate::api::problem::{Problem, Refused};
use crate::api::read;
use crate::api::shape::{Account, Own, Owns};
use axum::response::Response;
use rosterd_model::Class;
use rosterd_model::directory::{Comparison, Filter};

/// Countries whose telephone code has two digits; 1 and 7 have one, all others three.
const TWO_DIGITS: [u8; 44] = [
    20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62,
    63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
];

/// A number of E.164 as country and rest.
pub(super) fn split(phone: &str) -> Option<(&str, &str)> {
    let digits = phone.strip_prefix('+')?;
    let two: Option<u8> = digits.get(..2)?.parse().ok();
    let length = match digits.as_bytes().first()? {
        b'1' | b'7' => 1,
        _ if two.is_some_and(|two| TWO_DIGITS.contains(&two)) => 2,
        _ => 3,
    };
    digits.split_at_checked(length)
}

fn joined(region: Option<&str>, number: Option<&str>, verified: Option<bool>) -> Result<Option<String>, Refused> {
    let Some(number) = number else { return Ok(None) };
    let (Some(region), Some(_)) = (region, verified) else {
        return Err(Problem::at("/phoneNumber", "phoneNumber comes together with phoneRegion and phoneNumberVerified"));
    };
    let digits =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(region, 6) || !digits(number, 15) || number.len() < 6 || region.starts_with('0') {
        let text = "phoneRegion has 1 to 6 digits without + or 00, and phoneNumber 6 to 15 digits";
        return Err(Problem::at("/phoneNumber", text));
    }
    Ok(Some(format!("+{region}{number}")))
}

fn text(value: &Own) -> String {
    match value {
        Own::Flag(flag) => flag.to_string(),
        Own::Whole(number) => number.to_string(),
        Own::Text(text) => text.clone(),
        Own::Texts(texts) => texts.join(","),
    }
}

/// The org unit of an id; none for the root.
pub(super) fn unit(id: String) -> Option<String> {
    (id != ROOT).then_some(id)
}

/// Refuses an org unit that is not there.
pub(super) async fn must_be(desk: &Desk<'_>, unit: &str) -> Result<(), Refused> {
    if unit == ROOT || (fits(pattern::ID, unit) && desk.find(Class::OrgUnit, unit).await?.is_some()) {
        return Ok(());
    }
    Err(missing(Class::OrgUnit, unit))
}

fn short(call: &Call, found: &Found) -> User {
    let account = Account::show(&found.kept);
    let phone = account.phone_number.as_deref().and_then(split);
    let instance = call.segment("instanceId").to_owned();
    User {
        user_id: found.id.clone(),
        username: account.user_name,
        display_name: account.display_name,
        email: account.email,
        email_verified: account.email_verified.unwrap_or(false),
        phone_region: phone.map(|(region, _)| region.to_owned()),
        phone_number: phone.map(|(_, number)| number.to_owned()),
        phone_number_verified: account.phone_number_verified.unwrap_or(false),
        password_set: false,
        status: if account.active == Some(false) { "disabled" } else { "enabled" }.to_owned(),
        description: account.description,
        user_external_id: account.external_id.unwrap_or_else(|| found.id.clone()),
        user_source_type: SOURCE.to_owned(),
        user_source_id: instance.clone(),
        instance_id: instance,
        account_expire_time: NEVER,
        lock_expire_time: NEVER,
        register_time: time(found, CREATED),
        create_time: time(found, CREATED),
        update_time: time(found, MODIFIED),
        primary_organizational_unit_id: None,
        organizational_units: None,
        groups: None,
        custom_fields: None,
    }
}

async fn long(call: &Call, desk: &Desk<'_>, found: &Found) -> Result<User, Refused> {
    let mut user = short(call, found);
    let account = Account::show(&found.kept);
    let primary = account.org_unit.unwrap_or_else(|| ROOT.to_owned());
    let mut units = Vec::new();
    for (id, primary) in
        std::iter::once((primary.clone(), true)).chain(account.org_units.into_iter().flatten().map(|id| (id, false)))
    {
        let found = if id == ROOT { None } else { desk.find(Class::OrgUnit, &id).await? };
        let name = found.and_then(|found| kept_text(&found.kept, "displayName")).unwrap_or_default();
        units.push(UnitOfUser { organizational_unit_id: id, organizational_unit_name: name, primary });
    }
    let groups = desk.query(Class::Group, asking(Some(is("members.value", &found.id)), 500)).await?;
    let group = |found: Found| GroupOfUser {
        group_name: kept_text(&found.kept, "displayName").unwrap_or_default(),
        description: kept_text(&found.kept, "description"),
        group_id: found.id,
    };
    user.groups = Some(groups.found.into_iter().map(group).collect());
    user.primary_organizational_unit_id = Some(primary);
    user.organizational_units = Some(units);
    let own = |(name, value): (&String, &Own)| FieldOfUser { field_name: name.clone(), field_value: text(value) };
    user.custom_fields = Some(account.attributes.iter().flatten().map(own).collect());
    Ok(user)
}

/// `POST users`
pub(super) async fn create(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::writing())?;
    let desk = call.api.desk(&caller);
    let body: CreateUser = read::json(&call.parts, call.body()).await?;
    if body.password.is_some() {
        return Err(no_password());
    }
    if body.email.is_some() && body.email_verified.is_none() {
        return Err(Problem::at("/emailVerified", "email comes together with emailVerified"));
    }
    must_be(&desk, &body.primary_organizational_unit_id).await?;
    let fields = body.custom_fields.into_iter().flatten();
    let owns: Owns = fields.filter_map(|field| Some((field.field_name, Own::Text(field.field_value?)))).collect();
    let account = Account {
        user_name: body.username,
        external_id: body.user_external_id,
        display_name: body.display_name,
        given_name: None,
        family_name: None,
        email: body.email,
        email_verified: body.email_verified,
        phone_number: joined(body.phone_region.as_deref(), body.phone_number.as_deref(), body.phone_number_verified)?,
        phone_number_verified: body.phone_number_verified,
        title: None,
        department: None,
        employee_number: None,
        preferred_language: None,
        description: body.description,
        active: Some(true),
        org_unit: unit(body.primary_organizational_unit_id),
        org_units: None,
        manager: None,
        attributes: (!owns.is_empty()).then_some(owns),
    };
    checked(&account)?;
    if let Some(email) = &account.email {
        unused(&desk, "emails.value", email, None).await?;
    }
    Ok(json(UserId { user_id: desk.create(None, &account).await?.id }))
}

/// An address of e-mail is one user's.
async fn unused(desk: &Desk<'_>, attribute: &str, value: &str, own: Option<&str>) -> Result<(), Refused> {
    match desk.holder(Class::Account, attribute, value).await? {
        Some(id) if Some(id.as_str()) != own => {
            let text = format!("the user \"{id}\" has \"{value}\" already");
            Err(rosterd_model::Fault::new(rosterd_model::FaultKind::AlreadyExists, text).into())
        }
        _ => Ok(()),
    }
}

fn no_password() -> Refused {
    Problem::at(
        "/password",
        "the directory keeps no passwords; the hub makes first passwords where a destination needs one",
    )
}

/// `GET users/{userId}`
pub(super) async fn get(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::reading())?;
    let desk = call.api.desk(&caller);
    let found = desk.fetch(Class::Account, call.id_of("userId")?).await?;
    Ok(json(long(&call, &desk, &found).await?))
}

/// `GET users`
pub(super) async fn list(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::reading())?;
    let wanted = Numbered::of(&call)?;
    if wanted.parent_id.is_some() {
        return Err(Problem::parameter("parentId is no parameter of users"));
    }
    let (offset, size) = wanted.window()?;
    let unit = wanted.organizational_unit_id.as_deref();
    let filter = unit.map(|unit| match unit {
        ROOT => Filter::Not(Box::new(Filter::Compare {
            attribute: "organizationalUnit".to_owned(),
            is: Comparison::Pr,
            value: serde_json::Value::Null,
        })),
        unit => Filter::Or(vec![is("organizationalUnit.value", unit), is("organizationalUnits.value", unit)]),
    });
    let mut query = asking(filter, size);
    query.offset = offset;
    let listed = call.api.desk(&caller).query(Class::Account, query).await?;
    let data: Vec<User> = listed.found.iter().map(|found| short(&call, found)).collect();
    let total_count = listed.total.unwrap_or(offset + data.len() as u64 + u64::from(listed.next.is_some()));
    Ok(json(Users { data, total_count }))
}

/// `PATCH users/{userId}`
pub(super) async fn patch(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::writing())?;
    let desk = call.api.desk(&caller);
    let body: PatchUser = read::json(&call.parts, call.body()).await?;
    let id = call.id_of("userId")?;
    if body.email.as_ref().is_some_and(|email| !email.is_empty()) && body.email_verified.is_none() {
        return Err(Problem::at("/emailVerified", "email comes together with emailVerified"));
    }
    let phone = joined(body.phone_region.as_deref(), body.phone_number.as_deref(), body.phone_number_verified)?;
    if let Some(email) = body.email.as_ref().filter(|email| !email.is_empty()) {
        unused(&desk, "emails.value", email, Some(id)).await?;
    }
    // An empty text empties.
    let put = |field: &mut Option<String>, value: &Option<String>| {
        if let Some(value) = value {
            *field = Some(value.clone()).filter(|value| !value.is_empty());
        }
    };
    desk.change(id, None, |found| {
        let mut account = Account::show(&found.kept);
        if let Some(name) = &body.username {
            account.user_name.clone_from(name);
        }
        put(&mut account.display_name, &body.display_name);
        put(&mut account.email, &body.email);
        put(&mut account.phone_number, &phone);
        account.email_verified = body.email_verified.or(account.email_verified);
        account.phone_number_verified = body.phone_number_verified.or(account.phone_number_verified);
        let mut owns = account.attributes.take().unwrap_or_default();
        for change in body.custom_fields.iter().flatten() {
            match change.operation.as_deref().or(change.operator.as_deref()).unwrap_or("replace") {
                "remove" => drop(owns.remove(&change.field_name)),
                "add" | "replace" => {
                    let value = Own::Text(change.field_value.clone().unwrap_or_default());
                    owns.insert(change.field_name.clone(), value);
                }
                _ => return Err(Problem::at("/customFields", "operation is add, replace or remove")),
            }
        }
        account.attributes = (!owns.is_empty()).then_some(owns);
        checked(&account)?;
        Ok((account, Vec::new()))
    })
    .await?;
    Ok(done())
}

/// `DELETE users/{userId}`
pub(super) async fn remove(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::writing())?;
    call.api.desk(&caller).remove(Class::Account, call.id_of("userId")?, None).await?;
    Ok(done())
}

/// Changes a user in a way that no body says.
pub(super) async fn change(
    call: &Call,
    work: impl Fn(&mut Account) -> Result<(), Refused> + Send + Sync,
) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Account::writing())?;
    let desk = call.api.desk(&caller);
    desk.change(call.id_of("userId")?, None, |found| {
        let mut account = Account::show(&found.kept);
        work(&mut account)?;
        Ok((account, Vec::new()))
    })
    .await?;
    Ok(done())
}

pub(super) async fn enable(call: Call) -> Result<Response, Refused> {
    change(&call, |account| {
        account.active = Some(true);
        Ok(())
    })
    .await
}

pub(super) async fn disable(call: Call) -> Result<Response, Refused> {
    change(&call, |account| {
        account.active = Some(false);
        Ok(())
    })
    .await
}

pub(super) async fn password(call: Call) -> Result<Response, Refused> {
    read::allowed(&call.parts, Account::writing())?;
    let Password { password: _ } = read::json(&call.parts, call.body()).await?;
    Err(no_password())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_is_split_where_its_country_ends() {
        let cases = [
            ("+8613800000000", "86", "13800000000"),
            ("+12125550100", "1", "2125550100"),
            ("+85212345678", "852", "12345678"),
        ];
        for (phone, region, number) in cases {
            assert_eq!(split(phone), Some((region, number)));
            assert_eq!(joined(Some(region), Some(number), Some(true)).expect("it fits").as_deref(), Some(phone));
        }
        assert_eq!(split("138"), None);
        assert!(joined(None, Some("13800000000"), Some(true)).is_err());
    }
}
