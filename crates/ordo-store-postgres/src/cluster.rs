//! A PostgreSQL of one's own for a test or a benchmark, thrown away afterwards.
//!
//! Invariant: nothing is left running or lying about once the cluster is dropped; where the whole
//! process is killed, its server ends too.

mod standby;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tokio_postgres::NoTls;

/// How long a server may take to start, which includes recovery after a crash.
const START_MAX: Duration = Duration::from_secs(60);
/// How long a server may take to stop.
const STOP_MAX: Duration = Duration::from_secs(20);
/// The superuser of every cluster.
const USER: &str = "ordo";

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// PostgreSQL is not installed where anybody would look for it.
    #[error("PostgreSQL is in none of ORDO_PG_BIN, PATH and /usr/lib/postgresql/*/bin")]
    NotInstalled,
    /// A file or process could not be dealt with.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// One of PostgreSQL's programs failed; what it said last.
    #[error("{program} failed: {output}")]
    Failed {
        /// Which.
        program: &'static str,
        /// The end of its output.
        output: String,
    },
    /// SQL of the cluster's own failed.
    #[error(transparent)]
    Sql(#[from] tokio_postgres::Error),
}

/// Whether what was committed survives the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As the server comes: every commit is on disk before it is answered.
    Full,
    /// Nothing waits for the disk: for tests that neither measure nor crash.
    Off,
}

/// A running server with its own folder.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    owner: Option<Owner>,
    settings: Vec<(String, String)>,
    port: u16,
    server: Option<Server>,
}

/// The postmaster, and the thread that waits for its end.
#[derive(Debug)]
struct Server {
    pid: Pid,
    waiter: JoinHandle<()>,
}

/// Whom the server runs as where the caller is root, which PostgreSQL refuses to be.
#[derive(Debug, Clone, Copy)]
struct Owner {
    uid: u32,
    gid: u32,
}

impl Cluster {
    /// Makes a cluster and starts it. `settings` are set over the defaults.
    ///
    /// # Errors
    /// Where PostgreSQL is not installed or does not start.
    pub fn start(durability: Durability, settings: &[(&str, &str)]) -> Result<Self, ClusterError> {
        Self::start_cached(durability, settings, None)
    }

    /// The same, with a folder in which the files of a fresh cluster are kept for the next one:
    /// making them takes longer than all the rest.
    fn start_cached(
        durability: Durability,
        settings: &[(&str, &str)],
        cache: Option<&Path>,
    ) -> Result<Self, ClusterError> {
        let programs = find_programs().ok_or(ClusterError::NotInstalled)?;
        let owner = owner_of_files()?;
        let mut cluster = Self {
            programs,
            folder: new_folder(durability, owner)?,
            owner,
            settings: settings_of(durability, settings),
            port: 0,
            server: None,
        };
        match cache {
            Some(cache) => cluster.initialize_from(cache)?,
            None => cluster.initialize()?,
        }
        cluster.restart()?;
        Ok(cluster)
    }

    /// A cluster for a test, or `None` where PostgreSQL is not installed; the test is then noted in
    /// the file that `ORDO_SKIPPED_FILE` names. `cache` is a folder of the build, such as
    /// `CARGO_TARGET_TMPDIR`, in which something is left for the next test.
    ///
    /// # Panics
    /// Where PostgreSQL is there and does not start.
    #[must_use]
    pub fn for_test(test: &str, durability: Durability, cache: Option<&Path>) -> Option<Self> {
        match Self::start_cached(durability, &[], cache) {
            Ok(cluster) => Some(cluster),
            Err(ClusterError::NotInstalled) => {
                note_skipped(test);
                None
            }
            Err(error) => panic!("the cluster of {test} did not start: {error}"),
        }
    }

