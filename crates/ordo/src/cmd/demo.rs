//! `ordo demo`: a served company with a stream of orders, to look around in.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ordo_engine::{Engine, EngineConfig, Outside, SystemClock};
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;

use crate::compose::{Failure, StoreArgs};
use crate::demo::company::{self, SetUp};
use crate::demo::desk::Desk;
use crate::secret::master_key;
use crate::stop::stop_of_server;

#[derive(clap::Args)]
pub struct Args {
    /// The folder of the demo's database; kept between runs.
    #[arg(long, value_name = "DIR", default_value = "ordo-demo")]
    data: PathBuf,
    /// Where to listen; where the port is taken, on the next free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The same seed makes the same company, orders and decisions.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Time between two orders, in milliseconds; everything else keeps pace with it.
    #[arg(long, default_value_t = 1_000)]
    pause_ms: u64,
}

/// The owner key of the demo company, for a folder on the caller's own machine.
const KEY: &str = "ordo-demo-owner-key-for-this-machine-only";

/// Ports that are tried.
const PORTS: u16 = 20;
/// Days before the first start that the company has a past of.
const DAYS: i64 = 30;
/// Commands of the set-up that wait for their answer at the same time.
const SET_UP_AT_ONCE: usize = 1_024;
/// Commands of a step that do.
const STEP_AT_ONCE: usize = 64;

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let listener = listen(args.listen).await?;
    let address = listener.local_addr()?;
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
        tells_shadows: Some(ordo_server::tell_shadow),
        ..EngineConfig::default()
    };
    let engine = Engine::start(backend, Arc::new(SystemClock), config);
    let organization = engine.bootstrap(KEY).await?;
    let how = SetUp {
        seed: args.seed,
        days: DAYS,
        at_once: SET_UP_AT_ONCE,
    };
    company::set_up(&engine, organization, how).await?;
    let desk = Desk::open(Arc::clone(&engine), organization, args.seed, STEP_AT_ONCE).await?;
    println!("Ordo is running with a demo company.");
    println!("  Open in a browser:  http://{address}/");
    println!("  Sign in with key:   {KEY}");
    println!("  API and its pages:  http://{address}/api/docs");
    println!("Orders keep coming in and are worked on. Ctrl-C ends it; the data stays.");
    let work = tokio::spawn(work(desk, Duration::from_millis(args.pause_ms.max(1))));
    let router = ordo_server::router(Arc::clone(&engine));
    ordo_server::serve(listener, router, stop_of_server(Arc::clone(&engine))).await?;
    work.abort();
    engine.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// Lets one step follow the other until it is stopped.
async fn work(mut desk: Desk, pause: Duration) {
    let mut clock = tokio::time::interval(pause);
    // Where a step takes longer, the next one is late and not doubled.
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        if let Err(error) = desk.step().await {
            tracing::warn!(error = %error, "a step of the demo failed and is gone on with");
        }
    }
}

/// Listens at the address, or on one of the next ports where somebody else does already.
async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let mut tried = address;
    loop {
        match TcpListener::bind(tried).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                let next = tried.port().checked_add(1);
                let Some(next) = next.filter(|port| port - address.port() < PORTS) else {
                    return Err(error.into());
                };
                eprintln!("Port {} is taken; trying {next}.", tried.port());
                tried.set_port(next);
            }
            Err(error) => return Err(error.into()),
        }
    }
}
