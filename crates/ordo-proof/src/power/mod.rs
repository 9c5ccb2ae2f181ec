//! Goal: nothing acknowledged is lost, doubled or half there when the power goes, at any moment of
//! trade, start, checkpoint, scrub, backup and end, nor when it goes once more during the recovery.
//! Method: a shop trades over a disk that records every write and sync (`ordo-disk`); at points of
//! that record the folder is built as a disk could have kept it, opened by the ordinary store, and
//! compared with the ledger of what was acknowledged by then.

mod story;

use ordo_disk::{Dice, Disk, Lie, Model, Sector};
use ordo_store_sqlite::{OpenError, portable};

use crate::audit::{self, Expected};
use crate::figures::Figures;
use crate::part::{Asked, Part};
use crate::trade::{Beside, Entry, OPTIONS, Trade};
use story::Story;

/// Points of one story, after which another one is told.
const POINTS_OF_STORY: u64 = 50;

/// Power losses.
pub const POWER_LOSS: Part = Part {
    name: "power-loss",
    what: "the power goes under the server over SQLite, at and between syncs, also twice",
    unit: "points",
    in_ci: 200,
    long: 2_000,
    piece: 500,
    run: |asked| lose_power("power-loss", asked, None),
};

/// The same on a disk that says it kept what it did not. Where this finds nothing, the proof is
/// broken.
#[must_use]
pub fn lose_power_on_a_liar(asked: &Asked, lie: Lie) -> Figures {
    lose_power("power-loss-on-a-liar", asked, Some(lie))
}

fn lose_power(name: &'static str, asked: &Asked, lie: Option<Lie>) -> Figures {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut figures = Figures::of(name);
    let mut dice = Dice::new(asked.seed);
    let mut left = asked.count;
    while left > 0 {
        let count = left.min(POINTS_OF_STORY);
        left -= count;
        let seed = dice.roll();
        runtime.block_on(tell(seed, count, lie, &mut figures));
    }
    figures
}

/// Records one story and loses power at `count` of its points.
async fn tell(seed: u64, count: u64, lie: Option<Lie>, figures: &mut Figures) {
    let story = Story::record(seed, lie).await;
    figures.count("acknowledged", story.acknowledged());
    figures.count("recorded", story.ops.len() as u64);
    let mut dice = Dice::new(seed);
    let mut points = story.points(count, &mut dice);
    points.sort_unstable();
    let mut model = story.start.clone();
    let mut at = 0;
    for point in points {
        for op in &story.ops[at..point] {
            model.step(op, &mut Dice::new(seed));
        }
        at = point;
        figures.count("points", 1);
        let problems = match dice.below(10) {
            0..3 => once(&story, &model, point, &mut dice, figures).await,
            3..6 => twice(&story, &model, point, &mut dice, figures).await,
            6 => after_a_move(&story, &model, point, &mut dice, figures).await,
            _ => after_a_kill(&story, &model, point, &mut dice, figures).await,
        };
        for problem in problems {
            let all = story.ops.len();
            figures.violation(format!(
                "story {seed:#x}, point {point} of {all}: {problem}"
            ));
        }
    }
}

fn sector(dice: &mut Dice) -> Sector {
    if dice.chance(50) {
        Sector::Small
    } else {
        Sector::Large
    }
}

/// The power goes.
async fn once(
    story: &Story,
    model: &Model,
    point: usize,
    dice: &mut Dice,
    figures: &mut Figures,
) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let image = model.after_power_loss(sector(dice), dice);
    image.write(folder.path()).unwrap();
    let mut problems = story.look_at_files(&image, point).await;
    let expected = story.expected(point);
    figures.count("checked", expected.entries.len() as u64);
    problems.extend(audit::audit(folder.path(), &expected).await);
    problems
}