    /// The URL of a database over the loopback.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_at(database, self.port)
    }

    /// The same with another port, such as that of a proxy.
    #[must_use]
    pub fn url_at(&self, database: &str, port: u16) -> String {
        format!("postgresql://{USER}@127.0.0.1:{port}/{database}")
    }

    /// The URL of a database over the socket in the cluster's folder.
    #[must_use]
    pub fn socket_url(&self, database: &str) -> String {
        let folder = self.folder.display();
        format!(
            "host={folder} port={} user={USER} dbname={database}",
            self.port
        )
    }

    /// The port on the loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database and answers its URL.
    ///
    /// # Errors
    /// Where the server does not make it.
    pub async fn create_database(&self, name: &str) -> Result<String, ClusterError> {
        let (client, connection) = tokio_postgres::connect(&self.url("postgres"), NoTls).await?;
        let connection = tokio::spawn(connection);
        let made = client
            .batch_execute(&format!("CREATE DATABASE \"{name}\""))
            .await;
        drop(client);
        // Ends with its client.
        let _ = connection.await;
        made?;
        Ok(self.url(name))
    }

    /// Kills the server with all its processes, as a crash would.
    pub fn kill(&mut self) {
        let Some(server) = self.server.take() else {
            return;
        };
        let children = children(server.pid);
        send(server.pid, Signal::KILL);
        for child in &children {
            send(*child, Signal::KILL);
        }
        let _ = server.waiter.join();
        // They are nobody's children now; the next server must not meet them.
        wait_until(STOP_MAX, || {
            !children.iter().any(|child| is_running(*child))
        });
    }

    /// Starts the server again; one that runs is stopped first, with its data in order.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn restart(&mut self) -> Result<(), ClusterError> {
        self.end(Signal::INT);
        let mut tries = 0;
        loop {
            tries += 1;
            if self.port == 0 {
                self.port = free_port()?;
            }
            match self.launch() {
                // Somebody else may have taken the port since it was found free.
                Err(ClusterError::Failed { output, .. })
                    if tries < 5 && output.contains("could not bind") =>
                {
                    self.port = 0;
                }
                other => return other,
            }
        }
    }

    /// Starts the server again as one that encrypts, with a certificate and its key as PEM, and, where
    /// `takes_plain` is not set, refuses over the network what is not encrypted.
    ///
    /// # Errors
    /// Where it does not start so.
    pub fn secure(
        &mut self,
        certificate: &str,
        key: &str,
        takes_plain: bool,
    ) -> Result<(), ClusterError> {
        let kind = if takes_plain { "host" } else { "hostssl" };
        let rules = format!("local all all trust\n{kind} all all 127.0.0.1/32 trust\n");
        let files = [
            ("ssl_cert_file", certificate),
            ("ssl_key_file", key),
            ("hba_file", &rules),
        ];
        self.settings.push(("ssl".to_owned(), "on".to_owned()));
        for (setting, text) in files {
            let path = self.folder.join(setting);
            self.write(&path, text)
                .map_err(|source| io_error("write a file of the server's", source))?;
            let path = path.display().to_string();
            self.settings.push((setting.to_owned(), path));
        }
        self.restart()
    }

    /// Writes a file that only the server may read.
    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        fs::write(path, text)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        match self.owner {
            Some(owner) => chown(path, Some(owner.uid), Some(owner.gid)),
            None => Ok(()),
        }
    }

    fn initialize(&self) -> Result<(), ClusterError> {
        let mut initdb = self.program("initdb", None);
        initdb
            .arg("--pgdata")
            .arg(self.folder.join("data"))
            .args(["--username", USER, "--auth", "trust", "--encoding", "UTF8"])
            .args(["--locale", "C", "--no-sync", "--no-instructions"])
            .current_dir(&self.folder);
        let output = initdb
            .output()
            .map_err(|source| io_error("run initdb", source))?;
        if output.status.success() {
            return Ok(());
        }
        let output = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(ClusterError::Failed {
            program: "initdb",
            output,
        })
    }

    /// Copies the files from `cache`, or makes them and leaves a copy there.
    fn initialize_from(&self, cache: &Path) -> Result<(), ClusterError> {
        let mut name = self.programs.to_string_lossy().replace('/', "_");
        if let Some(owner) = self.owner {
            name.push_str(&format!("-{}", owner.uid));
        }
        let kept = cache.join(format!("cluster{name}"));
        let data = self.folder.join("data");
        if kept.exists() {
            return copy(&kept, &data);
        }
        self.initialize()?;
        // Under its own name until it is whole; where another was faster, that one stays.
        let id = std::process::id();
        let unfinished = cache.join(format!("cluster{name}-of-{id}"));
        copy(&data, &unfinished)?;
        if fs::rename(&unfinished, &kept).is_err() {
            let _ = fs::remove_dir_all(&unfinished);
        }
        Ok(())
    }

    fn launch(&mut self) -> Result<(), ClusterError> {
        let log = self.folder.join("log");
        let output = File::create(&log).map_err(|source| io_error("make a log", source))?;
        let mut postgres = self.program("postgres", Some("QUIT"));
        postgres
            .arg("-D")
            .arg(self.folder.join("data"))
            .arg("-k")
            .arg(&self.folder)
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        for (name, value) in &self.settings {
            postgres.arg("-c").arg(format!("{name}={value}"));
        }
        postgres
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output);
        let server = spawn(postgres)?;
        let ready = || {
            let state = fs::read_to_string(self.folder.join("data/postmaster.pid"));
            state.is_ok_and(|text| {
                let mut lines = text.lines();
                let of_this = lines.next() == Some(&server.pid.as_raw_nonzero().to_string());
                of_this && lines.nth(6).is_some_and(|line| line.trim() == "ready")
            })
        };
        wait_until(START_MAX, || ready() || server.waiter.is_finished());
        let is_ready = ready() && !server.waiter.is_finished();
        self.server = Some(server);
        if is_ready {
            return Ok(());
        }
        self.end(Signal::QUIT);
        Err(ClusterError::Failed {
            program: "postgres",
            output: fs::read_to_string(log).unwrap_or_default(),
        })
    }

    /// Ends the server by `signal`, and by force where it does not listen.
    fn end(&mut self, signal: Signal) {
        let Some(server) = &self.server else {
            return;
        };
        if !server.waiter.is_finished() {
            send(server.pid, signal);
            // One that is frozen hears nothing.
            send(server.pid, Signal::CONT);
        }
        if wait_until(STOP_MAX, || server.waiter.is_finished()) {
            self.server = None;
        } else {
            self.kill();
        }
    }

    /// One of PostgreSQL's programs, run as the owner of the folder; it gets `on_death` when the
    /// thread that started it ends.
    fn program(&self, name: &str, on_death: Option<&str>) -> Command {
        let program = self.programs.join(name);
        if self.owner.is_none() && !Path::new(SETPRIV).exists() {
            return Command::new(program);
        }
        let mut command = Command::new(SETPRIV);
        if let Some(signal) = on_death {
            command.args(["--pdeathsig", signal]);
        }
        if let Some(owner) = self.owner {
            command
                .arg(format!("--reuid={}", owner.uid))
                .arg(format!("--regid={}", owner.gid))
                .arg("--clear-groups");
        }
        command.arg(program);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Its data is thrown away, so it need not put them in order.
        self.end(Signal::QUIT);
        // What cannot be removed is at least not running.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Changes user and lets a child die with its parent; part of util-linux.
const SETPRIV: &str = "/usr/bin/setpriv";

/// Starts the server from a thread that lives as long as it does: the signal on the parent's death
/// is one on the death of that thread.
fn spawn(mut command: Command) -> Result<Server, ClusterError> {
    let (started, start) = mpsc::channel();
    let waiter = thread::spawn(move || match command.spawn() {
        Ok(mut child) => {
            // Nobody listens only where the caller has gone, and then the child's end is near.
            let _ = started.send(Ok(child.id()));
            let _ = child.wait();
        }
        Err(error) => {
            let _ = started.send(Err(error));
        }
    });
    let pid = match start.recv() {
        Ok(Ok(pid)) => pid,
        Ok(Err(error)) => return Err(io_error("run postgres", error)),
        Err(_) => {
            let error = io::Error::other("its thread ended");
            return Err(io_error("run postgres", error));
        }
    };
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io_error("run postgres", io::Error::other("it has no id")))?;
    Ok(Server { pid, waiter })
}

