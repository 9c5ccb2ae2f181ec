//! What a disk promises, and what it may do otherwise when the power goes.
//!
//! Promised: what was written to a file before a sync of it that succeeded; which files there are, as
//! of the last sync of their folder; bytes that nobody wrote since. Not promised: anything else. Each
//! write since the last sync is kept, lost, or kept in some of its sectors, whatever came of those
//! before and after it; a file may have grown without what was written there; a file that was made or
//! deleted may be there or not. A sync that fails promises nothing, and a later one that succeeds
//! says nothing of what was written before the failure.
//!
//! Assumed, as by SQLite itself on Linux: a write does not change bytes beside it, also where they
//! share a sector with it (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::dice::Dice;
use crate::record::Op;

/// The unit in which a disk keeps or loses parts of a write, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sector {
    /// 512 bytes.
    Small,
    /// 4,096 bytes.
    Large,
}

impl Sector {
    const fn bytes(self) -> u64 {
        match self {
            Self::Small => 512,
            Self::Large => 4_096,
        }
    }
}

/// The files of a folder by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image(pub BTreeMap<String, Vec<u8>>);

impl Image {
    /// Writes the files into a folder.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write(&self, dir: &Path) -> std::io::Result<()> {
        for (name, bytes) in &self.0 {
            std::fs::write(dir.join(name), bytes)?;
        }
        Ok(())
    }
}

/// The files of a folder as programs see them, and as far as they are kept.
#[derive(Debug, Clone, Default)]
pub struct Model {
    files: Vec<File>,
    /// As programs see them.
    names: BTreeMap<String, usize>,
    /// As they are kept.
    kept_names: BTreeMap<String, usize>,
    /// What became of names since the folder was synced, in order.
    renamed: Vec<(String, Option<usize>)>,
}

#[derive(Debug, Clone, Default)]
struct File {
    /// As programs see it.
    seen: Vec<u8>,
    /// As it is kept.
    kept: Vec<u8>,
    /// What was done since it was synced, in order.
    pending: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write { at: u64, bytes: Arc<[u8]> },
    Size(u64),
}

/// How a power loss treats what is not kept.
#[derive(Debug, Clone, Copy)]
enum Mood {
    /// Nothing of it stays: the disk had a cache.
    Loses,
    /// All of it stays: the power went a moment later.
    Keeps,
    /// Each change stays by this chance in a hundred, and may be torn.
    Mixes(u64),
}

impl Model {
    /// A file that is there and kept.
    pub fn keep(&mut self, name: &str, bytes: Vec<u8>) {
        let file = self.files.len();
        self.files.push(File {
            seen: bytes.clone(),
            kept: bytes,
            pending: Vec::new(),
        });
        self.names.insert(name.to_owned(), file);
        self.kept_names.insert(name.to_owned(), file);
    }

    pub(crate) fn names(&self) -> &BTreeMap<String, usize> {
        &self.names
    }

    pub(crate) fn files(&self) -> usize {
        self.files.len()
    }

    /// Goes on by one step. `dice` say what is lost where a sync failed.
    pub fn step(&mut self, op: &Op, dice: &mut Dice) {
        match op {
            Op::Create { file, name } => {
                if self.files.len() <= *file {
                    self.files.resize_with(*file + 1, File::default);
                }
                self.names.insert(name.clone(), *file);
                self.renamed.push((name.clone(), Some(*file)));
            }
            Op::Write { file, at, bytes } => self.files[*file].change(Change::Write {
                at: *at,
                bytes: Arc::clone(bytes),
            }),
            Op::Size { file, size } => self.files[*file].change(Change::Size(*size)),
            Op::Sync { file, with_folder } => {
                self.files[*file].sync();
                if *with_folder {
                    self.sync_folder();
                }
            }
            Op::SyncFailed { file } => {
                let mood = Mood::of(dice);
                self.files[*file].settle(mood, Sector::Large, dice);
            }
            Op::Delete { name, with_folder } => {
                self.names.remove(name);
                self.renamed.push((name.clone(), None));
                if *with_folder {
                    self.sync_folder();
                }
            }
        }
    }

