//! Being asked to stop.

use std::sync::Arc;

use ordo_engine::Engine;

/// Resolves when the process is asked to stop, once streams that would never end by themselves know.
pub async fn stop_of_server(engine: Arc<Engine>) {
    stop_asked().await;
    engine.leave();
}

/// Resolves when the process is asked to stop.
pub async fn stop_asked() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    else {
        // Without the signal there is still Ctrl-C.
        let _ = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}
