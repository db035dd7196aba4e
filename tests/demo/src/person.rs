//! One person as a row: what the file says when nothing is wrong with it.

use crate::names;
use crate::organisation::Organisation;
use crate::random::Random;
use std::collections::HashMap;

/// The cells of a row, in the order of [`HEADER`].
pub(crate) type Row = Vec<String>;

/// The first line: names as a Chinese office writes them.
pub(crate) const HEADER: [&str; 9] =
    ["工号", "用户名", "姓名", "邮箱", "手机号", "组织路径", "职位", "上级工号", "状态"];

/// Columns by name.
pub(crate) mod column {
    pub(crate) const NUMBER: usize = 0;
    pub(crate) const USER_NAME: usize = 1;
    pub(crate) const EMAIL: usize = 3;
    pub(crate) const PHONE: usize = 4;
    pub(crate) const TITLE: usize = 6;
}

/// How many people report to one manager, about.
const SPAN: usize = 9;

/// Makes people in order, each a function of the seed, its index and the user names given before.
#[derive(Debug)]
pub(crate) struct People {
    seed: u64,
    count: usize,
    organisation: Organisation,
    logins: HashMap<String, u32>,
}

impl People {
    /// The people of a company of `count`.
    pub(crate) fn new(seed: u64, count: usize) -> Self {
        Self { seed, count, organisation: Organisation::new(count), logins: HashMap::new() }
    }

    /// The row of person `index`. To be asked for in order, from 0, because equal user names get a number.
    pub(crate) fn row(&mut self, index: usize) -> Row {
        let mut random = Random::of(self.seed, index as u64);
        let name = names::name(&mut random);
        let login = self.unique(name.login);
        let display = if random.once_in(200) { format!("  {} ", name.display) } else { name.display };
        let email = match random.below(50) {
            0 => String::new(),
            1 => format!("{}@XINGHE.Example", login.to_uppercase()),
            _ => format!("{login}@xinghe.example"),
        };
        let phone = phone(&mut random);
        // The upper the person, the upper the unit: numbers grow breadth first, as managers do.
        let depth = 1 + (0..5).take_while(|level| index >= SPAN.pow(*level)).count();
        let path = self.organisation.path(random.next() as usize, depth);
        let title = title(&mut random, depth);
        let manager = self.manager(&mut random, index);
        let status = if random.once_in(100) { "停用" } else { "在职" };
        vec![number(index), login, display, email, phone, path, title, manager, status.to_owned()]
    }

    fn unique(&mut self, login: String) -> String {
        let used = self.logins.entry(login.clone()).or_insert(0);
        *used += 1;
        if *used == 1 { login } else { format!("{login}{used}") }
    }

    /// The head is his own manager, the next two manage each other; one in fifty reports to somebody further down the
    /// file, so that references must wait; one in sixty has none.
    fn manager(&self, random: &mut Random, index: usize) -> String {
        match index {
            0 => number(0),
            1 => number(2.min(self.count - 1)),
            2 => number(1),
            _ if random.once_in(60) => String::new(),
            _ if random.once_in(50) => number((index + 1 + random.below(500) as usize).min(self.count - 1)),
            _ => number((index - 1) / SPAN),
        }
    }
}

/// The employee number: seven digits with leading zeros, which a spreadsheet would eat.
pub(crate) fn number(index: usize) -> String {
    format!("{:07}", index + 1)
}

fn phone(random: &mut Random) -> String {
    let prefix = random.pick(&["13", "15", "17", "18", "19"]);
    let digits = format!("{prefix}{:09}", random.below(1_000_000_000));
    match random.below(20) {
        0 => String::new(),
        1 | 2 => format!("+86 {}-{}-{}", &digits[..3], &digits[3..7], &digits[7..]),
        3 => digits.chars().filter_map(|digit| char::from_u32(digit as u32 - '0' as u32 + '０' as u32)).collect(),
        4..8 => format!("+86{digits}"),
        _ => digits,
    }
}

/// Titles, some of which look like a formula, hold quotes, commas or a line break, or are empty.
fn title(random: &mut Random, depth: usize) -> String {
    const USUAL: [&str; 8] =
        ["工程师", "高级工程师", "销售经理", "Account Manager", "会计", "Analyst", "人事专员", "采购"];
    const HEADS: [&str; 6] = ["董事长", "总裁", "区域总监", "部门总监", "科长", "组长"];
    const ODD: [&str; 10] = [
        "=HYPERLINK(\"http://evil.example\",\"工程师\")",
        "=1+1",
        "+顾问",
        "-",
        "@运营",
        "＝全角等号",
        "'quoted at the start",
        "Lead, \"Tools\"",
        "he said \"\"hi\"",
        "工程师\n(兼)",
    ];
    match random.below(40) {
        0 => (*random.pick(&ODD)).to_owned(),
        1 => String::new(),
        2 => format!("Engineer; Trainer {}", random.below(9)),
        3..6 => HEADS[depth - 1].to_owned(),
        _ => (*random.pick(&USUAL)).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn user_names_and_numbers_are_unique_and_rows_have_all_columns() {
        let mut people = People::new(1, 5_000);
        let (mut logins, mut numbers) = (HashSet::new(), HashSet::new());
        for index in 0..5_000 {
            let row = people.row(index);
            assert_eq!(row.len(), HEADER.len());
            assert!(logins.insert(row[column::USER_NAME].clone()), "{row:?}");
            assert!(numbers.insert(row[column::NUMBER].clone()), "{row:?}");
        }
    }

    #[test]
    fn the_first_people_are_the_same_until_the_tree_grows() {
        let (mut small, mut large) = (People::new(9, 1_000), People::new(9, 4_000));
        assert!((0..900).all(|index| {
            let (a, b) = (small.row(index), large.row(index));
            a[..4] == b[..4]
        }));
    }
}
