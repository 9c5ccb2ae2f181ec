//! Runs commands: aloud, silently for their answer, or aloud while their lines are kept.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::Failure;

/// How long output is still read after a command has ended; only a process it left behind can
/// hold the pipe open for longer.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The Cargo that started this program, or the one in PATH, in the folder given.
#[must_use]
pub fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root);
    command
}

/// Runs a command with its output on the terminal.
///
/// # Errors
/// When it cannot be started or ends with anything but success.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command
        .status()
        .map_err(|error| not_started(command, &error))?;
    check(command, status)
}

/// Runs a command and returns what it writes to standard output.
///
/// # Errors
/// When it cannot be started or ends with anything but success; its own complaint is included.
pub fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .output()
        .map_err(|error| not_started(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!(
        "`{}` failed: {}",
        words(command),
        complaint.trim()
    )))
}

/// Runs a command with its output on the terminal and keeps the lines as well. The flag tells
/// whether it ended with success.
///
/// # Errors
/// When it cannot be started or waited for.
pub fn run_and_keep(command: &mut Command) -> Result<(bool, Vec<String>), Failure> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, sender);
    }

    let mut lines = Vec::new();
    loop {
        match receiver.recv_timeout(LAST_WORDS) {
            Ok(line) => {
                // A closed terminal must not end the run before its processes are cleaned up.
                let _ = writeln!(std::io::stderr(), "{line}");
                lines.push(line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                let ended = child
                    .try_wait()
                    .map_err(|error| not_waited(command, &error))?;
                if ended.is_some() {
                    break;
                }
            }
        }
    }
    let status = child.wait().map_err(|error| not_waited(command, &error))?;
    Ok((status.success(), lines))
}

fn forward(pipe: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            match reader.read_until(b'\n', &mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let line = String::from_utf8_lossy(&bytes)
                .trim_end_matches(['\n', '\r'])
                .to_owned();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
}

fn check(command: &Command, status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` ended with {status}",
        words(command)
    )))
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("`{}` cannot be started: {error}", words(command)))
}

fn not_waited(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!(
        "`{}` cannot be waited for: {error}",
        words(command)
    ))
}

/// The command as one would type it, for messages only.
fn words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_are_kept_and_the_end_is_told() {
        let (ok, mut lines) = run_and_keep(&mut shell("echo out; echo err >&2; exit 3")).unwrap();
        lines.sort();
        assert!(!ok);
        assert_eq!(lines, ["err", "out"]);
    }

    /// Goal: a process left behind cannot hang the run. Method: it outlives its parent by far more
    /// than the patience of the reader, with the pipe open.
    #[test]
    fn a_process_left_behind_does_not_hold_the_run() {
        let begin = std::time::Instant::now();
        let (ok, lines) = run_and_keep(&mut shell("sleep 30 & echo $!")).unwrap();
        assert!(ok);
        assert!(begin.elapsed() < Duration::from_secs(20));
        run(&mut shell(&format!("kill {}", lines[0]))).unwrap();
    }

    #[test]
    fn a_failed_command_tells_its_complaint() {
        let failure = output(&mut shell("echo no disk >&2; exit 1")).unwrap_err();
        assert!(failure.0.contains("no disk"), "{failure}");
    }
}
