//! `rosterd plugin describe`.

use crate::component::{answering, sample};
use crate::support::{Place, assert_shown};

const MANIFEST: &str = r#"
name = "desk"
version = "2.0.1"
title = "Help desk"
contract = "0.1"
roles = ["receiver"]
[settings]
type = "object"
additionalProperties = false
required = ["site"]
properties.site = { type = "string", description = "The site." }
properties.pages = { type = "integer", default = 3, description = "How many\u001b pages." }
"#;

const ANSWER: &str = r#"{
    "name": "desk", "version": "2.0.1", "title": "Help desk", "roles": ["receiver"],
    "delta": { "supported": true, "includes-deletes": false },
    "classes": {
        "account": { "title": "Agent", "id": "immutable", "correlation-keys": [["mail"], ["site", "login"]], "attributes": [
            { "name": "mail", "type": "text", "unique": true, "lookup": true, "description": "Work address." },
            { "name": "login", "type": "text", "multi": false }
        ] },
        "group": { "id": "mutable", "attributes": [] }
    }
}"#;

fn place(answer: &str) -> Place {
    let place = Place::with_config("");
    place.write("desk.wasm", answering(MANIFEST, answer));
    place
}

#[test]
fn an_installed_one_tells_its_settings_and_classes() {
    let place = place(ANSWER);
    assert!(place.run(&["plugin", "install", "desk.wasm"]).starts_with("exit: 0"));
    assert_shown!(place.run(&["plugin", "describe", "desk"]));
}

#[test]
fn json_has_the_answer_and_the_schema_of_the_settings() {
    assert_shown!(place(ANSWER).run(&["plugin", "describe", "desk.wasm", "--format", "json"]));
}

#[test]
fn compiled_code_that_was_changed_is_not_run() {
    let place = place(ANSWER);
    assert!(place.run(&["plugin", "install", "desk.wasm"]).starts_with("exit: 0"));
    let before = place.run(&["plugin", "describe", "desk"]);
    let code = place.files(".rosterd/cache").into_iter().find(|file| file.ends_with(".cwasm")).expect("compiled code");
    let (honest, mut changed) = (std::fs::read(place.path(&code)).expect("read"), Vec::new());
    changed.extend(honest.iter().map(|byte| byte ^ 1));
    place.write(&code, &changed);
    assert_eq!(place.run(&["plugin", "describe", "desk"]), before);
    assert_eq!(std::fs::read(place.path(&code)).expect("read"), honest, "it was compiled anew");
}

#[test]
fn what_does_not_fit_the_contract_and_what_is_no_description() {
    let place = place("no JSON");
    let shown = [place.run(&["plugin", "describe", "desk.wasm"]), place.run(&["plugin", "describe", "nobody"])];
    assert_shown!(shown.join("\n"));
    place.write("sample.wasm", sample());
    let refused = place.run(&["plugin", "describe", "sample.wasm"]);
    assert!(refused.starts_with("exit: 5") && refused.contains("does not fit the contract 0.1.0"), "{refused}");
}
