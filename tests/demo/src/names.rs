//! Names of people: Chinese ones with their pinyin, Latin ones with the letters that break careless programs.

use crate::random::Random;

/// A name as people write it, and the letters of the user name made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// As shown.
    pub(crate) display: String,
    /// Lower-case ASCII letters and a dot.
    pub(crate) login: String,
}

/// A name; two of three are Chinese.
pub(crate) fn name(random: &mut Random) -> Name {
    match random.below(100) {
        0..66 => chinese(random),
        66..97 => latin(random),
        _ => unusual(random),
    }
}

fn chinese(random: &mut Random) -> Name {
    let (surname, surname_letters) = random.pick(SURNAMES);
    let (first, first_letters) = random.pick(GIVEN);
    if random.once_in(4) {
        return Name { display: format!("{surname}{first}"), login: format!("{first_letters}.{surname_letters}") };
    }
    let (second, second_letters) = random.pick(GIVEN);
    Name {
        display: format!("{surname}{first}{second}"),
        login: format!("{first_letters}{second_letters}.{surname_letters}"),
    }
}

fn latin(random: &mut Random) -> Name {
    let (first, first_letters) = random.pick(FIRST);
    let (last, last_letters) = random.pick(LAST);
    Name { display: format!("{first} {last}"), login: format!("{first_letters}.{last_letters}") }
}

fn unusual(random: &mut Random) -> Name {
    let (display, login) = random.pick(UNUSUAL);
    Name { display: (*display).to_owned(), login: (*login).to_owned() }
}

#[rustfmt::skip]
const SURNAMES: &[(&str, &str)] = &[
    ("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"), ("杨", "yang"), ("黄", "huang"),
    ("赵", "zhao"), ("吴", "wu"), ("周", "zhou"), ("徐", "xu"), ("孙", "sun"), ("马", "ma"), ("朱", "zhu"),
    ("胡", "hu"), ("郭", "guo"), ("何", "he"), ("林", "lin"), ("高", "gao"), ("罗", "luo"), ("郑", "zheng"),
    ("梁", "liang"), ("谢", "xie"), ("宋", "song"), ("唐", "tang"), ("许", "xu"), ("邓", "deng"), ("冯", "feng"),
    ("韩", "han"), ("曹", "cao"), ("曾", "zeng"), ("彭", "peng"), ("萧", "xiao"), ("蔡", "cai"), ("潘", "pan"),
    ("田", "tian"), ("董", "dong"), ("袁", "yuan"), ("于", "yu"), ("余", "yu"), ("吕", "lv"), ("欧阳", "ouyang"),
    ("上官", "shangguan"), ("司马", "sima"), ("诸葛", "zhuge"), ("单", "shan"), ("仇", "qiu"), ("解", "xie"),
];

#[rustfmt::skip]
const GIVEN: &[(&str, &str)] = &[
    ("伟", "wei"), ("芳", "fang"), ("娜", "na"), ("敏", "min"), ("静", "jing"), ("丽", "li"), ("强", "qiang"),
    ("磊", "lei"), ("军", "jun"), ("洋", "yang"), ("勇", "yong"), ("艳", "yan"), ("杰", "jie"), ("娟", "juan"),
    ("涛", "tao"), ("明", "ming"), ("超", "chao"), ("秀", "xiu"), ("霞", "xia"), ("平", "ping"), ("刚", "gang"),
    ("桂", "gui"), ("英", "ying"), ("华", "hua"), ("玉", "yu"), ("萍", "ping"), ("红", "hong"), ("梅", "mei"),
    ("建", "jian"), ("国", "guo"), ("志", "zhi"), ("文", "wen"), ("晓", "xiao"), ("雪", "xue"), ("琳", "lin"),
    ("浩", "hao"), ("宇", "yu"), ("轩", "xuan"), ("子", "zi"), ("涵", "han"), ("怡", "yi"), ("佳", "jia"),
    ("梓", "zi"), ("欣", "xin"), ("思", "si"), ("雨", "yu"), ("晨", "chen"), ("阳", "yang"), ("博", "bo"),
    ("睿", "rui"), ("哲", "zhe"), ("嘉", "jia"), ("航", "hang"), ("瑶", "yao"), ("璐", "lu"), ("倩", "qian"),
    ("鹏", "peng"), ("飞", "fei"), ("龙", "long"), ("云", "yun"), ("春", "chun"), ("秋", "qiu"), ("冬", "dong"),
    ("海", "hai"), ("江", "jiang"), ("山", "shan"), ("峰", "feng"), ("岩", "yan"), ("松", "song"), ("柏", "bai"),
];

#[rustfmt::skip]
const FIRST: &[(&str, &str)] = &[
    ("Anna", "anna"), ("José", "jose"), ("Zoë", "zoe"), ("Łukasz", "lukasz"), ("Søren", "soren"), ("Mary-Ann", "maryann"),
    ("Paul", "paul"), ("Fatima", "fatima"), ("Çağla", "cagla"), ("Jürgen", "juergen"), ("Élodie", "elodie"),
    ("Nguyễn", "nguyen"), ("Åsa", "asa"), ("Tom", "tom"), ("Priya", "priya"), ("Yuki", "yuki"), ("Igor", "igor"),
    ("Chloé", "chloe"), ("Björn", "bjoern"), ("Siobhán", "siobhan"), ("Marko", "marko"), ("Ana", "ana"),
];

#[rustfmt::skip]
const LAST: &[(&str, &str)] = &[
    ("Müller", "mueller"), ("O'Brien", "obrien"), ("García", "garcia"), ("Nowak", "nowak"), ("Hansen", "hansen"),
    ("D'Angelo", "dangelo"), ("Smith, Jr.", "smith"), ("van der Berg", "vanderberg"), ("Öztürk", "oeztuerk"),
    ("Šimić", "simic"), ("Ivanov", "ivanov"), ("Tanaka", "tanaka"), ("Patel", "patel"), ("Weiß", "weiss"),
    ("Lefèvre", "lefevre"), ("Ó Súilleabháin", "osuilleabhain"), ("Kowalski", "kowalski"), ("Silva", "silva"),
    ("Jones", "jones"), ("Tran", "tran"), ("Johansson", "johansson"), ("Martin", "martin"),
];

/// Middle dots, a character outside of the basic plane, a decomposed accent, three scripts, a nickname in quotes.
#[rustfmt::skip]
const UNUSUAL: &[(&str, &str)] = &[
    ("阿卜杜拉·买买提", "abdulla.maimaiti"), ("古丽娜尔·阿不力孜", "gulnar.abliz"), ("𠮷田 太郎", "taro.yoshida"),
    ("䶮小明", "xiaoming.yan"), ("Zoe\u{308} Mu\u{308}ller", "zoe.mueller"), ("Robert \"Bob\" Tables", "bob.tables"),
    ("陈 Amy 美玲", "meiling.chen"), ("Александра Петрова", "aleksandra.petrova"), ("박지민", "jimin.park"),
];
