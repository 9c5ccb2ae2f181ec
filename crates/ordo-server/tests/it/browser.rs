//! A real Chromium, driven over a pair of pipes: no port, and nothing left when the test ends.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The longest that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One page of a browser.
pub struct Browser {
    child: Child,
    commands: File,
    answers: Receiver<Value>,
    session: String,
    sent: u64,
    complaints: Vec<String>,
    // Removed when the test ends.
    _folder: tempfile::TempDir,
}

impl Browser {
    /// Starts the browser that `ORDO_CHROMIUM` names; without one the test is skipped.
    pub fn start(test: &str) -> Option<Self> {
        let Some(program) = std::env::var_os("ORDO_CHROMIUM") else {
            println!("skipped: {test} needs ORDO_CHROMIUM");
            if let Some(file) = std::env::var_os("ORDO_SKIPPED_FILE") {
                let mut file = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(file)
                    .unwrap();
                writeln!(file, "ORDO_CHROMIUM {test}").unwrap();
            }
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let pipes = ["commands", "answers"].map(|name| folder.path().join(name));
        assert!(
            Command::new("mkfifo")
                .args(&pipes)
                .status()
                .unwrap()
                .success()
        );
        let child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$COMMANDS\" 4>\"$ANSWERS\""])
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--remote-debugging-pipe",
            ])
            .arg(format!(
                "--user-data-dir={}",
                folder.path().join("data").display()
            ))
            .arg("about:blank")
            .env("COMMANDS", &pipes[0])
            .env("ANSWERS", &pipes[1])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Each opens as soon as the other side has.
        let commands = OpenOptions::new().write(true).open(&pipes[0]).unwrap();
        let answers = listen(File::open(&pipes[1]).unwrap());
        let mut browser = Self {
            child,
            commands,
            answers,
            session: String::new(),
            sent: 0,
            complaints: Vec::new(),
            _folder: folder,
        };
        let page = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let target = page["targetId"].clone();
        let attach = json!({"targetId": target, "flatten": true});
        let attached = browser.ask("Target.attachToTarget", attach);
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Goes to an address.
    pub async fn open(&mut self, address: &str) {
        tokio::task::block_in_place(|| self.ask("Page.navigate", json!({"url": address})));
    }

    /// The value of an expression; nothing where the page goes away meanwhile.
    pub async fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true});
        let answer = tokio::task::block_in_place(|| self.answer("Runtime.evaluate", asked));
        let error = answer["error"]["message"].as_str().unwrap_or_default();
        let is_gone = error.contains("navigated or closed") || error.contains("context");
        assert!(
            answer["error"].is_null() || is_gone,
            "{expression}: {answer}"
        );
        answer["result"]["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub async fn until(&mut self, expression: &str) {
        let until = Instant::now() + PATIENCE;
        while self.evaluate(expression).await != true {
            assert!(Instant::now() < until, "never true: {expression}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the console shows as errors and warnings, so far.
    pub fn complaints(&mut self) -> Vec<String> {
        while let Ok(message) = self.answers.try_recv() {
            self.note(&message);
        }
        std::mem::take(&mut self.complaints)
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The answer to a command, which may be an error.
    fn answer(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.commands.write_all(&bytes).unwrap();
        loop {
            let message = match self.answers.recv_timeout(PATIENCE) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => panic!("the browser does not answer {method}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the browser ended at {method}"),
            };
            if message["id"] == self.sent {
                return message;
            }
            self.note(&message);
        }
    }

    /// Keeps what a person would see in red in the console.
    fn note(&mut self, message: &Value) {
        let params = &message["params"];
        let is_complaint = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => {
                ["error", "warning", "assert"].contains(&params["type"].as_str().unwrap())
            }
            Some("Log.entryAdded") => {
                ["error", "warning"].contains(&params["entry"]["level"].as_str().unwrap())
            }
            _ => false,
        };
        if is_complaint {
            self.complaints.push(params.to_string());
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Already ended where the test failed because of that.
        let _ = self
            .commands
            .write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Messages as they come in; each ends with a zero byte.
fn listen(mut pipe: File) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut waiting = Vec::new();
        let mut part = [0; 65_536];
        while let Ok(length) = pipe.read(&mut part)
            && length > 0
        {
            waiting.extend_from_slice(&part[..length]);
            while let Some(end) = waiting.iter().position(|byte| *byte == 0) {
                let message: Vec<u8> = waiting.drain(..=end).collect();
                let message = serde_json::from_slice(&message[..end]).unwrap();
                if sender.send(message).is_err() {
                    return;
                }
            }
        }
    });
    receiver
}
