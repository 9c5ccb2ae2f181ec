//! Serves the router on a socket until it is told to stop.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How long requests in flight may take to end once the server is told to stop. Answers take
/// milliseconds; this is for imports, whose clients continue with what was not answered.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until `shutdown` resolves. Requests in flight are answered before this returns, except
/// for those that take longer than 20 seconds more.
///
/// # Errors
/// The socket fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_with(listener, router, shutdown, GRACE).await
}

async fn serve_with(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
    grace: Duration,
) -> io::Result<()> {
    // Answers are small and written whole; waiting for more to send would only add latency.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(error = %error, "a connection stays with delays");
        }
    });
    let (stopping, stopped) = oneshot::channel();
    let served = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        // Nobody listens where the server has ended by itself.
        let _ = stopping.send(());
    });
    let out_of_patience = async move {
        match stopped.await {
            Ok(()) => tokio::time::sleep(grace).await,
            // The server has dropped its half, so it is about to end by itself.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = served => ended,
        () = out_of_patience => {
            tracing::warn!("stopped although some requests had not ended");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_request_that_never_ends_does_not_keep_the_server_from_stopping() {
        let (started, mut starts) = tokio::sync::mpsc::channel::<()>(1);
        let endless = move || {
            let started = started.clone();
            async move {
                started.send(()).await.expect("the test listens");
                std::future::pending::<()>().await;
            }
        };
        let router = Router::new().route("/", axum::routing::get(endless));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { stopped.await.expect("the test stops it") };
        let grace = Duration::from_millis(50);
        let server = tokio::spawn(serve_with(listener, router, shutdown, grace));
        let mut client = TcpStream::connect(address).await.expect("it listens");
        let request = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";
        client.write_all(request).await.expect("it reads");
        starts.recv().await.expect("the request is at work");
        stop.send(()).expect("the server runs");
        let ended = tokio::time::timeout(Duration::from_secs(10), server).await;
        ended
            .expect("it stops")
            .expect("it does not panic")
            .expect("no error");
    }
}
