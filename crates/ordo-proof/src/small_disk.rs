//! Goal: the program itself, on a disk that is really full, says 503 and goes on once there is room.
//! Method: `ordo serve` over a folder on a file system of a few megabytes in memory, half of them taken
//! by a ballast; orders until the disk is full, the ballast is thrown away, more orders, a kill, a new
//! start. Needs the right to mount; says so in its figures where that is missing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::figures::Figures;
use crate::http::Http;
use crate::served::{Place, Served, check, order, set_up};

/// Size of the file system, and what the ballast takes of it, in bytes.
const DISK: usize = 12 << 20;
const BALLAST: usize = 5 << 20;
/// More orders than ever fit.
const ORDERS_MAX: usize = 20_000;
/// Room must be noticed by then.
const GOES_ON_AFTER: Duration = Duration::from_secs(10);

/// Fills one disk.
pub fn fill(program: &Path, figures: &mut Figures) {
    let place = Place::folder();
    let Place::Folder(folder) = &place else {
        unreachable!("it was made as a folder")
    };
    let Some(_mounted) = Mounted::over(folder.path()) else {
        figures.count("small disks", 0);
        return;
    };
    figures.count("small disks", 1);
    let ballast = folder.path().join("ballast");
    std::fs::write(&ballast, vec![1; BALLAST]).unwrap();
    let served = Served::start(program, &place);
    set_up(&mut served.http(), "A", &json!("tracked"), 1, 1_000_000);
    let mut taken = Vec::new();
    let mut refused = Vec::new();
    let mut http = served.http();
    for n in 0..ORDERS_MAX {
        send(&mut http, n, &mut taken, &mut refused, figures);
        if refused.len() >= 20 {
            break;
        }
    }
    figures.expect(refused.len() >= 20 && taken.len() >= 20, || {
        let (taken, refused) = (taken.len(), refused.len());
        format!("a small disk took {taken} orders and refused {refused}")
    });
    let read = http
        .get("/api/v1/orders?limit=1")
        .map(|answer| answer.status);
    figures.expect(read.as_ref().is_ok_and(|status| *status == 200), || {
        format!("a full disk lets nobody read: {read:?}")
    });
    std::fs::remove_file(&ballast).unwrap();
    let until = Instant::now() + GOES_ON_AFTER;
    let (before, mut n) = (taken.len(), ORDERS_MAX);
    while taken.len() < before + 20 && Instant::now() < until {
        send(&mut http, n, &mut taken, &mut refused, figures);
        n += 1;
    }
    figures.expect(taken.len() == before + 20, || {
        format!(
            "there is room again, and {} orders are taken",
            taken.len() - before
        )
    });
    served.kill();
    let served = Served::start(program, &place);
    let mut http = served.http();
    for n in taken.iter().chain(&refused) {
        let answer = http.post("/api/v1/orders", &order(&format!("s{n}"), "A", 1));
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        let holds = if taken.contains(n) {
            status == 200
        } else {
            // A refusal that said that nothing is known may have been done.
            matches!(status, 200 | 201)
        };
        figures.expect(holds, || format!("order s{n} is answered {answer:?}"));
    }
    drop(served);
    let (green, said) = check(program, &place);
    figures.expect(green, || said);
}

fn send(
    http: &mut Http,
    n: usize,
    taken: &mut Vec<usize>,
    refused: &mut Vec<usize>,
    figures: &mut Figures,
) {
    match http.post("/api/v1/orders", &order(&format!("s{n}"), "A", 1)) {
        Ok(answer) if answer.status == 201 => taken.push(n),
        Ok(answer) => {
            let is_clear = answer.status == 503
                && answer.json()["code"] == "unavailable"
                && answer.header("retry-after").is_some();
            figures.expect(is_clear, || format!("a full disk is answered {answer:?}"));
            refused.push(n);
        }
        Err(error) => figures.violation(format!("a full disk broke the connection: {error}")),
    }
}

/// A file system in memory over a folder.
struct Mounted(PathBuf);

impl Mounted {
    fn over(dir: &Path) -> Option<Self> {
        let options = format!("size={DISK},mode=0700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(dir)
            .output();
        let done = mounted.is_ok_and(|output| output.status.success());
        done.then(|| Self(dir.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Nothing is left to be told where it fails: the folder then stays, with what is in it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
