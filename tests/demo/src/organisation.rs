//! The tree of org units: six levels, of which the last grows with the company.

/// The separator of the path column, and what makes a separator part of a name.
const SEPARATOR: char = '/';
const ESCAPE: char = '\\';

const COMPANY: &str = "星河集团";
const DIVISIONS: [&str; 5] = ["研发中心", "销售中心", "职能平台", "供应链", "International"];
const REGIONS: [&str; 4] = ["华东区", "华北区", "华南区", "EMEA"];
/// One name holds the separator itself, one an ampersand and quotes.
const DEPARTMENTS: [&str; 3] = ["平台部", "A/B 实验部", "R&D \"X\""];
const SECTIONS: [&str; 3] = ["一科", "二科", "Ops"];

/// People in one unit of the last level, about.
const TEAM_SIZE: usize = 14;

/// The shape of one company's tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Organisation {
    teams: usize,
}

impl Organisation {
    /// The tree of a company of `people`.
    pub(crate) fn new(people: usize) -> Self {
        let sections = DIVISIONS.len() * REGIONS.len() * DEPARTMENTS.len() * SECTIONS.len();
        Self { teams: (people / (sections * TEAM_SIZE)).clamp(2, 60) }
    }

    /// Number of units of the last level.
    pub(crate) fn leaves(self) -> usize {
        DIVISIONS.len() * REGIONS.len() * DEPARTMENTS.len() * SECTIONS.len() * self.teams
    }

    /// The path of the unit over leaf number `leaf`, `depth` levels from the top (1 to 6), escaped.
    pub(crate) fn path(self, leaf: usize, depth: usize) -> String {
        let mut rest = leaf % self.leaves();
        let mut next = |choices: usize| {
            let index = rest % choices;
            rest /= choices;
            index
        };
        let levels = [
            COMPANY.to_owned(),
            DIVISIONS[next(DIVISIONS.len())].to_owned(),
            REGIONS[next(REGIONS.len())].to_owned(),
            DEPARTMENTS[next(DEPARTMENTS.len())].to_owned(),
            SECTIONS[next(SECTIONS.len())].to_owned(),
            format!("{}组", next(self.teams) + 1),
        ];
        levels[..depth.clamp(1, 6)].iter().map(|name| escaped(name)).collect::<Vec<_>>().join(&SEPARATOR.to_string())
    }
}

fn escaped(name: &str) -> String {
    name.chars().fold(String::with_capacity(name.len()), |mut text, letter| {
        if letter == SEPARATOR || letter == ESCAPE {
            text.push(ESCAPE);
        }
        text.push(letter);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_leaf_is_a_unit_of_its_own_six_levels_deep() {
        let tree = Organisation::new(10_000);
        let paths: BTreeSet<_> = (0..tree.leaves()).map(|leaf| tree.path(leaf, 6)).collect();
        assert_eq!(paths.len(), tree.leaves());
        assert!(paths.iter().all(|path| path.replace("\\/", "").matches('/').count() == 5));
    }

    #[test]
    fn a_separator_in_a_name_is_escaped() {
        assert_eq!(escaped("A/B\\C"), "A\\/B\\\\C");
    }
}
