//! Who is who: the first day of a destination, and links decided anew.

use super::read;
use crate::stage::{Stage, text};
use rosterd_engine::adopt::read_lines;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Table;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Adopt {
    /// The destination.
    adopt: String,
    /// What a person changes in the file: accounts by their ids, and whose they are; nobody's: an empty text.
    #[serde(default)]
    edit: BTreeMap<String, String>,
}

/// `adopt = "app"`: the accounts there are proposed to people, a person edits the file, and a plan of the links is made. The
/// lines are the proposals: `17 sure ann`.
pub(super) async fn adopt(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Adopt { adopt, edit } = read(step)?;
    let proposals = match stage.engine.adopt_propose(&adopt).await {
        Ok(proposals) => proposals,
        Err(error) => {
            stage.last.error = Some(error.to_string());
            return Ok(());
        }
    };
    let mut said = Vec::new();
    let mut file = Vec::new();
    for mut line in proposals.lines {
        said.push(format!("{} {} {}", line.id, line.confidence.as_str(), line.name).trim_end().to_owned());
        if let Some(name) = edit.get(line.id.as_str()) {
            line.link = !name.is_empty();
            if line.link {
                line.entity = Some(stage.engine.account(name).map_err(text)?.id);
            }
        }
        file.push(serde_json::to_string(&line).map_err(text)?);
    }
    let lines = read_lines(&file.join("\n")).map_err(text)?;
    stage.came_to(match stage.engine.adopt_link(&adopt, lines).await {
        Ok(adoption) => {
            said.extend(adoption.refused.into_iter().map(|(id, because)| format!("{id} refused: {because}")));
            Ok(adoption.report)
        }
        Err(error) => Err(error),
    });
    stage.last.lines = said;
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorrelate {
    /// The job.
    recorrelate: String,
}

/// `recorrelate = "ad"`: makes a plan of the links that would move.
pub(super) async fn recorrelate(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Recorrelate { recorrelate } = read(step)?;
    let result = stage.engine.recorrelate(&recorrelate).await;
    stage.came_to(result);
    Ok(())
}