    fn sync_folder(&mut self) {
        self.kept_names.clone_from(&self.names);
        self.renamed.clear();
    }

    /// The folder as it is after the programs ended and the machine went on.
    #[must_use]
    pub fn as_seen(&self) -> Image {
        let files = self.names.iter();
        Image(
            files
                .map(|(name, file)| (name.clone(), self.files[*file].seen.clone()))
                .collect(),
        )
    }

    /// The folder as it may be after a power loss.
    #[must_use]
    pub fn after_power_loss(&self, sector: Sector, dice: &mut Dice) -> Image {
        let mood = Mood::of(dice);
        let mut names = self.kept_names.clone();
        let mut lost: BTreeMap<&str, ()> = BTreeMap::new();
        for (name, file) in &self.renamed {
            // Per name what came first stays first; one that was lost takes along what came later.
            if lost.contains_key(name.as_str()) {
                continue;
            }
            if !mood.keeps(dice) {
                lost.insert(name, ());
                continue;
            }
            match file {
                Some(file) => names.insert(name.clone(), *file),
                None => names.remove(name),
            };
        }
        let files = names.into_iter().map(|(name, file)| {
            let mut file = self.files[file].clone();
            file.settle(mood, sector, dice);
            (name, file.kept)
        });
        Image(files.collect())
    }
}

impl Mood {
    fn of(dice: &mut Dice) -> Self {
        match dice.below(8) {
            0 => Self::Loses,
            1 => Self::Keeps,
            2 | 3 => Self::Mixes(90),
            4 | 5 => Self::Mixes(50),
            _ => Self::Mixes(10),
        }
    }

    fn keeps(self, dice: &mut Dice) -> bool {
        match self {
            Self::Loses => false,
            Self::Keeps => true,
            Self::Mixes(percent) => dice.chance(percent),
        }
    }
}

impl File {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.pending.push(change);
    }

    fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.kept);
        }
    }

    /// Decides what is kept of what is not synced.
    fn settle(&mut self, mood: Mood, sector: Sector, dice: &mut Dice) {
        for change in std::mem::take(&mut self.pending) {
            let is_torn = matches!(mood, Mood::Mixes(_)) && dice.chance(20);
            match &change {
                Change::Write { at, bytes } if is_torn => {
                    for (from, piece) in sectors(*at, bytes, sector.bytes()) {
                        if dice.chance(50) {
                            put(&mut self.kept, from, piece);
                        }
                    }
                }
                Change::Write { .. } | Change::Size(_) => {
                    if mood.keeps(dice) {
                        change.apply(&mut self.kept);
                    }
                }
            }
        }
        // The size may be kept where what was written is not: zeros stand there then.
        if matches!(mood, Mood::Mixes(_)) && self.kept.len() < self.seen.len() && dice.chance(25) {
            self.kept.resize(self.seen.len(), 0);
        }
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes: written } => put(bytes, *at, written),
            Self::Size(size) => bytes.resize(place(*size), 0),
        }
    }
}

fn put(bytes: &mut Vec<u8>, at: u64, written: &[u8]) {
    let (from, to) = (place(at), place(at) + written.len());
    if bytes.len() < to {
        bytes.resize(to, 0);
    }
    bytes[from..to].copy_from_slice(written);
}

/// Cuts a write where sectors meet.
fn sectors(at: u64, bytes: &[u8], sector: u64) -> Vec<(u64, &[u8])> {
    let mut pieces = Vec::new();
    let (mut at, mut rest) = (at, bytes);
    while !rest.is_empty() {
        let room = place(sector - at % sector);
        let (piece, after) = rest.split_at(room.min(rest.len()));
        pieces.push((at, piece));
        at += piece.len() as u64;
        rest = after;
    }
    pieces
}

