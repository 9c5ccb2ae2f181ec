//! What the system says of a process: its memory, its open files, its threads.

use std::fs;

/// Memory of a process, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// In use now.
    pub resident_kib: u64,
    /// The most that ever was.
    pub peak_kib: u64,
}

impl Memory {
    /// Of the process `pid`; nothing where it is gone.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        Self::read(&format!("/proc/{pid}/status"))
    }

    /// Of this process.
    #[must_use]
    pub fn of_self() -> Self {
        Self::read("/proc/self/status")
    }

    fn read(path: &str) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        Self {
            resident_kib: field(&text, "VmRSS:"),
            peak_kib: field(&text, "VmHWM:"),
        }
    }
}

/// How many threads a process has.
#[must_use]
pub fn threads(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    field(&text, "Threads:")
}

/// How many files, sockets among them, a process has open.
#[must_use]
pub fn handles(pid: u32) -> u64 {
    let open = fs::read_dir(format!("/proc/{pid}/fd"));
    open.map_or(0, |entries| entries.count() as u64)
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_known() {
        let pid = std::process::id();
        assert!(Memory::of(pid).resident_kib > 1_000);
        assert!(Memory::of_self().peak_kib >= 1_000);
        assert!(threads(pid) >= 1 && handles(pid) >= 3);
        assert_eq!(Memory::of(u32::MAX), Memory::default());
    }
}
