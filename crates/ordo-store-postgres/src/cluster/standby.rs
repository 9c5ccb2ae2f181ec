//! Standbys of a cluster: made from a running one, promoted, pointed at another primary, brought back
//! after they were primary themselves; and servers that stop to answer without ending.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use rustix::process::Signal;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use super::{
    Cluster, ClusterError, Durability, children, find_programs, io_error, new_folder,
    owner_of_files, send, settings_of,
};

impl Cluster {
    /// Makes a copy of a running cluster that follows it as a standby, and starts it. `through` is the
    /// port over which it reaches the primary (its own or that of a proxy), `name` the name under which
    /// the primary knows it.
    ///
    /// # Errors
    /// Where the primary does not give its files away, or the standby does not start.
    pub fn start_standby(
        through: u16,
        name: &str,
        settings: &[(&str, &str)],
    ) -> Result<Self, ClusterError> {
        let programs = find_programs().ok_or(ClusterError::NotInstalled)?;
        let owner = owner_of_files()?;
        let mut standby = Self {
            programs,
            folder: new_folder(Durability::Full, owner)?,
            owner,
            settings: settings_of(Durability::Full, settings),
            port: 0,
            server: None,
        };
        standby.copy_from(through)?;
        standby.follow(through, name)?;
        standby.restart()?;
        Ok(standby)
    }

    /// Throws the files away and copies those of the primary.
    ///
    /// # Errors
    /// Where the primary does not give its files away.
    pub fn copy_from(&self, through: u16) -> Result<(), ClusterError> {
        let data = self.folder.join("data");
        // There may be none yet.
        let _ = fs::remove_dir_all(&data);
        let mut copy = self.program("pg_basebackup", None);
        copy.arg("--pgdata")
            .arg(&data)
            .args(["--dbname", &connection(through, "copy")])
            .args(["--wal-method=stream", "--checkpoint=fast", "--no-sync"])
            .current_dir(&self.folder);
        run(copy, "pg_basebackup")
    }

    /// Takes back what a former primary wrote alone, so that it can follow the new one. The server must
    /// not be running.
    ///
    /// # Errors
    /// Where the two have drifted too far apart; [`Cluster::copy_from`] always helps.
    pub fn rewind_to(&self, through: u16) -> Result<(), ClusterError> {
        // The server that mends the files first is started without the settings of this one.
        self.set("wal_log_hints = on")?;
        let mut rewind = self.program("pg_rewind", None);
        rewind
            .arg("--target-pgdata")
            .arg(self.folder.join("data"))
            .args([
                "--source-server",
                &connection(through, "rewind"),
                "--no-sync",
            ])
            .current_dir(&self.folder);
        run(rewind, "pg_rewind")
    }

    /// Makes it a standby of the primary behind a port; a running standby changes over by itself, any
    /// other takes it in when it is started.
    ///
    /// # Errors
    /// Where the files cannot be written.
    pub fn follow(&self, through: u16, name: &str) -> Result<(), ClusterError> {
        self.set_primary(&connection(through, name))?;
        let signal = self.folder.join("data/standby.signal");
        self.write(&signal, "")
            .map_err(|source| io_error("write a file of the server's", source))
    }

    /// Has a standby follow nobody.
    ///
    /// # Errors
    /// Where the files cannot be written.
    pub fn follow_nobody(&self) -> Result<(), ClusterError> {
        self.set_primary("")
    }

    fn set_primary(&self, connection: &str) -> Result<(), ClusterError> {
        self.set(&format!("primary_conninfo = '{connection}'"))?;
        if let Some(server) = &self.server {
            send(server.pid, Signal::HUP);
        }
        Ok(())
    }

    /// Adds a line to the server's own settings; the last of several counts.
    fn set(&self, line: &str) -> Result<(), ClusterError> {
        let written = OpenOptions::new()
            .append(true)
            .open(self.folder.join("data/postgresql.auto.conf"))
            .and_then(|mut file| writeln!(file, "{line}"));
        written.map_err(|source| io_error("write a file of the server's", source))
    }

    /// The first value of the first row that a statement answers, as text; empty where there is none.
    ///
    /// # Errors
    /// Where the server does not answer, or refuses.
    pub async fn ask(&self, sql: &str) -> Result<String, ClusterError> {
        let (client, connection) = tokio_postgres::connect(&self.url("postgres"), NoTls).await?;
        let connection = tokio::spawn(connection);
        let answers = client.simple_query(sql).await;
        drop(client);
        // Ends with its client.
        let _ = connection.await;
        let row = answers?.into_iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        });
        Ok(row.unwrap_or_default())
    }

    /// What the server has logged since it was started.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Stops all processes of the server where they stand; the kernel still takes connections for them.
    pub fn freeze(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets them go on.
    pub fn thaw(&self) {
        self.signal_all(Signal::CONT);
    }

    fn signal_all(&self, signal: Signal) {
        if let Some(server) = &self.server {
            send(server.pid, signal);
            for child in children(server.pid) {
                send(child, signal);
            }
        }
    }

    /// Stops the server in order, with its data on disk and sent to its standbys, as for a planned switch.
    pub fn stop(&mut self) {
        self.end(Signal::INT);
    }

    /// Whether the server is running, frozen or not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        let server = self.server.as_ref();
        server.is_some_and(|server| !server.waiter.is_finished())
    }
}

/// How a standby reaches its primary.
fn connection(port: u16, name: &str) -> String {
    format!(
        "host=127.0.0.1 port={port} user={} dbname=postgres application_name={name} connect_timeout=3",
        super::USER
    )
}

fn run(mut command: std::process::Command, program: &'static str) -> Result<(), ClusterError> {
    let output = command.output();
    let output = output.map_err(|source| io_error(program, source))?;
    if output.status.success() {
        return Ok(());
    }
    Err(ClusterError::Failed {
        program,
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