/// The power goes, somebody starts the server and trades, and it goes again, perhaps while starting.
async fn twice(
    story: &Story,
    model: &Model,
    point: usize,
    dice: &mut Dice,
    figures: &mut Figures,
) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let image = model.after_power_loss(sector(dice), dice);
    image.write(folder.path()).unwrap();
    figures.count("second losses", 1);
    // What lies on the disk after a power loss is kept.
    let disk = Disk::watch(folder.path()).unwrap();
    again(story, disk, &folder, point, Beside::Everything, dice).await
}

/// The process ends, and everything it wrote stays readable, kept or not. It starts again, answers what
/// it finds, and then the power goes: what was answered must be kept, also where another process wrote
/// it.
async fn after_a_kill(
    story: &Story,
    model: &Model,
    point: usize,
    dice: &mut Dice,
    figures: &mut Figures,
) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    model.as_seen().write(folder.path()).unwrap();
    figures.count("kills before", 1);
    let disk = Disk::go_on(folder.path(), model.clone()).unwrap();
    again(story, disk, &folder, point, Beside::Nothing, dice).await
}

/// Everything is carried to a new folder, as `ordo move` and `ordo restore` do, which is served for the
/// first time when the power goes.
async fn after_a_move(
    story: &Story,
    model: &Model,
    point: usize,
    dice: &mut Dice,
    figures: &mut Figures,
) -> Vec<String> {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    model.as_seen().write(from.path()).unwrap();
    let mut source = match portable::dump_locked(from.path()) {
        Ok(source) => source,
        // Nobody had begun.
        Err(OpenError::Missing(_)) => return Vec::new(),
        Err(error) => return vec![error.to_string()],
    };
    let target = portable::fill(to.path(), false).unwrap();
    let carried = ordo_store::portable::carry(&mut *source, target, &mut |_, _| {}).await;
    if let Err(error) = carried {
        return vec![error.to_string()];
    }
    drop(source);
    figures.count("moves before", 1);
    let disk = Disk::watch(to.path()).unwrap();
    again(story, disk, &to, point, Beside::Everything, dice).await
}

/// A second life on the disk, whose power goes at some point of it.
async fn again(
    story: &Story,
    disk: Disk,
    folder: &tempfile::TempDir,
    point: usize,
    beside: Beside,
    dice: &mut Dice,
) -> Vec<String> {
    let before = story.expected(point);
    let opened = audit::open(folder.path(), &before, OPTIONS).await;
    let (store, mut log) = match opened {
        Ok(opened) => opened,
        Err(problem) => return vec![problem],
    };
    let mut entries: Vec<Entry> = Vec::new();
    if let Some(organization) = before.organization {
        let trade = Trade::over(store, organization, beside);
        for entry in story.under_way(point) {
            let (command, idempotency) = (entry.command.clone(), entry.idempotency);
            entries.push(trade.ask(&disk, command, idempotency).await);
        }
        let read = trade.log().await;
        trade.close().await;
        match read {
            Ok(read) => log = read,
            Err(error) => return vec![error.to_string()],
        }
    } else {
        drop(store);
    }
    let (start, ops) = disk.recorded();
    drop(disk);
    // At an answer, or anywhere.
    let answers: Vec<usize> = entries.iter().map(|entry| entry.at).collect();
    let second = if !answers.is_empty() && dice.chance(60) {
        answers[dice.below(answers.len() as u64) as usize]
    } else {
        dice.below(ops.len() as u64 + 1) as usize
    };
    let mut model = start;
    for op in &ops[..second] {
        model.step(op, dice);
    }
    let place = tempfile::tempdir().unwrap();
    let image = model.after_power_loss(sector(dice), dice);
    image.write(place.path()).unwrap();
    let answered = entries.iter().filter(|entry| entry.at <= second);
    let expected = Expected {
        organization: before.organization,
        entries: before.entries.iter().copied().chain(answered).collect(),
        log: &log,
    };
    let problems = audit::audit(place.path(), &expected).await;
    let told = |problem| format!("second loss at {second} of {}: {problem}", ops.len());
    problems.into_iter().map(told).collect()
}
