//! Single objects, for hints: as they are now, in the words of a scan.

use crate::api::{self, Api};
use crate::convert::{Person, unit};
use crate::reply::Refused;
use crate::settings::Settings;
use crate::tree::{ROOT, Scope};
use crate::wire::{self, Object};
use rosterd_sdk::{Class, Fault, Object as Entry, ObjectRef};
use serde_json::Value;
use std::collections::HashMap;

/// What a listing says about a department; without details a scan knows no more.
const BASIC: [&str; 7] =
    ["dept_id", "name", "create_dept_group", "auto_add_user", "from_union_org", "source_identifier", "tags"];

/// Looks at single objects.
#[derive(Debug)]
pub struct Look<'a> {
    api: Api,
    settings: &'a Settings,
    scope: Scope,
    /// Departments that were looked up: the highest one above it, or itself, that is read; none: it is not read.
    tops: HashMap<i64, Option<i64>>,
}

impl<'a> Look<'a> {
    /// Finds out what is read at all.
    ///
    /// # Errors
    /// What DingTalk answered.
    pub fn new(settings: &'a Settings) -> Result<Self, Fault> {
        let api = Api::new(settings);
        let scope = Scope::of(&api, settings)?;
        Ok(Self { api, settings, scope, tops: HashMap::new() })
    }

    /// One object; none if DingTalk says that it does not exist.
    ///
    /// # Errors
    /// What DingTalk answered; `forbidden` for what is there and not to be read.
    pub fn at(&mut self, object: &ObjectRef) -> Result<Option<Entry>, Fault> {
        match object.class {
            Class::Account => self.person(&object.id),
            Class::OrgUnit => self.department(&object.id),
            Class::Group => Err(Fault::unsupported("DingTalk has no groups that this connector reads")),
        }
    }

    fn person(&mut self, userid: &str) -> Result<Option<Entry>, Fault> {
        const CALL: &str = "/topapi/v2/user/get";
        let answer = match api::one(self.api.person(userid)) {
            Err(refused) if refused.not_found() => return Ok(None),
            other => other.map_err(|refused| about(refused, userid))?,
        };
        let found = api::result(&answer, CALL, |result| Some(result.clone()))?;
        let wrong = |wrong: String| Fault::invalid(format!("{CALL} (person {userid}): {wrong}")).about(userid);
        let person = Person::single(&found, userid).map_err(|who| wrong(who.wrong))?;
        for id in &person.departments {
            self.top(*id)?;
        }
        let within = |id: i64| self.scope.is_whole() || self.tops.get(&id).is_some_and(Option::is_some);
        if !self.scope.people.iter().any(|own| own == userid) && !person.departments.iter().any(|id| within(*id)) {
            return Err(outside("person", userid));
        }
        person.entry(within, self.settings.each()).map(Some).map_err(wrong)
    }

    fn department(&mut self, text: &str) -> Result<Option<Entry>, Fault> {
        const CALL: &str = "/topapi/v2/department/get";
        let Some(id) = text.parse::<i64>().ok().filter(|id| *id >= ROOT && id.to_string() == text) else {
            return Ok(None);
        };
        let answer = match api::one(self.api.department(id)) {
            Err(refused) if refused.not_found() => return Ok(None),
            other => other.map_err(|refused| about(refused, text))?,
        };
        let mut fields = api::result(&answer, CALL, |result| result.as_object().cloned())?;
        let top = self.top(id)?.ok_or_else(|| outside("department", text))?;
        let wrong = |wrong: String| Fault::invalid(format!("{CALL} (department {id}): {wrong}")).about(text);
        let parent = match wire::read(&fields, "parent_id", "whole number", wire::whole).map_err(wrong)? {
            _ if top == id => None,
            None => return Err(wrong("it has no parent_id".to_owned())),
            parent => parent,
        };
        let details = self.settings.department_details || parent.is_none();
        if !details {
            fields = fields.into_iter().filter(|(name, _)| BASIC.contains(&name.as_str())).collect::<Object>();
        }
        unit(id, parent, &fields, details).map(Some).map_err(wrong)
    }

    /// The highest department above this one, or itself, that is read with everything below.
    fn top(&mut self, id: i64) -> Result<Option<i64>, Fault> {
        if self.scope.is_whole() {
            return Ok(Some(ROOT));
        }
        if let Some(known) = self.tops.get(&id) {
            return Ok(*known);
        }
        const CALL: &str = "/topapi/v2/department/listparentbydept";
        let top = match api::one(self.api.path(id)) {
            // What the application may not see is not read either; whoever is in it may be in another that is.
            Err(refused) if refused.not_found() || refused.out_of_sight() => None,
            Err(refused) => return Err(refused.fault),
            Ok(answer) => {
                let path = |result: &Value| wire::numbers(result.get("parent_id_list")?);
                let path = api::result(&answer, CALL, path)?;
                path.into_iter().rev().find(|id| self.scope.departments.contains(id))
            }
        };
        self.tops.insert(id, top);
        Ok(top)
    }
}

/// The subject says that the object is out of sight, and not that the application may see nobody.
fn outside(what: &str, id: &str) -> Fault {
    Fault::forbidden(format!("{what} {id} is in DingTalk, and in no department that this connection reads")).about(id)
}

fn about(refused: Refused, id: &str) -> Fault {
    if refused.out_of_sight() { refused.fault.about(id) } else { refused.fault }
}
