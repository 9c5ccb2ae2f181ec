//! Goal: nothing grows that should not: memory, open files, threads, the view's lag. Method: everything
//! that people and channels do, for as long as there is time; the process is looked at from outside
//! twice a second, and after the first half, in which caches fill, a line is laid through what was seen.

use std::time::{Duration, Instant};

use crate::figures::Figures;
use crate::http::Http;
use crate::load::{Load, audit::audit, client::Nodes, mix};
use crate::part::{Asked, Part};
use crate::process::{Memory, handles, threads};
use crate::served::{Place, Served, check};

/// Over SQLite.
pub const SQLITE: Part = Part {
    name: "soak-sqlite",
    what: "a mixed load over SQLite, with memory, files and threads watched",
    unit: "seconds",
    in_ci: 20,
    long: 2_400,
    piece: 600,
    run: |asked| soak("soak-sqlite", asked, &Place::folder()),
};

/// Over PostgreSQL.
pub const POSTGRES: Part = Part {
    name: "soak-postgres",
    what: "a mixed load over PostgreSQL, with memory, files and threads watched",
    unit: "seconds",
    in_ci: 20,
    long: 2_400,
    piece: 600,
    run: |asked| soak("soak-postgres", asked, &Place::cluster()),
};

const CLIENTS: usize = 8;
/// Between two requests of a client: busy, and not overloaded.
const PAUSE: Duration = Duration::from_millis(5);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// What the second half may add to the memory in use, beyond `SLOPE_MAX_KIB_PER_HOUR`: pages of
/// caches still fill, and the allocator keeps what it may need again.
const GROWTH_MAX_KIB: i64 = 48 * 1_024;
/// What memory may grow by in an hour: bounded caches that are still filling.
const SLOPE_MAX_KIB_PER_HOUR: i64 = 96 * 1_024;
const HANDLES_MAX: u64 = 16;
const THREADS_MAX: u64 = 8;
const VIEW_LAG_MS_MAX: u64 = 5_000;

/// One look at the process.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// When, since the beginning.
    pub at_ms: i64,
    /// Memory in use.
    pub resident_kib: i64,
    /// Open files and sockets.
    pub handles: u64,
    /// Threads.
    pub threads: u64,
}

fn soak(name: &'static str, asked: &Asked, place: &Place) -> Figures {
    let mut figures = Figures::of(name);
    let served = Served::start(&asked.program, place);
    let mut http = served.http();
    mix::set_up(&mut http);
    let nodes = Nodes::at(vec![served.address]);
    let load = Load::start(&nodes, CLIENTS, PAUSE, asked.seed);
    let began = Instant::now();
    let mut samples = Vec::new();
    while began.elapsed() < Duration::from_secs(asked.count) {
        std::thread::sleep(LOOK);
        samples.push(Sample {
            at_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
            resident_kib: i64::try_from(Memory::of(served.pid()).resident_kib).unwrap_or(0),
            handles: handles(served.pid()),
            threads: threads(served.pid()),
        });
        figures.most("view_lag_ms_max", view_lag_ms(&mut http));
    }
    figures.count("seconds", asked.count);
    let mut ledger = load.end(&mut figures);
    judge(&samples, &mut figures);
    let lag = figures.counted("view_lag_ms_max");
    figures.expect(lag <= VIEW_LAG_MS_MAX, || {
        format!("the view was {lag} ms behind")
    });
    audit(served.address, &mut ledger, &mut figures);
    drop(served);
    let (green, said) = check(&asked.program, place);
    figures.expect(green, || said);
    figures
}

/// Compares the second half with itself.
pub fn judge(samples: &[Sample], figures: &mut Figures) {
    let half = &samples[samples.len() / 2..];
    let (Some(first), Some(last)) = (half.first(), half.last()) else {
        figures.violation("nothing was seen");
        return;
    };
    let slope = slope_kib_per_hour(half);
    let span_ms = last.at_ms - first.at_ms;
    // What the line says was added, which single peaks hardly move.
    let growth = slope * span_ms / 3_600_000;
    figures.most(
        "resident_kib",
        u64::try_from(last.resident_kib).unwrap_or(0),
    );
    figures.most(
        "slope_kib_per_hour",
        u64::try_from(slope.max(0)).unwrap_or(0),
    );
    figures.most("handles", last.handles);
    figures.most("threads", last.threads);
    let allowed = GROWTH_MAX_KIB + SLOPE_MAX_KIB_PER_HOUR * span_ms / 3_600_000;
    figures.expect(growth <= allowed, || {
        format!("memory grew by {growth} KiB in {span_ms} ms of the second half")
    });
    let most = |of: fn(&Sample) -> u64| half.iter().map(of).max().unwrap_or(0);
    let (open, running) = (most(|seen| seen.handles), most(|seen| seen.threads));
    figures.expect(open <= first.handles + HANDLES_MAX, || {
        format!("{} open files became {open}", first.handles)
    });
    figures.expect(running <= first.threads + THREADS_MAX, || {
        format!("{} threads became {running}", first.threads)
    });
}

/// The slope of the line through memory by least squares.
fn slope_kib_per_hour(samples: &[Sample]) -> i64 {
    let count = i128::try_from(samples.len()).unwrap_or(1).max(1);
    let sum = |of: fn(&Sample) -> i64| {
        samples
            .iter()
            .map(|seen| i128::from(of(seen)))
            .sum::<i128>()
    };
    let (mean_at, mean_kib) = (
        sum(|seen| seen.at_ms) / count,
        sum(|seen| seen.resident_kib) / count,
    );
    let (mut over, mut under) = (0_i128, 0_i128);
    for seen in samples {
        let at = i128::from(seen.at_ms) - mean_at;
        over += at * (i128::from(seen.resident_kib) - mean_kib);
        under += at * at;
    }
    i64::try_from(over * 3_600_000 / under.max(1)).unwrap_or(i64::MAX)
}

fn view_lag_ms(http: &mut Http) -> u64 {
    let text = http
        .get("/metrics")
        .map(|answer| answer.body)
        .unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("ordo_view_lag_seconds "));
    let (whole, part) = line
        .unwrap_or("0")
        .trim()
        .split_once('.')
        .unwrap_or(("0", "0"));
    let millis = part
        .get(..3)
        .and_then(|part| part.parse::<u64>().ok())
        .unwrap_or(0);
    whole.parse::<u64>().unwrap_or(0) * 1_000 + millis
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(resident_kib: fn(i64) -> i64, handles: fn(i64) -> u64) -> Vec<Sample> {
        let sample = |n| Sample {
            at_ms: n * 500,
            resident_kib: resident_kib(n),
            handles: handles(n),
            threads: 9,
        };
        (0..120).map(sample).collect()
    }

    /// The audit can fail: a leak of memory and one of handles are seen, a level with noise is not.
    #[test]
    fn leaks_are_seen_and_noise_is_not() {
        for (resident, handles, violations) in [
            (
                (|n| 90_000 + n % 7 * 900) as fn(i64) -> i64,
                (|_| 40) as fn(i64) -> u64,
                0,
            ),
            (|n| 90_000 + n * 2_000, |_| 40, 1),
            (|_| 90_000, |n| 40 + n.unsigned_abs(), 1),
        ] {
            let mut figures = Figures::of("test");
            judge(&samples(resident, handles), &mut figures);
            assert_eq!(figures.violations(), violations, "{figures:?}");
        }
    }

    #[test]
    fn a_line_has_its_slope() {
        let line = samples(|n| 1_000 + n, |_| 1);
        assert_eq!(slope_kib_per_hour(&line), 7_200);
    }
}
