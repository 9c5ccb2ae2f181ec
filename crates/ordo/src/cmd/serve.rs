//! `ordo serve`: the API over a store, until it is told to stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use ordo_engine::{Engine, EngineConfig, Outside, SystemClock};
use ordo_server::RateLimit;

use crate::compose::{Failure, StoreArgs};
use crate::secret::master_key;
use crate::stop::stop_of_server;

/// The shortest bootstrap key that is accepted.
const KEY_LENGTH_MIN: usize = 32;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Where to listen.
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:8080",
        env = "ORDO_LISTEN"
    )]
    listen: SocketAddr,
    /// On a store without an owner key: make organization `main` with this owner key.
    #[arg(
        long,
        env = "ORDO_BOOTSTRAP_API_KEY",
        hide_env_values = true,
        hide = true
    )]
    bootstrap_api_key: Option<String>,
    /// At least 32 characters from which the secrets of webhooks derive; on a folder a key is made
    /// and kept where none is given.
    #[arg(long, env = "ORDO_MASTER_KEY", hide_env_values = true, hide = true)]
    master_key: Option<String>,
    /// Lets webhooks go to loopback and private networks too.
    #[arg(long, env = "ORDO_WEBHOOKS_TO_PRIVATE_NETWORKS")]
    webhooks_to_private_networks: bool,
    /// Tells nobody outside of anything: deliveries are made and wait. For a look at a restored backup.
    #[arg(long, env = "ORDO_NO_DELIVERIES")]
    no_deliveries: bool,
    /// How many requests a key may send per minute on this node; no limit where absent.
    #[arg(
        long,
        value_name = "REQUESTS",
        value_parser = clap::value_parser!(u32).range(1..),
        env = "ORDO_RATE_LIMIT"
    )]
    rate_limit: Option<u32>,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    if let Some(key) = &args.bootstrap_api_key
        && key.len() < KEY_LENGTH_MIN
    {
        let message = "ORDO_BOOTSTRAP_API_KEY must have at least 32 characters";
        return Err(Failure::Usage(message.to_owned()));
    }
    let backend = args.store.open().await?;
    let outside = Outside {
        master_key: master_key(
            args.master_key.as_deref(),
            args.store.folder_of_its_own().as_deref(),
        )?,
        allows_private: args.webhooks_to_private_networks,
    };
    let config = EngineConfig {
        runs_deliveries: !args.no_deliveries,
        outside,
        tells_shadows: Some(ordo_server::tell_shadow),
        ..EngineConfig::default()
    };
    let engine = Engine::start(backend, Arc::new(SystemClock), config);
    if let Some(key) = &args.bootstrap_api_key {
        engine.bootstrap(key).await?;
    }
    let listener = tokio::net::TcpListener::bind(args.listen).await?;
    let address = listener.local_addr()?;
    tracing::info!(address = %address, "Ordo listens on http://{address}");
    let rate_limit = args.rate_limit.map(|requests| RateLimit {
        requests,
        window_s: 60,
    });
    let router = ordo_server::router_with(Arc::clone(&engine), rate_limit);
    ordo_server::serve(listener, router, stop_of_server(Arc::clone(&engine))).await?;
    engine.shutdown().await;
    tracing::info!("Ordo has stopped");
    Ok(ExitCode::SUCCESS)
}
