//! What machines see that watch the service: metrics, and whether it is alive and ready.

use super::hub::Hub;
use crate::error::{CommandError, ErrorKind};
use rosterd_model::port::BoxFuture;
use rosterd_server::{Page, Pages, gauges};
use std::sync::{Arc, Weak};
use tokio::task::JoinHandle;

/// Begins to answer at the configured address, if there is one.
///
/// # Errors
/// The address is in use, or not of this machine.
pub(super) async fn start(hub: &Arc<Hub>) -> Result<Option<JoinHandle<()>>, CommandError> {
    let Some(text) = hub.generation().config.file.serve.metrics.clone() else { return Ok(None) };
    let address = text.parse().map_err(|_| CommandError::config(format!("\"{text}\" is no address to listen at")))?;
    let weak = Arc::downgrade(hub);
    let pages: Pages = Arc::new(move |path| page(weak.clone(), path));
    let (bound, work) = rosterd_server::serve(address, pages).await.map_err(|error| {
        CommandError::new(ErrorKind::Config, format!("failed to listen at {address}, which [serve] metrics names"))
            .because(&error)
            .hint("stop what listens there, or name another port")
    })?;
    tracing::info!(address = %bound, "metrics can be read at /metrics");
    Ok(Some(tokio::spawn(work)))
}

fn page(hub: Weak<Hub>, path: String) -> BoxFuture<'static, Option<Page>> {
    Box::pin(async move {
        let Some(hub) = hub.upgrade() else { return Some(Page::text(503, "rosterd stops\n")) };
        match path.as_str() {
            "/metrics" => Some(metrics(hub).await),
            // Alive: whoever answers is.
            "/healthz" => Some(Page::text(200, "alive\n")),
            // Ready: the store can be read, and nobody asked the service to end.
            "/readyz" => Some(ready(hub).await),
            _ => None,
        }
    })
}

async fn metrics(hub: Arc<Hub>) -> Page {
    let text = tokio::task::spawn_blocking(move || {
        let running = hub.scheduler.get().map_or(0, |all| all.jobs().iter().filter(|job| job.running).count());
        let process = format!(
            "# HELP rosterd_info Version of the service.\n# TYPE rosterd_info gauge\nrosterd_info{{version=\"{}\"}} 1\n# HELP rosterd_jobs_running Jobs that run now.\n# TYPE rosterd_jobs_running gauge\nrosterd_jobs_running {running}\n",
            env!("CARGO_PKG_VERSION")
        );
        gauges(&hub.store).map(|gauges| process + &gauges + &hub.metrics.text())
    });
    match text.await {
        Ok(Ok(text)) => Page { status: 200, kind: "text/plain; version=0.0.4; charset=utf-8", text },
        Ok(Err(error)) => Page::text(503, format!("the store can not be read: {error}\n")),
        Err(_) => Page::text(503, "the metrics could not be gathered\n"),
    }
}

async fn ready(hub: Arc<Hub>) -> Page {
    if hub.gate.is_stopping() {
        return Page::text(503, "rosterd stops\n");
    }
    match tokio::task::spawn_blocking(move || hub.store.snapshot().map(drop)).await {
        Ok(Ok(())) => Page::text(200, "ready\n"),
        _ => Page::text(503, "the store can not be read\n"),
    }
}
