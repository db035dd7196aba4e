//! What is said about a configuration that is wrong: one snapshot for each kind of mistake.

use crate::support::{Place, assert_shown};

/// What `check` says about this file.
fn said(text: &str) -> String {
    Place::with_config(text).run(&["check"])
}

/// A job that is right, for files that are wrong elsewhere.
const JOB: &str = "[connection.hr]\nplugin = \"./x.wasm\"\n[job.hr]\nsource = \"hr\"\n";

#[test]
fn broken_syntax_is_shown_where_it_breaks() {
    assert_shown!(said("[store]\npath = \n[guard\n"));
}

#[test]
fn a_key_twice() {
    assert_shown!(said("[store]\npath = \"a\"\npath = \"b\"\n"));
}

#[test]
fn unknown_keys_come_with_the_nearest() {
    assert_shown!(said(&format!("{JOB}[job.hr.account]\ncorelate = []\n[store]\npaht = \"a\"\n[sotre]\n")));
}

#[test]
fn missing_keys_say_what_they_are_for() {
    assert_shown!(said("[connection.hr]\n[connection.hr.initial-passwords]\n[job.hr]\n"));
}

#[test]
fn wrong_types() {
    assert_shown!(said("[store]\npath = 5\n[protect]\naccounts = \"root\"\n[job]\nhr = \"x\"\n"));
}

#[test]
fn wrong_words_come_with_the_nearest() {
    assert_shown!(said(&format!("{JOB}[job.hr.account]\nunmatched = \"creat\"\n[guard]\non-trip = \"panic\"\n")));
}

#[test]
fn names_of_connections_and_jobs() {
    assert_shown!(said("[connection.HR]\nplugin = \"csv\"\n[job.\"my job\"]\nsource = \"hr\"\n"));
}

#[test]
fn sizes_durations_and_ranges() {
    let limits = "[connection.hr.limits]\nmemory = \"64\"\nhttp-parallel = -1\nmemori = \"1 MiB\"\n";
    assert_shown!(said(&format!("[store]\ncache = \"lots\"\n[limits]\npage-size = 0\n{JOB}{limits}")));
}

#[test]
fn schedules() {
    let schedules = [
        "{ cron = \"0 24 * * *\" }",
        "{ cron = \"0 2 * *\", zone = \"Asia/Shangai\" }",
        "{ every = \"5\" }",
        "{ evry = \"5m\" }",
        "\"daily\"",
    ];
    let jobs = schedules.iter().enumerate();
    let jobs = jobs.map(|(n, schedule)| format!("[job.j{n}]\nsource = \"hr\"\nschedule = {schedule}\n"));
    assert_shown!(said(&jobs.collect::<String>()));
}

#[test]
fn rules_are_text_or_tables() {
    let map = "[job.hr.account.map]\ntitle = 5\n\"工号\" = { frm = 'source.x' }\nmanager = { from = 'source.m', apply = \"often\" }\n";
    assert_shown!(said(&format!("{JOB}{map}")));
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let shown = said(
        "[connection.hr]\nplugin = \"csv\"\n[connection.hr.secrets]\npassword = \"hunter2\"\ntoken = { evn = \"hunter2\" }\n",
    );
    assert!(!shown.contains("hunter2"));
    assert_shown!(shown);
}

#[test]
fn a_secret_in_a_broken_line_is_not_repeated() {
    let shown = said("[connection.hr]\nplugin = \"csv\"\nsecrets = { password = \"hunter2 }\n");
    assert!(!shown.contains("hunter2"));
    assert_shown!(shown);
}

#[test]
fn connections_must_be_defined() {
    let text = "[connection.hr]\nplugin = \"./x.wasm\"\n[job.people]\nsource = \"rh\"\n[authority]\ndefault = [\"hr\", \"ad\", \"hr\"]\n[deliver.ldap]\n";
    assert_shown!(said(text));
}

#[test]
fn jobs_can_not_be_called_like_subcommands() {
    assert_shown!(said("[connection.hr]\nplugin = \"./x.wasm\"\n[job.show]\nsource = \"hr\"\n"));
}

#[test]
fn expressions_must_compile() {
    let text = "[job.hr.account]\ncorrelate = [{ tier = 1, match = [] }]\n[job.hr.account.map]\nuserName = 'ToLowr(source.name)'\ntitle = 'source.'\n\
        [job.hr.absence]\nmin-interval = \"soon\"\n\
        [deliver.hr]\nscope = 'account.active &&'\n[deliver.hr.account.map]\nmail = 'source.mail'\n\
        [protect]\naccounts = [\"root\", 'account.userName.startsWith(']\n";
    assert_shown!(said(&format!("{JOB}{text}")));
}

#[test]
fn problems_are_an_object_for_programs() {
    let place = Place::with_config("[store]\npaht = \"a\"\n");
    assert_shown!(place.run(&["check", "--format", "json"]));
}

#[test]
fn a_file_that_is_no_text() {
    let place = Place::new();
    place.write("rosterd.toml", b"\xff\xfe\0");
    assert_shown!(place.run(&["check"]));
}

#[test]
fn wide_characters_are_marked_where_they_stand() {
    assert_shown!(said(&format!("{JOB}[job.hr.account.map]\n\"工号\" = {{ from = 'source.\"工号\"', wenn = 'x' }}\n")));
}

#[test]
fn an_attribute_that_goes_both_ways_through_an_expression() {
    let map = "[job.hr.account.map]\ndisplayName = 'ToUpper(source.cn)'\n";
    let deliver = "[deliver.hr.account.map]\ncn = \"account.displayName\"\n";
    assert_shown!(said(&format!("{JOB}{map}{deliver}")));
}

#[test]
fn rules_of_groups_must_be_conditions_and_have_names_of_their_own() {
    let text = "[group.engineering]\nmembers = 'account.department'\n[group.all]\nmembers = 'account.groups == null'\n";
    let shown = said(&format!("{JOB}{text}"));
    assert!(shown.contains("\"members\" in [group.engineering]: the rule gives a value of type text"), "{shown}");
    assert!(shown.contains("a rule may not ask for groups"), "{shown}");
    let text = "[group.a]\ndisplay-name = \"Staff\"\nmembers = 'true'\n[group.b]\ndisplay-name = \"Staff\"\nmembers = 'true'\n";
    let shown = said(&format!("{JOB}{text}"));
    assert!(shown.contains("[group.b] display-name: [group.a] is called \"Staff\", too"), "{shown}");
}
