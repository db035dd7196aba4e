//! Groups that follow a rule: who is in them, asked of one account at a time.
//!
//! The hub names members of such groups by their own ids, so that an account that is yet to be made has its id when the
//! plan is made, and not only when it is applied ([`id_of_new`]).

use crate::canonical::{encode_text, hash16};
use crate::expression::{self, EvalError, Expression, Outcome, Scope};
use crate::fanout::computed;
use crate::mapping::MappingError;
use crate::normalise::value::type_name;
use crate::schema::{Kind, kind};
use rosterd_model::claim::MappingDigest;
use rosterd_model::plan::StepSource;
use rosterd_model::spec::GroupSpec;
use rosterd_model::{Attributes, Class, Entity, EntityId, Lifecycle, Rule};

/// What accounts hold of their groups elsewhere: a rule that asked for it could depend on its own answer.
const GROUPS: [&str; 5] = ["groups", "group", "memberOf", "isMemberOf", "members"];

/// A compiled rule.
#[derive(Debug)]
pub struct GroupRule {
    /// Its name: `[group.NAME]`.
    pub name: String,
    /// What people call the group.
    pub display_name: String,
    expression: Expression,
    text: String,
    digest: MappingDigest,
}

impl GroupRule {
    /// Compiles `[group.NAME]`.
    ///
    /// # Errors
    /// The key, and why it can not be used.
    pub fn compile(name: &str, spec: &GroupSpec) -> Result<Self, MappingError> {
        let refuse = |key: &str, message: String| Err(MappingError { attribute: key.to_owned(), message });
        let display_name = spec.display_name.clone().unwrap_or_else(|| name.to_owned());
        if display_name.trim().is_empty() {
            return refuse("display-name", "a group needs a name; write one, or take the key out".to_owned());
        }
        let expression = match expression::compile(&spec.members, "account", None) {
            Ok(expression) => expression,
            Err(error) => return refuse("members", error.to_string()),
        };
        if let Some(asked) = expression.reads().iter().find(|read| GROUPS.contains(&read.as_str())) {
            let text = format!(
                "a rule may not ask for groups, and this one reads account.{asked}; say what makes somebody a member"
            );
            return refuse("members", text);
        }
        if let Some(what) = never_a_condition(&expression, &spec.members) {
            let text = format!(
                "the rule gives a value of type {what}, not true or false; compare it: account.department == \"R&D\""
            );
            return refuse("members", text);
        }
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let text = format!(
            "group by rule {name}\n\"displayName\" = {}\n\"members\" = {}\n",
            quoted(&display_name),
            quoted(&spec.members)
        );
        let mut bytes = Vec::new();
        encode_text(&text, &mut bytes);
        let mut digest = MappingDigest::default();
        digest.copy_from_slice(&hash16(&bytes)[..8]);
        Ok(Self { name: name.to_owned(), display_name, expression, text, digest })
    }

    /// The canonical text, from which `why` shows the rule.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Digest of [`GroupRule::text`].
    #[must_use]
    pub const fn digest(&self) -> MappingDigest {
        self.digest
    }

    /// What must be asked of everybody anew when it changes.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        blake3::hash(self.text.as_bytes()).to_hex()[..32].to_owned()
    }

    /// True if it asks for the path of an account's org unit, which changes without the account.
    #[must_use]
    pub fn wants_path(&self) -> bool {
        self.expression.reads_any() || self.expression.reads().iter().any(|read| read == "orgPath")
    }

    /// True if an account is in the group. `extra` are attributes that the caller computed (`orgPath`). Null and absent count
    /// as false.
    ///
    /// # Errors
    /// The rule can not be applied to this account.
    pub fn includes(&self, account: &Entity, extra: &Attributes) -> Result<bool, EvalError> {
        if matches!(account.lifecycle, Lifecycle::Deleted { .. }) && Rule::GroupForgetsTheGone.on() {
            return Ok(false);
        }
        let extra = computed(account, extra);
        self.expression.test(&Scope::new(&account.attributes).with_extra(&extra))
    }
}

/// What an expression gives instead of true or false, as far as that can be told without an account.
fn never_a_condition(expression: &Expression, text: &str) -> Option<&'static str> {
    let plain = text.trim().strip_prefix("account.");
    if let Some(name) = plain.filter(|name| expression.reads() == [(*name).to_owned()]) {
        return match kind(Class::Account, name) {
            Kind::Bool => None,
            Kind::Other if matches!(name, "lifecycle" | "id" | "orgPath") => Some("text"),
            Kind::Other => None,
            Kind::Text | Kind::Email | Kind::Phone => Some("text"),
            Kind::Reference(_) | Kind::References(_) | Kind::Members => Some("reference"),
        };
    }
    match expression.eval(&Scope::new(&Attributes::new())) {
        Ok(Outcome::Value(value)) => match value {
            rosterd_model::Value::Bool(_) => None,
            other => Some(type_name(&other)),
        },
        // Null and absent are false, and what fails on nobody may hold for somebody.
        _ => None,
    }
}

