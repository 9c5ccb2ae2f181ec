//! Gets under SQLite: a VFS that hands every call on to the system's own and records those on files
//! in watched folders. It becomes the default of the process, so that what opens connections needs no
//! word about it.
//!
//! The locks and the shared memory of WAL mode are the system's own. There is no mapped memory, so
//! that no write passes by; and a sync is recorded, not done: the record is the disk.
//!
//! Invariant: a [`ShimFile`] stands at the start of the memory that SQLite gives for a file, and the
//! system's own file behind it.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use rusqlite::ffi::{
    self, sqlite3_file, sqlite3_filename, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs,
};

use crate::faults::Call;
use crate::record::{Shared, State};

/// The name under which the shim is registered.
const NAME: &CStr = c"ordo-disk";

/// Bit of `flags` of a file that is a log of changes: a WAL or a rollback journal.
const LOGS: c_int = ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;

/// Watched folders; one that nobody owns any more is let go at the next look.
static WATCHED: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

/// The system's own VFS.
struct System(*mut sqlite3_vfs);

// SAFETY: the VFS was registered before, lives as long as the process and is made to be called from
// any thread; the pointer is only read.
unsafe impl Send for System {}
// SAFETY: as above.
unsafe impl Sync for System {}

static SYSTEM: OnceLock<System> = OnceLock::new();

/// Has the folder's files recorded that are opened from now on.
pub(crate) fn watch(shared: &Arc<Shared>) {
    SYSTEM.get_or_init(register);
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    watched.retain(|known| known.strong_count() > 0);
    watched.push(Arc::downgrade(shared));
}

/// Records files that are opened from now on no more.
pub(crate) fn forget(shared: &Arc<Shared>) {
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    watched
        .retain(|known| known.strong_count() > 0 && !ptr::eq(known.as_ptr(), &raw const **shared));
}

/// Who watches a file, and its name in the folder.
fn watcher(path: &Path) -> Option<(Arc<Shared>, String)> {
    let name = path.file_name()?.to_str()?.to_owned();
    let dir = path.parent()?;
    let watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut known = watched.iter().filter_map(Weak::upgrade);
    let shared = known.find(|shared| shared.dir == dir)?;
    Some((shared, name))
}

fn register() -> System {
    // SAFETY: finding the default VFS has no conditions; SQLite initializes itself for it.
    let system = unsafe { ffi::sqlite3_vfs_find(ptr::null()) };
    assert!(!system.is_null(), "SQLite has a VFS for this system");
    // SAFETY: `system` is a registered VFS, which stays as it is.
    let own = unsafe { &*system };
    let shim = Box::new(sqlite3_vfs {
        iVersion: own.iVersion.min(2),
        szOsFile: own.szOsFile + size_of::<ShimFile>() as c_int,
        pNext: ptr::null_mut(),
        zName: NAME.as_ptr(),
        xOpen: Some(open),
        xDelete: Some(delete),
        // The others ask nothing of the VFS that they are called on but what was copied here.
        ..*own
    });
    // SAFETY: a registered VFS must stay where it is until it is unregistered, which never happens:
    // the box is given away. All of its functions are those of the system or keep to its rules.
    let registered = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(shim), 1) };
    assert_eq!(registered, ffi::SQLITE_OK, "the VFS is registered");
    System(system)
}

/// What stands before the system's own file.
#[repr(C)]
struct ShimFile {
    /// SQLite reads this: the same as `sqlite3_file`.
    methods: *const sqlite3_io_methods,
    /// A `Box<Watched>`, or null where nobody watches.
    watched: *mut Watched,
}

struct Watched {
    shared: Arc<Shared>,
    file: usize,
    is_log: bool,
    /// Whether the first sync of the file syncs its folder too, as the system's VFS does for a log
    /// that it may have made.
    syncs_folder: bool,
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // Version 2 ends before mapped memory.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The system's own VFS, which is known since the shim was registered.
fn system() -> *mut sqlite3_vfs {
    SYSTEM.get().map_or(ptr::null_mut(), |system| system.0)
}

/// The system's own file behind ours.
///
/// # Safety
/// `file` is the memory of a file of ours.
unsafe fn inner(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: `szOsFile` asks for room for both, one behind the other.
    unsafe { file.cast::<u8>().add(size_of::<ShimFile>()).cast() }
}

/// Who watches the file.
///
/// # Safety
/// `file` is an open file of ours, which SQLite uses from one thread at a time.
unsafe fn watched<'a>(file: *mut sqlite3_file) -> Option<&'a mut Watched> {
    // SAFETY: an open file of ours begins with a `ShimFile`, whose pointer is null or from a box that
    // lives until `close`.
    unsafe { (*file.cast::<ShimFile>()).watched.as_mut() }
}

/// Calls a method of the system's own file.
macro_rules! system_call {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: SQLite calls methods only on files that were opened, so the system's file behind
        // ours is open and has all methods of version 2; the arguments are SQLite's own.
        unsafe {
            let inner = inner($file);
            match (*(*inner).pMethods).$method {
                Some(method) => method(inner $(, $argument)*),
                None => unreachable!("the system's files have this method"),
            }
        }
    }};
}

