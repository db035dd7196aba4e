//! Public keys of connections that sign, for whoever verifies. A connector is asked for them once in a while and not by
//! each request: strangers may ask as often as they like.

use super::hub::{Generation, Hub};
use rosterd_model::ConnectionId;
use rosterd_model::port::BoxFuture;
use rosterd_server::keys::KeysOf;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long an answer is kept.
const FRESH: Duration = Duration::from_secs(60);
/// How long a connector may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Kept {
    /// Of which configuration.
    generation: Weak<Generation>,
    answers: BTreeMap<ConnectionId, (Instant, Option<Vec<Value>>)>,
}

/// The keys of the connections of this moment that show theirs.
pub(super) fn keys(hub: &Arc<Hub>) -> KeysOf {
    let (hub, kept) = (Arc::downgrade(hub), Arc::new(Mutex::new(Kept::default())));
    Arc::new(move |connection| {
        let (hub, kept) = (hub.clone(), Arc::clone(&kept));
        let answer: BoxFuture<'static, _> = Box::pin(async move {
            let generation = hub.upgrade()?.generation();
            generation.config.file.connection.get(&connection).filter(|table| table.publish_keys)?;
            // One at a time: who comes meanwhile finds what the first one asked for.
            let mut kept = kept.lock().await;
            if !std::ptr::eq(kept.generation.as_ptr(), Arc::as_ptr(&generation)) {
                *kept = Kept { generation: Arc::downgrade(&generation), ..Kept::default() };
            }
            if let Some((at, answer)) = kept.answers.get(&connection)
                && at.elapsed() < FRESH
            {
                return answer.clone();
            }
            let answer = ask(&generation, &connection).await;
            kept.answers.insert(connection, (Instant::now(), answer.clone()));
            answer
        });
        answer
    })
}

async fn ask(generation: &Generation, connection: &ConnectionId) -> Option<Vec<Value>> {
    let asked = async {
        let mut connector = generation.connections.connector(connection)?;
        connector.discover().await
    };
    let text = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(text)) => text,
        Ok(Err(fault)) => {
            tracing::warn!(%connection, %fault, "its public keys can not be shown");
            return None;
        }
        Err(_) => {
            tracing::warn!(%connection, "its public keys can not be shown: the connector took too long");
            return None;
        }
    };
    let said: Value = serde_json::from_str(&text).ok()?;
    said.pointer("/server/jwks/keys")?.as_array().cloned()
}