/// Copies a folder with its owners and permissions.
fn copy(from: &Path, to: &Path) -> Result<(), ClusterError> {
    let mut copy = Command::new("cp");
    let output = copy.arg("-a").args([from, to]).output();
    let output = output.map_err(|source| io_error("run cp", source))?;
    if output.status.success() {
        return Ok(());
    }
    Err(ClusterError::Failed {
        program: "cp",
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The folder of `initdb` and `postgres`: the first place that has both.
#[must_use]
pub fn find_programs() -> Option<PathBuf> {
    let both = |folder: PathBuf| {
        // A link may stand alone; its target has its neighbors beside it.
        let initdb = fs::canonicalize(folder.join("initdb")).ok()?;
        let folder = initdb.parent()?.to_path_buf();
        folder.join("postgres").exists().then_some(folder)
    };
    if let Some(folder) = std::env::var_os("ORDO_PG_BIN") {
        return both(PathBuf::from(folder));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(found) = std::env::split_paths(&path).find_map(both) {
        return Some(found);
    }
    let mut installed: Vec<PathBuf> = (fs::read_dir("/usr/lib/postgresql").ok()?)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    installed.sort_by_key(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        name.parse::<u32>().unwrap_or_default()
    });
    (installed.into_iter().rev()).find_map(|folder| both(folder.join("bin")))
}

fn note_skipped(test: &str) {
    let Some(path) = std::env::var_os("ORDO_SKIPPED_FILE") else {
        return;
    };
    let file = OpenOptions::new().append(true).create(true).open(path);
    let noted = file.and_then(|mut file| writeln!(file, "ORDO_PG_BIN {test}"));
    noted.expect("the file of skipped tests can be written");
}

/// A new folder; in memory, where there is enough of it and nothing needs to last.
fn new_folder(durability: Durability, owner: Option<Owner>) -> Result<PathBuf, ClusterError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("ordo-postgres-{}-{n}", std::process::id());
    let base = match durability {
        Durability::Off if has_room(MEMORY) => PathBuf::from(MEMORY),
        Durability::Off | Durability::Full => std::env::temp_dir(),
    };
    let folder = base.join(name);
    let failed = |source| io_error("make a folder", source);
    fs::create_dir(&folder).map_err(failed)?;
    let private = fs::Permissions::from_mode(0o700);
    fs::set_permissions(&folder, private).map_err(failed)?;
    if let Some(owner) = owner {
        chown(&folder, Some(owner.uid), Some(owner.gid)).map_err(failed)?;
    }
    Ok(folder)
}

/// Files here are kept in memory.
const MEMORY: &str = "/dev/shm";

/// Whether a folder takes a gigabyte more, which is several times what a cluster of a test takes.
fn has_room(folder: &str) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|room| room.f_bavail * room.f_frsize > 1 << 30)
}

