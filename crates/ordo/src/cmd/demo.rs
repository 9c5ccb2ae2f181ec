//! `ordo demo`: a served company with a stream of orders, to look around in.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ordo_engine::{Engine, EngineConfig, Outside, SystemClock};

use crate::compose::{Failure, StoreArgs};
use crate::demo;
use crate::secret::master_key;
use crate::stop::stop_asked;

#[derive(clap::Args)]
pub struct Args {
    /// The folder of the demo's database; kept between runs.
    #[arg(long, value_name = "DIR", default_value = "ordo-demo")]
    data: PathBuf,
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The same seed makes the same orders.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Pause between two orders, in milliseconds.
    #[arg(long, default_value_t = 2_000)]
    pause_ms: u64,
}

/// The owner key of the demo company, for a folder on the caller's own machine.
const KEY: &str = "ordo-demo-owner-key-for-this-machine-only";

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let store = StoreArgs {
        data: Some(args.data),
        database_url: None,
    };
    let backend = store.open().await?;
    let outside = Outside {
        master_key: master_key(None, store.folder_of_its_own().as_deref())?,
        // Whoever tries webhooks out has the receiver on the same machine.
        allows_private: true,
    };
    let config = EngineConfig {
        outside,
        ..EngineConfig::default()
    };
    let engine = Engine::start(backend, Arc::new(SystemClock), config);
    let organization = engine.bootstrap(KEY).await?;
    demo::company::set_up(&engine, organization).await?;
    let listener = tokio::net::TcpListener::bind(args.listen).await?;
    let address = listener.local_addr()?;
    println!("Ordo is running with a demo company.");
    println!("  API and its pages:  http://{address}/api/docs");
    println!("  Owner key:          {KEY}");
    println!(
        "  The newest orders:  curl -H 'Authorization: Bearer {KEY}' http://{address}/api/v1/orders"
    );
    println!("Orders keep coming in. Ctrl-C ends it; the data stays.");
    let pause = Duration::from_millis(args.pause_ms);
    let stream = tokio::spawn(demo::orders::stream(
        Arc::clone(&engine),
        organization,
        args.seed,
        pause,
    ));
    let router = ordo_server::router(Arc::clone(&engine));
    ordo_server::serve(listener, router, stop_asked()).await?;
    stream.abort();
    engine.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