fn place(at: u64) -> usize {
    usize::try_from(at).expect("files of proofs fit into memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(at: u64, bytes: &[u8]) -> Op {
        Op::Write {
            file: 0,
            at,
            bytes: bytes.into(),
        }
    }

    const SYNC: Op = Op::Sync {
        file: 0,
        with_folder: true,
    };

    fn model(ops: &[Op]) -> Model {
        let mut model = Model::default();
        let create = Op::Create {
            file: 0,
            name: "f".to_owned(),
        };
        let mut dice = Dice::new(1);
        model.step(&create, &mut dice);
        for op in ops {
            model.step(op, &mut dice);
        }
        model
    }

    fn losses(model: &Model) -> Vec<Image> {
        (0..200)
            .map(|seed| model.after_power_loss(Sector::Small, &mut Dice::new(seed)))
            .collect()
    }

    #[test]
    fn what_was_synced_stays_and_what_was_not_stays_lost_or_torn() {
        let old = [1_u8; 2_048];
        let model = model(&[write(0, &old), SYNC, write(512, &[2; 1_024])]);
        let images = losses(&model);
        let files: Vec<&Vec<u8>> = images.iter().map(|image| &image.0["f"]).collect();
        for file in &files {
            assert_eq!(file.len(), 2_048);
            assert!(
                file[..512]
                    .iter()
                    .chain(&file[1_536..])
                    .all(|byte| *byte == 1)
            );
            for sector in [&file[512..1_024], &file[1_024..1_536]] {
                assert!(sector.iter().all(|byte| *byte == sector[0]));
            }
        }
        let seen = |first: u8, second: u8| {
            let is = |file: &&&Vec<u8>| (file[512], file[1_024]) == (first, second);
            files.iter().filter(is).count()
        };
        assert!(seen(1, 1) > 0 && seen(2, 2) > 0 && seen(1, 2) > 0 && seen(2, 1) > 0);
        assert_eq!(model.as_seen().0["f"][512], 2);
    }

    #[test]
    fn a_file_that_was_made_may_be_gone_until_its_folder_is_synced() {
        let images = losses(&model(&[write(0, b"new")]));
        assert!(images.iter().any(|image| image.0.is_empty()));
        assert!(images.iter().any(|image| !image.0.is_empty()));
        let images = losses(&model(&[write(0, b"new"), SYNC]));
        assert!(images.iter().all(|image| image.0["f"] == b"new"));
    }

    #[test]
    fn a_file_that_was_deleted_may_come_back() {
        let delete = |with_folder| Op::Delete {
            name: "f".to_owned(),
            with_folder,
        };
        let images = losses(&model(&[write(0, b"old"), SYNC, delete(false)]));
        assert!(images.iter().any(|image| image.0.is_empty()));
        assert!(images.iter().any(|image| !image.0.is_empty()));
        let images = losses(&model(&[write(0, b"old"), SYNC, delete(true)]));
        assert!(images.iter().all(|image| image.0.is_empty()));
    }

    #[test]
    fn a_sync_after_one_that_failed_says_nothing_of_what_was_written_before() {
        let mut lost = 0;
        for seed in 0..100 {
            let mut model = model(&[write(0, b"old"), SYNC, write(0, b"new")]);
            model.step(&Op::SyncFailed { file: 0 }, &mut Dice::new(seed));
            model.step(&SYNC, &mut Dice::new(seed));
            let image = model.after_power_loss(Sector::Small, &mut Dice::new(seed));
            assert_eq!(model.as_seen().0["f"], b"new");
            lost += usize::from(image.0["f"] == b"old");
        }
        assert!(0 < lost && lost < 100, "{lost}");
    }

    #[test]
    fn a_file_may_have_grown_without_what_was_written() {
        let images = losses(&model(&[write(0, &[1; 512]), SYNC, write(512, &[2; 512])]));
        let grown = |image: &&Image| image.0["f"].len() == 1_024 && image.0["f"][512] == 0;
        assert!(images.iter().any(|image| grown(&image)));
    }
}
