//! Standbys of a cluster: made from a running one, promoted, pointed at another primary, brought back
//! after they were primary themselves; and servers that stop to answer without ending.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use rustix::process::Signal;

use super::{
    Cluster, ClusterError, Durability, STOP_MAX, children, find_programs, io_error, new_folder,
    owner_of_files, send, settings_of, wait_until,
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

    /// The last of several lines counts.
    fn set_primary(&self, connection: &str) -> Result<(), ClusterError> {
        let written = OpenOptions::new()
            .append(true)
            .open(self.folder.join("data/postgresql.auto.conf"))
            .and_then(|mut file| writeln!(file, "primary_conninfo = '{connection}'"));
        written.map_err(|source| io_error("write a file of the server's", source))?;
        if let Some(server) = &self.server {
            send(server.pid, Signal::HUP);
        }
        Ok(())
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

    /// Waits until a file of the server's own is there, such as a signal that was taken in, or is gone.
    #[must_use]
    pub fn waits_for_file(&self, name: &str, is_there: bool) -> bool {
        let path = self.folder.join("data").join(name);
        wait_until(STOP_MAX, || path.exists() == is_there)
    }
}

/// How a standby reaches its primary; a connection that says nothing for five seconds is given up.
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
