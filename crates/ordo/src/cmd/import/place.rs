//! Which Ordo an import goes to: a store that nobody serves, or a running server.

use std::sync::Arc;

use ordo_domain::id::OrganizationId;
use ordo_engine::{Backend, Engine, EngineConfig, SystemClock};

use super::local::Local;
use super::remote::Remote;
use crate::compose::{Failure, StoreArgs};

/// Where to, as typed.
#[derive(Debug, Clone, clap::Args)]
pub struct PlaceArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// A running Ordo, such as http://localhost:8080, instead of a store.
    #[arg(long, value_name = "URL", requires = "api_key")]
    pub url: Option<String>,
    /// The key for it.
    #[arg(long, value_name = "KEY", env = "ORDO_API_KEY", hide_env_values = true)]
    pub api_key: Option<String>,
    /// The organization's code, in a store; a key has its own.
    #[arg(long, value_name = "CODE", default_value = "main")]
    pub organization: String,
}

/// Where to.
pub enum To {
    /// A store that this process works on, with an engine of its own.
    Store(Local),
    /// A running Ordo.
    Server(Remote),
}

impl PlaceArgs {
    /// Opens the store, or asks the server whether it takes the key. An empty store is made, with
    /// organization `main` and without an owner key.
    ///
    /// # Errors
    /// The store cannot be opened or is served, or has no such organization; the server does not
    /// answer or refuses the key.
    pub async fn to(&self) -> Result<To, Failure> {
        if let Some(url) = &self.url {
            let key = self.api_key.as_deref().unwrap_or_default();
            return Ok(To::Server(Remote::connect(url, key).await?));
        }
        let backend = self.store.open().await?;
        let config = EngineConfig {
            runs_view: true,
            runs_timers: false,
            // Jobs that it leaves are done by whoever serves the store next.
            runs_jobs: false,
            // What an import causes is sent by whoever serves the store next.
            runs_deliveries: false,
            ..EngineConfig::default()
        };
        let engine = Engine::start(Arc::clone(&backend), Arc::new(SystemClock), config);
        let organization = if self.organization == "main" {
            engine.found_main().await?
        } else {
            organization(&*backend, &self.organization).await?
        };
        Ok(To::Store(Local::new(engine, organization)))
    }
}

/// The organization with this code.
///
/// # Errors
/// There is none, or the store fails.
pub async fn organization(backend: &dyn Backend, code: &str) -> Result<OrganizationId, Failure> {
    let found = backend.organizations().await?;
    (found.into_iter())
        .find(|(_, found)| found == code)
        .map(|(id, _)| id)
        .ok_or_else(|| Failure::Usage(format!("there is no organization {code}")))
}
