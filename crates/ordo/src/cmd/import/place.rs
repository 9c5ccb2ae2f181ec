//! Which Ordo an import goes to: a store that nobody serves, or a running server.

use std::sync::Arc;

use ordo_domain::id::OrganizationId;
use ordo_engine::{Backend, Engine, EngineConfig, SystemClock};

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

/// A store that this process works on, with an engine of its own.
pub struct Opened {
    /// Decides and commits.
    pub engine: Arc<Engine>,
    /// Whose orders they are.
    pub organization: OrganizationId,
}

impl PlaceArgs {
    /// Opens the store. An empty one is made, with organization `main` and without an owner key.
    ///
    /// # Errors
    /// The store cannot be opened or is served, or has no such organization.
    pub async fn open(&self) -> Result<Opened, Failure> {
        let backend = self.store.open().await?;
        let config = EngineConfig {
            runs_view: true,
            runs_timers: false,
        };
        let engine = Engine::start(Arc::clone(&backend), Arc::new(SystemClock), config);
        let organization = if self.organization == "main" {
            engine.found_main().await?
        } else {
            organization(&*backend, &self.organization).await?
        };
        Ok(Opened {
            engine,
            organization,
        })
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