/// Runs `call` unless it is to fail, and has it recorded by `record` where it went well.
///
/// # Safety
/// As [`watched`].
unsafe fn recorded(
    file: *mut sqlite3_file,
    what: Call,
    call: impl FnOnce() -> c_int,
    record: impl FnOnce(&mut State, &mut Watched),
) -> c_int {
    // SAFETY: the caller's promise.
    let Some(watched) = (unsafe { watched(file) }) else {
        return call();
    };
    let shared = Arc::clone(&watched.shared);
    let mut state = shared.lock();
    if let Some(code) = state.fault(what, watched.is_log) {
        return code;
    }
    let done = call();
    if done == ffi::SQLITE_OK {
        record(&mut state, watched);
    }
    done
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let shim = file.cast::<ShimFile>();
    let system = system();
    // SAFETY: SQLite gives `szOsFile` bytes of memory for the file; name and flags are handed on as
    // they came, to the VFS that they are meant for.
    let opened = unsafe {
        (*shim).methods = ptr::null();
        (*shim).watched = ptr::null_mut();
        match (*system).xOpen {
            Some(open) => open(system, name, inner(file), flags, out_flags),
            None => ffi::SQLITE_CANTOPEN,
        }
    };
    if opened != ffi::SQLITE_OK {
        return opened;
    }
    // SAFETY: as above. From here on SQLite closes the file.
    unsafe { (*shim).methods = &raw const METHODS };
    let is_kept = flags & (ffi::SQLITE_OPEN_MAIN_DB | LOGS) != 0;
    if name.is_null() || !is_kept {
        return ffi::SQLITE_OK;
    }
    // SAFETY: a name that is not null ends with a zero and lives as long as the file.
    let path = unsafe { CStr::from_ptr(name) };
    let Some((shared, name)) = path.to_str().ok().and_then(|path| watcher(Path::new(path))) else {
        return ffi::SQLITE_OK;
    };
    let number = shared.lock().opened(&name);
    let watched = Watched {
        shared,
        file: number,
        is_log: flags & LOGS != 0,
        syncs_folder: flags & LOGS != 0 && flags & ffi::SQLITE_OPEN_CREATE != 0,
    };
    // SAFETY: as above; the box is taken back by `close`.
    unsafe { (*shim).watched = Box::into_raw(Box::new(watched)) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    let system = system();
    let call = || {
        // SAFETY: the arguments are SQLite's own, for the VFS that they are meant for.
        unsafe {
            match (*system).xDelete {
                Some(delete) => delete(system, name, sync_folder),
                None => ffi::SQLITE_IOERR_DELETE,
            }
        }
    };
    // SAFETY: SQLite names the file by a text that ends with a zero.
    let path = unsafe { CStr::from_ptr(name) };
    let Some((shared, name)) = path.to_str().ok().and_then(|path| watcher(Path::new(path))) else {
        return call();
    };
    let mut state = shared.lock();
    if let Some(code) = state.fault(Call::Delete, true) {
        return code;
    }
    let done = call();
    if done == ffi::SQLITE_OK {
        state.deleted(&name, sync_folder != 0);
    }
    done
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let done = system_call!(file, xClose);
    // SAFETY: the file was opened by `open`, which made the box; nobody uses it after this.
    unsafe {
        let shim = file.cast::<ShimFile>();
        if !(*shim).watched.is_null() {
            drop(Box::from_raw((*shim).watched));
        }
        (*shim).watched = ptr::null_mut();
    }
    done
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    to: *mut c_void,
    count: c_int,
    at: sqlite3_int64,
) -> c_int {
    let mut was_read = false;
    let call = || {
        was_read = true;
        system_call!(file, xRead, to, count, at)
    };
    // SAFETY: an open file of ours.
    let done = unsafe { recorded(file, Call::Read, call, |_, _| {}) };
    if done == ffi::SQLITE_IOERR_SHORT_READ && !was_read {
        let count = usize::try_from(count).unwrap_or(0);
        // SAFETY: SQLite gives room for `count` bytes, and wants zeros where there was nothing.
        unsafe { ptr::write_bytes(to.cast::<u8>(), 0, count) };
    }
    done
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: sqlite3_int64,
) -> c_int {
    let call = || system_call!(file, xWrite, from, count, at);
    // SAFETY: an open file of ours; SQLite gives `count` bytes to be written.
    unsafe {
        recorded(file, Call::Write, call, |state, watched| {
            let count = usize::try_from(count).unwrap_or(0);
            let bytes = std::slice::from_raw_parts(from.cast::<u8>(), count);
            state.wrote(watched.file, at.cast_unsigned(), bytes);
        })
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    let call = || system_call!(file, xTruncate, size);
    // SAFETY: an open file of ours.
    unsafe {
        recorded(file, Call::Truncate, call, |state, watched| {
            state.sized(watched.file, size.cast_unsigned());
        })
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: an open file of ours.
    let Some(watched) = (unsafe { watched(file) }) else {
        return system_call!(file, xSync, flags);
    };
    let mut state = watched.shared.lock();
    if let Some(code) = state.fault(Call::Sync, watched.is_log) {
        state.sync_failed(watched.file);
        return code;
    }
    state.synced(watched.file, watched.is_log, watched.syncs_folder);
    drop(state);
    watched.syncs_folder = false;
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    system_call!(file, xFileSize, size)
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    system_call!(file, xLock, level)
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    system_call!(file, xUnlock, level)
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, found: *mut c_int) -> c_int {
    system_call!(file, xCheckReservedLock, found)
}

unsafe extern "C" fn file_control(
    file: *mut sqlite3_file,
    what: c_int,
    argument: *mut c_void,
) -> c_int {
    system_call!(file, xFileControl, what, argument)
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    system_call!(file, xSectorSize)
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    system_call!(file, xDeviceCharacteristics)
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    to: *mut *mut c_void,
) -> c_int {
    let call = || system_call!(file, xShmMap, region, size, extend, to);
    // SAFETY: an open file of ours.
    unsafe { recorded(file, Call::Share, call, |_, _| {}) }
}

unsafe extern "C" fn shm_lock(
    file: *mut sqlite3_file,
    from: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    system_call!(file, xShmLock, from, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    system_call!(file, xShmBarrier);
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, deletes: c_int) -> c_int {
    system_call!(file, xShmUnmap, deletes)
}
