//! What sources call the states of a working life, in English and in Chinese.

/// What a word says of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Will start; when is said elsewhere, or not known.
    Pending,
    /// Works here.
    Active,
    /// Away, or locked out at the source: no leaver.
    Suspended,
    /// Has given notice; the last day is said elsewhere.
    Leaving,
    /// Works here no longer, or never came.
    Left,
}

const PENDING: &[&str] =
    &["pending", "pre hire", "prehire", "new hire", "hired", "onboarding", "待入职", "待报到", "预入职", "拟入职"];

const ACTIVE: &[&str] = &[
    "active",
    "employed",
    "enabled",
    "working",
    "probation",
    "在职",
    "在岗",
    "正式",
    "试用",
    "试用期",
    "启用",
    "正常",
    "已激活",
];

const SUSPENDED: &[&str] = &[
    "suspended",
    "disabled",
    "inactive",
    "locked",
    "leave",
    "on leave",
    "leave of absence",
    "parental leave",
    "garden leave",
    "停用",
    "禁用",
    "冻结",
    "未激活",
    "休假",
    "产假",
    "病假",
    "停职",
    "停薪留职",
];

const LEAVING: &[&str] = &["leaving", "on notice", "notice period", "resigning", "待离职", "离职中", "离职办理中"];

const LEFT: &[&str] = &[
    "left",
    "leaver",
    "terminated",
    "dismissed",
    "resigned",
    "retired",
    "deceased",
    "deleted",
    "no show",
    "withdrawn",
    "cancelled",
    "canceled",
    "离职",
    "已离职",
    "辞职",
    "辞退",
    "解聘",
    "开除",
    "退休",
    "终止",
    "身故",
    "注销",
    "未报到",
    "放弃入职",
    "取消入职",
];

impl Word {
    /// The state that a word names; none if it is no word of ours. Case, and what joins two words, do not count.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        // Most sources write their words as they stand here, a million times.
        Self::exact(text).or_else(|| {
            let plain = text.to_lowercase().replace(['-', '_'], " ");
            Self::exact(&plain.split_whitespace().collect::<Vec<_>>().join(" "))
        })
    }

    fn exact(text: &str) -> Option<Self> {
        let lists = [
            (ACTIVE, Self::Active),
            (LEFT, Self::Left),
            (SUSPENDED, Self::Suspended),
            (LEAVING, Self::Leaving),
            (PENDING, Self::Pending),
        ];
        lists.into_iter().find(|(words, _)| words.contains(&text)).map(|(_, word)| word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_of_two_languages_however_they_are_written() {
        for (text, word) in [
            (" Terminated ", Word::Left),
            ("NO_SHOW", Word::Left),
            ("no-show", Word::Left),
            ("离职", Word::Left),
            ("On  Leave", Word::Suspended),
            ("停用", Word::Suspended),
            ("在职", Word::Active),
            ("pre-hire", Word::Pending),
            ("待离职", Word::Leaving),
        ] {
            assert_eq!(Word::read(text), Some(word), "{text}");
        }
        assert_eq!(Word::read("part time"), None);
        assert_eq!(Word::read(""), None);
    }

    #[test]
    fn no_word_says_two_things() {
        let all = [PENDING, ACTIVE, SUSPENDED, LEAVING, LEFT].concat();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