/// The id that the account of a new record gets: the same for every plan of one state of the record, in a replay, too. `nth`
/// counts up where that id is somebody's already. The order of such ids is that of the records' changes, behind all ids that have a time.
#[must_use]
pub fn id_of_new(class: Class, source: &StepSource, nth: u32) -> EntityId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(source.connection.as_str().as_bytes());
    hasher.update(&[0, class.code()]);
    hasher.update(&source.seq.to_be_bytes());
    hasher.update(&nth.to_be_bytes());
    hasher.update(source.id.as_str().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    // A UUIDv7: six bytes of order, the version, the variant.
    bytes[..6].copy_from_slice(&source.seq.to_be_bytes()[2..]);
    bytes[0] |= 0x80;
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    EntityId::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::{RunId, Timestamp, Value};

    fn rule(members: &str) -> Result<GroupRule, String> {
        let spec = GroupSpec { display_name: Some("Engineering".to_owned()), members: members.to_owned() };
        GroupRule::compile("engineering", &spec).map_err(|error| error.message)
    }

    fn account(department: &str, lifecycle: Lifecycle) -> Entity {
        Entity {
            id: EntityId::from_bytes([1; 16]),
            class: Class::Account,
            attributes: [("department".to_owned(), Value::from(department))].into_iter().collect(),
            lifecycle,
            revision: 1,
            created: RunId(1),
            changed: RunId(1),
        }
    }

    fn is_in(members: &str, account: &Entity) -> Result<bool, String> {
        rule(members)?.includes(account, &Attributes::new()).map_err(|error| error.message)
    }

    #[test]
    fn the_expression_says_who_is_in_and_the_deleted_never_are() {
        let text = r#"account.department == "R&D" && account.lifecycle == "active""#;
        let at = Timestamp(1);
        assert_eq!(is_in(text, &account("R&D", Lifecycle::Active)), Ok(true));
        assert_eq!(is_in(text, &account("Sales", Lifecycle::Active)), Ok(false));
        assert_eq!(is_in(text, &account("R&D", Lifecycle::Suspended)), Ok(false));
        assert_eq!(is_in("true", &account("R&D", Lifecycle::Suspended)), Ok(true));
        assert_eq!(is_in("true", &account("R&D", Lifecycle::Deleted { at })), Ok(false));
        assert_eq!(is_in("account.title == \"Boss\"", &account("R&D", Lifecycle::Active)), Ok(false), "nobody said");
        assert!(is_in("account.department > 7", &account("R&D", Lifecycle::Active)).is_err());
    }

    #[test]
    fn what_can_not_be_a_rule_is_refused_with_a_reason() {
        for (text, words) in [
            ("", "empty"),
            ("account.department = \"R&D\"", "=="),
            ("department == \"R&D\"", "account"),
            ("account.department", "type text"),
            ("account.lifecycle", "type text"),
            ("account.manager", "type reference"),
            ("\"yes\"", "type text"),
            ("1 + 1", "type integer"),
            ("account.groups.exists(group, group == \"Staff\")", "may not ask for groups"),
            ("\"Staff\" in account.memberOf", "may not ask for groups"),
        ] {
            let said = rule(text).expect_err(text);
            assert!(said.contains(words), "{text}: {said}");
        }
        let nameless = GroupSpec { display_name: Some(" ".to_owned()), members: "true".to_owned() };
        assert_eq!(GroupRule::compile("x", &nameless).expect_err("no name").attribute, "display-name");
        assert!(rule("account.active").is_ok() && rule("account.isContractor").is_ok());
    }

    #[test]
    fn a_rule_tells_its_text_and_whether_it_asks_for_the_path() {
        let one = rule("true").expect("a rule");
        assert_eq!(
            one.text(),
            "group by rule engineering\n\"displayName\" = \"Engineering\"\n\"members\" = \"true\"\n"
        );
        for (text, asks) in
            [("true", false), ("account.department == \"R&D\"", false), ("account.orgPath.startsWith(\"/R&D\")", true)]
        {
            assert_eq!(rule(text).expect(text).wants_path(), asks, "{text}");
        }
    }

    #[test]
    fn another_rule_or_name_has_another_fingerprint() {
        let one = rule("true").expect("a rule");
        assert_ne!(one.fingerprint(), rule("false").expect("a rule").fingerprint());
        let renamed = GroupSpec { display_name: None, members: "true".to_owned() };
        let renamed = GroupRule::compile("engineering", &renamed).expect("a rule");
        assert_eq!(renamed.display_name, "engineering");
        assert_ne!(one.fingerprint(), renamed.fingerprint());
    }

    #[test]
    fn the_id_of_a_new_account_is_that_of_its_record_as_it_is() {
        let source =
            |id: &str, seq| StepSource { connection: "hr".parse().expect("a name"), ordinal: 1, id: id.into(), seq };
        let id = |id: &str, seq, nth| id_of_new(Class::Account, &source(id, seq), nth);
        assert_eq!(id("1", 5, 0), id("1", 5, 0));
        assert_ne!(id("1", 5, 0), id("2", 5, 0));
        assert_ne!(id("1", 5, 0), id("1", 5, 1));
        assert!(id("1", 5, 0) < id("1", 6, 0), "in the order of changes");
        let timed = EntityId::from_bytes([0x01, 0x9b, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xbf, 0, 0, 0, 0, 0, 0, 0]);
        assert!(id("1", 5, 0) > timed, "behind all that have a time");
        // Version and variant of RFC 9562, and every other bit that of the hash: of many ids each is set in some.
        let (mut all, mut any) = ([0xff_u8; 16], [0_u8; 16]);
        for nth in 0..200 {
            let id = id("1", 5, nth);
            assert_eq!(id.0.get_version_num(), 7);
            for (at, byte) in id.as_bytes().iter().enumerate() {
                all[at] &= byte;
                any[at] |= byte;
            }
        }
        assert_eq!((all[6], any[6], all[8], any[8]), (0x70, 0x7f, 0x80, 0xbf));
    }
}
