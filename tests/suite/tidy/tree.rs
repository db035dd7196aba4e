//! The files of the project, as the rules see them.

use std::path::Path;

pub(super) use rosterd_tests::built::top;

/// Folders that hold what was built or downloaded; `.git` of a second working tree is a file.
const NOT_OURS: [&str; 6] = [".git", ".demo", "node_modules", ".venv", "__pycache__", ".jj"];

/// A text file of the project.
pub(super) struct SourceFile {
    /// From the top of the project, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// All text files whose name ends with one of `endings`; all text files if there is none.
pub(super) fn files(endings: &[&str]) -> Vec<SourceFile> {
    let top = top();
    let mut found = Vec::new();
    walk(&top, &mut |path| {
        let name = path.strip_prefix(&top).expect("the walk starts at the top").to_string_lossy().replace('\\', "/");
        if !endings.is_empty() && !endings.iter().any(|ending| name.ends_with(ending)) {
            return;
        }
        // What is no UTF-8 is no text: a component, a fixture in another encoding.
        if let Ok(text) = std::fs::read_to_string(path) {
            found.push(SourceFile { path: name, text });
        }
    });
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "the project has no files that end with {endings:?}");
    found
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).expect("the project can be read") {
        let entry = entry.expect("the project can be read");
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type().expect("the project can be read");
        if kind.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) && !is_target(&path, &name) {
                walk(&path, visit);
            }
        } else if kind.is_file() && !name.ends_with(".wasm") && !NOT_OURS.contains(&name.as_str()) {
            visit(&path);
        }
    }
}

/// A folder that cargo built into: it marks it.
fn is_target(path: &Path, name: &str) -> bool {
    name == "target" || name.starts_with("target-") || path.join("CACHEDIR.TAG").exists()
}

/// Fails with all problems, one a line.
pub(super) fn report(rule: &str, problems: &[String]) {
    assert!(problems.is_empty(), "{rule}\n  {}", problems.join("\n  "));
}
