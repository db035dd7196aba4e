//! What a connector says about itself, as far as reading depends on it. What it does not say, it can not do.

use rosterd_model::Class;
use rosterd_model::port::Source;
use rosterd_reconcile::stale::Versions;
use serde_json::Value;

/// The parts of `describe` that a scan asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Described {
    /// A scan that goes on from a resume point still lists everything.
    pub(crate) resume_stable: bool,
    classes: [OfClass; 3],
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct OfClass {
    delta: bool,
    deletes: bool,
    versions: Versions,
}

fn slot(class: Class) -> usize {
    usize::from(class.code()) - 1
}

impl Described {
    /// Asks a connector. One that does not answer can nothing.
    pub(crate) async fn ask(source: &mut dyn Source) -> Self {
        let text = source.describe().await.unwrap_or_default();
        Self::read(&serde_json::from_str(&text).unwrap_or_default())
    }

    fn read(described: &Value) -> Self {
        let truth = |value: Option<&Value>, key: &str| {
            value.and_then(|value| value.get(key)).and_then(Value::as_bool).unwrap_or(false)
        };
        let all = described.get("delta");
        let mut classes = [OfClass::default(); 3];
        for class in Class::ALL {
            let own = described.get("classes").and_then(|classes| classes.get(class.as_str()));
            let delta = own.and_then(|own| own.get("delta")).or(all);
            let versions = own.and_then(|own| own.get("versions")).and_then(Value::as_str);
            classes[slot(class)] = OfClass {
                delta: truth(delta, "supported"),
                deletes: truth(delta, "supported") && truth(delta, "includes-deletes"),
                versions: Versions::of(versions.unwrap_or_default()),
            };
        }
        Self { resume_stable: truth(Some(described), "resume-stable"), classes }
    }

    /// The classes of which the connector can say what changed.
    pub(crate) fn with_deltas(&self) -> Vec<Class> {
        Class::ALL.into_iter().filter(|class| self.classes[slot(*class)].delta).collect()
    }

    /// True if what a delta of a class calls deleted is deleted.
    pub(crate) fn deltas_tell_deletes(&self, class: Class) -> bool {
        self.classes[slot(class)].deletes
    }

    /// How versions of a class compare.
    pub(crate) fn versions(&self, class: Class) -> Versions {
        self.classes[slot(class)].versions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_class_may_differ_and_silence_means_no() {
        let described = Described::read(&json!({
            "resume-stable": true, "delta": {"supported": true, "includes-deletes": true},
            "classes": {"group": {"delta": {"supported": true, "includes-deletes": false}, "versions": "number"},
                        "org-unit": {"delta": {"supported": false, "includes-deletes": false}}}}));
        assert_eq!(described.with_deltas(), [Class::Group, Class::Account]);
        assert!(described.deltas_tell_deletes(Class::Account) && !described.deltas_tell_deletes(Class::Group));
        assert_eq!(described.versions(Class::Group), Versions::Number);
        assert_eq!(described.versions(Class::Account), Versions::Opaque);
        assert_eq!(Described::read(&Value::Null), Described::default());
    }
}
