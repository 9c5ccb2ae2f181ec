//! A watched folder: what SQLite did to its files, in order, and what it is told of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::dice::Dice;
use crate::faults::{Call, Fault};
use crate::model::Model;
use crate::shim;

/// Something that changed a file, or what is sure to stay of it. Files are numbered: one that is
/// deleted and made anew gets another number.
#[derive(Debug, Clone)]
pub enum Op {
    /// A file was made.
    Create {
        /// Its number.
        file: usize,
        /// Its name in the folder.
        name: String,
    },
    /// Bytes were written.
    Write {
        /// Into this file.
        file: usize,
        /// From this byte on.
        at: u64,
        /// These.
        bytes: Arc<[u8]>,
    },
    /// The file was cut or lengthened.
    Size {
        /// Which.
        file: usize,
        /// Its size now.
        size: u64,
    },
    /// What was written to a file is kept.
    Sync {
        /// Which.
        file: usize,
        /// Whether that of the folder is too: which files there are.
        with_folder: bool,
    },
    /// A sync failed: the system may have thrown away what it could not write, and will not say so
    /// again.
    SyncFailed {
        /// Of this file.
        file: usize,
    },
    /// A file was deleted.
    Delete {
        /// Its name.
        name: String,
        /// Whether the folder was synced then.
        with_folder: bool,
    },
}

/// In which files a disk says that it kept what it did not. A proof that trusts such a disk must fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// In WALs and rollback journals.
    Logs,
    /// In databases.
    Databases,
}

/// A folder that is watched until this is dropped. Files that are there already count as kept.
#[derive(Debug)]
pub struct Disk {
    pub(crate) shared: Arc<Shared>,
}

impl Disk {
    /// Watches the folder from now on. Connections that are opened in it later are recorded.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn watch(dir: &Path) -> std::io::Result<Self> {
        let mut model = Model::default();
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                model.keep(&name, std::fs::read(entry.path())?);
            }
        }
        Self::go_on(dir, model)
    }

    /// Watches a folder that holds what programs saw in `model`, some of which is not kept yet.
    ///
    /// # Errors
    /// The folder is not there.
    pub fn go_on(dir: &Path, model: Model) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            dir: dir.canonicalize()?,
            state: Mutex::new(State {
                names: model.names().clone(),
                next: model.files(),
                start: model,
                ops: Vec::new(),
                faults: Vec::new(),
                lie: None,
                failed: 0,
            }),
        });
        shim::watch(&shared);
        Ok(Self { shared })
    }

    /// How much was recorded: the point of time that it is now.
    #[must_use]
    pub fn now(&self) -> usize {
        self.shared.lock().ops.len()
    }

    /// What was recorded, and what was there before.
    #[must_use]
    pub fn recorded(&self) -> (Model, Vec<Op>) {
        let state = self.shared.lock();
        (state.start.clone(), state.ops.clone())
    }

    /// Takes in what others than SQLite did to its files meanwhile: it is done, and not kept yet.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn catch_up(&self) -> std::io::Result<()> {
        let mut state = self.shared.lock();
        let mut model = state.start.clone();
        for op in &state.ops {
            model.step(op, &mut Dice::new(0));
        }
        for (name, seen) in model.as_seen().0 {
            let now = std::fs::read(self.shared.dir.join(&name))?;
            let Some(file) = state.names.get(&name).copied() else {
                continue;
            };
            let same = seen.len().min(now.len());
            if seen.len() != now.len() {
                state.sized(file, now.len() as u64);
            }
            if seen[..same] != now[..same] || now.len() > same {
                state.wrote(file, 0, &now);
            }
        }
        Ok(())
    }

    /// Lets calls fail; several kinds may be told at once.
    pub fn fail(&self, fault: Fault) {
        self.shared.lock().faults.push(fault);
    }

    /// No call fails any more.
    pub fn heal(&self) {
        self.shared.lock().faults.clear();
    }

    /// How many calls were made to fail so far.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.shared.lock().failed
    }

    /// Says from now on that it keeps what it does not.
    pub fn lie(&self, lie: Lie) {
        self.shared.lock().lie = Some(lie);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        shim::forget(&self.shared);
    }
}

/// What the shim and the owner of a disk share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The folder, without links.
    pub(crate) dir: PathBuf,
    state: Mutex<State>,
}

impl Shared {
    /// The shim holds this over the call that it records, so that the record has the true order.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(crate) struct State {
    start: Model,
    names: BTreeMap<String, usize>,
    next: usize,
    ops: Vec<Op>,
    faults: Vec<Fault>,
    lie: Option<Lie>,
    failed: u64,
}

impl State {
    /// The number of the file with this name, which is there now.
    pub(crate) fn opened(&mut self, name: &str) -> usize {
        if let Some(file) = self.names.get(name) {
            return *file;
        }
        let file = self.next;
        self.next += 1;
        self.names.insert(name.to_owned(), file);
        self.ops.push(Op::Create {
            file,
            name: name.to_owned(),
        });
        file
    }

    pub(crate) fn deleted(&mut self, name: &str, with_folder: bool) {
        if self.names.remove(name).is_some() {
            self.ops.push(Op::Delete {
                name: name.to_owned(),
                with_folder,
            });
        }
    }

    pub(crate) fn wrote(&mut self, file: usize, at: u64, bytes: &[u8]) {
        self.ops.push(Op::Write {
            file,
            at,
            bytes: bytes.into(),
        });
    }

    pub(crate) fn sized(&mut self, file: usize, size: u64) {
        self.ops.push(Op::Size { file, size });
    }

    pub(crate) fn synced(&mut self, file: usize, is_log: bool, with_folder: bool) {
        let is_lie = match self.lie {
            None => false,
            Some(Lie::Logs) => is_log,
            Some(Lie::Databases) => !is_log,
        };
        if !is_lie {
            self.ops.push(Op::Sync { file, with_folder });
        }
    }

    pub(crate) fn sync_failed(&mut self, file: usize) {
        self.ops.push(Op::SyncFailed { file });
    }

    /// The code with which a call fails, where it does.
    pub(crate) fn fault(&mut self, call: Call, is_log: bool) -> Option<i32> {
        let code = (self.faults.iter_mut()).find_map(|fault| fault.meets(call, is_log))?;
        self.failed += 1;
        Some(code)
    }
}