/// What a server is started with: `settings` over what clusters have of their own.
fn settings_of(durability: Durability, settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all = vec![("max_connections", "100"), ("shared_buffers", "256MB")];
    if durability == Durability::Off {
        all.extend([
            ("fsync", "off"),
            ("synchronous_commit", "off"),
            ("full_page_writes", "off"),
            ("max_wal_size", "128MB"),
        ]);
    }
    all.extend_from_slice(settings);
    (all.iter())
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Whom files and servers are to belong to, where that is not the caller.
fn owner_of_files() -> Result<Option<Owner>, ClusterError> {
    match geteuid().is_root() {
        true => owner().map(Some),
        false => Ok(None),
    }
}

/// The user `postgres`, or, where there is none, `nobody`.
fn owner() -> Result<Owner, ClusterError> {
    let users = fs::read_to_string("/etc/passwd");
    let users = users.map_err(|source| io_error("read /etc/passwd", source))?;
    let of = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        let uid = fields.next()?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Owner { uid, gid })
    };
    of("postgres").or_else(|| of("nobody")).ok_or_else(|| {
        let error = io::Error::other("there is neither a user postgres nor a user nobody");
        io_error("leave root", error)
    })
}

fn free_port() -> Result<u16, ClusterError> {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    Ok(port
        .map_err(|source| io_error("find a port", source))?
        .port())
}

/// The processes that a process has started and that are still there.
fn children(pid: Pid) -> Vec<Pid> {
    let pid = pid.as_raw_nonzero();
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    (list.unwrap_or_default().split_whitespace())
        .filter_map(|child| Pid::from_raw(child.parse().ok()?))
        .collect()
}

/// Whether a process has not ended; one that only waits to be taken note of has.
fn is_running(pid: Pid) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    // The state follows the name, which stands in brackets and may hold anything.
    state.is_ok_and(|text| {
        let after_name = text.rsplit(')').next().unwrap_or_default();
        !after_name.trim_start().starts_with(['Z', 'X'])
    })
}

fn send(pid: Pid, signal: Signal) {
    // One that has ended already is what was wanted.
    let _ = kill_process(pid, signal);
}

/// Waits for a condition; whether it came about within `limit`.
fn wait_until(limit: Duration, condition: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() > limit {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn io_error(what: &str, source: io::Error) -> ClusterError {
    ClusterError::Io {
        what: what.to_owned(),
        source,
    }
}
