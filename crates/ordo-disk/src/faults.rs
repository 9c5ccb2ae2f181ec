//! Calls of SQLite's that fail: which, when, how often, and with what.

use rusqlite::ffi;

/// What SQLite asks of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Reads bytes of a file.
    Read,
    /// Writes bytes of a file.
    Write,
    /// Cuts a file.
    Truncate,
    /// Has a file kept.
    Sync,
    /// Maps memory that connections share.
    Share,
    /// Deletes a file.
    Delete,
}

/// In which files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// In any.
    Any,
    /// In databases.
    Database,
    /// In WALs and rollback journals.
    Log,
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// So often, then no more.
    Some(u64),
    /// Until it is told to stop.
    ForGood,
}

/// One kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Of what.
    pub call: Call,
    /// Where.
    pub files: Files,
    /// Calls that pass first.
    pub after: u64,
    /// How many fail then.
    pub times: Times,
    /// SQLite's code for it.
    pub code: i32,
}

impl Fault {
    /// The disk is full: from the call after the next `after` on no write goes through.
    #[must_use]
    pub const fn full(after: u64, times: Times) -> Self {
        Self {
            call: Call::Write,
            files: Files::Any,
            after,
            times,
            code: ffi::SQLITE_FULL,
        }
    }

    /// The disk fails: the code is the one that SQLite has for this call.
    #[must_use]
    pub const fn failing(call: Call, files: Files, after: u64, times: Times) -> Self {
        let code = match call {
            Call::Read => ffi::SQLITE_IOERR_READ,
            Call::Write => ffi::SQLITE_IOERR_WRITE,
            Call::Truncate => ffi::SQLITE_IOERR_TRUNCATE,
            Call::Sync => ffi::SQLITE_IOERR_FSYNC,
            Call::Share => ffi::SQLITE_IOERR_SHMMAP,
            Call::Delete => ffi::SQLITE_IOERR_DELETE,
        };
        Self {
            call,
            files,
            after,
            times,
            code,
        }
    }

    /// Reads end early, as those of a file that was cut behind SQLite's back.
    #[must_use]
    pub const fn short_reads(files: Files, after: u64, times: Times) -> Self {
        Self {
            call: Call::Read,
            files,
            after,
            times,
            code: ffi::SQLITE_IOERR_SHORT_READ,
        }
    }

    /// The code with which this call fails, where it does.
    pub(crate) fn meets(&mut self, call: Call, is_log: bool) -> Option<i32> {
        let here = match self.files {
            Files::Any => true,
            Files::Database => !is_log,
            Files::Log => is_log,
        };
        if call != self.call || !here {
            return None;
        }
        if self.after > 0 {
            self.after -= 1;
            return None;
        }
        match &mut self.times {
            Times::ForGood => Some(self.code),
            Times::Some(0) => None,
            Times::Some(left) => {
                *left -= 1;
                Some(self.code)
            }
        }
    }
}
