//! The store: hands every call to the thread whose it is, and waits without blocking.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use ordo_domain::contact::Contact;
use ordo_domain::event::SubjectRef;
use ordo_domain::id::{BatchId, ContactId, DecisionId, OrganizationId, ReservationId, SkuId};
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::stock::CellKey;
use ordo_domain::time::Timestamp;
use ordo_domain::world::{Key, Row, StoredRecord};
use ordo_store::{
    AnswerKey, Commit, CommitError, Committed, Count, FoundKey, Head, LedgerFilter, LedgerLine,
    LedgerPlace, LogEntry, OrderFilter, OrderRow, OrderSort, Page, Query, Rollup, RollupFilter,
    RollupKey, SignalPlace, StockRow, Store, StoreError, StoredAnswer, ViewWrite, WorkFilter,
    points,
};
use tokio::sync::oneshot;

use crate::commit::Batch;
use crate::error::{Fault, OpenError};
use crate::folder::{self, DATABASE_FILE, Options};
use crate::health::Health;
use crate::queue::Lane;
use crate::threads::{ReadCall, Reader, Threads, Writing};
use crate::writer::{Job, Writer};
use crate::{backup, checkpoint, erase, lists, load, log, orders, prune, view};

/// State and log in the file `ordo.db` of a folder.
///
/// Dropping it lets the threads finish what they were asked for, which may take as long as a commit.
pub struct SqliteStore {
    dir: PathBuf,
    options: Options,
    reading: Threads<ReadCall>,
    /// Absent where the folder was opened for reading. Closed after the readers: whoever closes the
    /// file last empties the WAL into it, which those who only read cannot.
    writing: Option<Writing>,
    health: Arc<Health>,
    /// Released last, when no thread of ours touches the files any more.
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the folder for serving, making it where it is not there. It stays locked until the store
    /// is dropped.
    ///
    /// # Errors
    /// `InUse` where another process serves it; see [`OpenError`] for the rest. Nothing is repaired.
    pub fn open(dir: &Path, options: Options) -> Result<Self, OpenError> {
        folder::check_library()?;
        let lock = folder::lock(dir)?;
        let conn = folder::open_writer(dir, &options)?;
        let copier = folder::open_copier(dir)?;
        let health = Arc::new(Health::default());
        Ok(Self {
            writing: Some(
                Writing::start(conn, copier, &health, options.wal_kib)
                    .map_err(|error| error.in_file(&dir.join(DATABASE_FILE)))?,
            ),
            health,
            reading: readers(dir, &options)?,
            dir: dir.to_owned(),
            options,
            _lock: Some(lock),
        })
    }

    /// Opens the folder for reading, beside the process that serves it or without one. Each call reads
    /// a snapshot; what writes answers [`StoreError::Unsupported`].
    ///
    /// # Errors
    /// `Missing` where there is no database; see [`OpenError`] for the rest.
    pub fn open_reader(dir: &Path, options: Options) -> Result<Self, OpenError> {
        folder::check_library()?;
        Ok(Self {
            writing: None,
            health: Arc::default(),
            reading: readers(dir, &options)?,
            dir: dir.to_owned(),
            options,
            _lock: None,
        })
    }

    /// Looks through the whole file for damage (`PRAGMA quick_check`), in a thread of its own. Answers
    /// what it found, at most 100 lines; nothing where all is well. Takes seconds per gigabyte.
    ///
    /// # Errors
    /// Where the file cannot be read at all.
    pub async fn check_integrity(&self) -> Result<Vec<String>, StoreError> {
        let (dir, options) = (self.dir.clone(), self.options);
        apart(move || {
            let conn = folder::open_reader(&dir, &options).map_err(unavailable)?;
            let found = folder::quick_check(&conn).map_err(StoreError::from)?;
            Ok(found)
        })
        .await
    }

    /// Copies the database as it is now to a new file at `path`, while everything goes on. The file
    /// can be opened as the `ordo.db` of another folder.
    ///
    /// # Errors
    /// Where something is at `path` already or the file cannot be written.
    pub async fn backup_to(&self, path: &Path) -> Result<(), StoreError> {
        let (dir, options, path) = (self.dir.clone(), self.options, path.to_owned());
        apart(move || {
            let conn = folder::open_reader(&dir, &options).map_err(unavailable)?;
            backup::copy(&conn, &path).map_err(|fault| match fault {
                backup::BackupFault::Store(fault) => fault.into(),
                other => unavailable(other),
            })
        })
        .await
    }

    /// Asks a reading thread.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        // Somebody must look at it and start it again, and readiness is asked by reading.
        self.health.check()?;
        let (answer, answered) = oneshot::channel();
        let call: ReadCall = Box::new(move |reader| {
            // Nobody listens where the caller gave up waiting.
            let _ = answer.send(reader.within(call));
        });
        self.reading.queue.push(Lane::First, call);
        Ok(answered.await.map_err(|_| gone())??)
    }

    /// Asks the writing thread.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        lane: Lane,
        call: impl FnOnce(&mut Writer) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let writing = self.writing.as_ref().ok_or(READ_ONLY)?;
        self.health.check()?;
        let (answer, answered) = oneshot::channel();
        let call = Box::new(move |writer: &mut Writer| {
            let _ = answer.send(call(writer));
        });
        writing.writer.queue.push(lane, Job::Call(call));
        Ok(answered.await.map_err(|_| gone())??)
    }
}

fn readers(dir: &Path, options: &Options) -> Result<Threads<ReadCall>, OpenError> {
    let connections = (0..options.readers.max(1))
        .map(|_| folder::open_reader(dir, options))
        .collect::<Result<_, _>>()?;
    Threads::reading(connections)
}

/// Runs what may take long in a thread of its own.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, answered) = oneshot::channel();
    thread::Builder::new()
        .name("ordo-store-apart".to_owned())
        .spawn(move || {
            let _ = answer.send(work());
        })
        .map_err(unavailable)?;
    answered.await.map_err(|_| gone())?
}

const READ_ONLY: StoreError =
    StoreError::Unsupported("the folder was opened for reading, and this writes");

fn gone() -> StoreError {
    StoreError::Unavailable("the store's thread gave no answer".to_owned())
}

fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

#[async_trait]
impl Store for SqliteStore {
    async fn load(
        &self,
        organization: OrganizationId,
        keys: &[Key],
    ) -> Result<Vec<Row>, StoreError> {
        let keys = keys.to_vec();
        if self.writing.is_none() {
            return self
                .read(move |reader| {
                    let number = reader.number(organization)?;
                    load::load(&reader.conn, None, number, keys)
                })
                .await;
        }
        self.write(Lane::First, move |writer| {
            let number = writer.number(organization);
            writer.reading(|conn, kept| load::load(conn, Some(kept), number, keys))
        })
        .await
    }

    async fn load_reference(&self, organization: OrganizationId) -> Result<Reference, StoreError> {
        let (reference, parts) = self
            .read(move |reader| {
                let number = reader.number(organization)?;
                load::reference(&reader.conn, number)
            })
            .await?;
        Ok(reference.with_gazetteer(points::gazetteer(&parts)?))
    }

    async fn save_points(
        &self,
        organization: OrganizationId,
        parts: &[String],
    ) -> Result<(), StoreError> {
        let parts = parts.to_vec();
        self.write(Lane::Second, move |writer| {
            writer.save_points(organization, &parts)
        })
        .await
    }

    async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
        let writing = self.writing.as_ref().ok_or(READ_ONLY)?;
        let batch = Box::new(Batch::of(commit)?);
        let (answer, answered) = oneshot::channel();
        writing
            .writer
            .queue
            .push(Lane::Commit, Job::Commit(batch, answer));
        answered
            .await
            .map_err(|_| CommitError::Unknown(gone().to_string()))?
    }

    async fn resolve(
        &self,
        organization: OrganizationId,
        batch: BatchId,
    ) -> Result<Option<Committed>, StoreError> {
        self.write(Lane::First, move |writer| {
            writer.resolve(organization, batch)
        })
        .await
    }

    async fn answers(
        &self,
        organization: OrganizationId,
        keys: &[AnswerKey],
    ) -> Result<Vec<Option<StoredAnswer>>, StoreError> {
        let keys = keys.to_vec();
        self.read(move |reader| {
            let number = reader.number(organization)?;
            load::answers(&reader.conn, number, &keys)
        })
        .await
    }

    async fn drop_answers(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.write(Lane::Second, move |writer| {
            writer.within(|writer| load::drop_answers(&writer.conn, until, limit))
        })
        .await
    }

    async fn drop_batches(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.write(Lane::Second, move |writer| {
            writer.within(|writer| prune::batches(&writer.conn, until, limit))
        })
        .await
    }

    async fn drop_signals(
        &self,
        until: Timestamp,
        from: Option<SignalPlace>,
        limit: usize,
    ) -> Result<Option<SignalPlace>, StoreError> {
        self.write(Lane::Second, move |writer| {
            writer.within(|writer| prune::signals(&writer.conn, until, from, limit))
        })
        .await
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        self.write(Lane::Second, |writer| {
            writer.within(|writer| erase::rewrite_contacts(&writer.conn))
        })
        .await?;
        // On a connection of its own: it may wait for readers, and the writer goes on meanwhile.
        let (dir, health) = (self.dir.clone(), Arc::clone(&self.health));
        apart(move || {
            let conn = folder::open_copier(&dir).map_err(unavailable)?;
            let emptied = health.copy(|| erase::empty_wal(&conn));
            checkpoint::leave(&conn, &health);
            Ok(emptied?)
        })
        .await?;
        self.write(Lane::Second, |writer| {
            writer.within(|writer| erase::keep_cut(&writer.conn))
        })
        .await
    }

    async fn read_log(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            log::read(&reader.conn, number, after, limit)
        })
        .await
    }

    async fn head(&self, organization: OrganizationId) -> Result<Head, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            log::head(&reader.conn, number)
        })
        .await
    }

    async fn cursor(
        &self,
        organization: OrganizationId,
        consumer: &str,
    ) -> Result<i64, StoreError> {
        let consumer = consumer.to_owned();
        self.read(move |reader| {
            let number = reader.number(organization)?;
            log::cursor(&reader.conn, number, &consumer)
        })
        .await
    }

    async fn save_view(&self, write: &ViewWrite) -> Result<bool, StoreError> {
        let write = write.clone();
        self.write(Lane::Second, move |writer| view::save(writer, &write))
            .await
    }

    async fn contacts(
        &self,
        organization: OrganizationId,
        ids: &[ContactId],
    ) -> Result<Vec<Contact>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |reader| {
            let number = reader.number(organization)?;
            log::contacts(&reader.conn, number, &ids)
        })
        .await
    }

    async fn decision(
        &self,
        organization: OrganizationId,
        id: DecisionId,
    ) -> Result<Option<String>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            log::decision(&reader.conn, number, id)
        })
        .await
    }

    async fn due_reservations(
        &self,
        organization: OrganizationId,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ReservationId, Timestamp)>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            log::due_reservations(&reader.conn, number, until, limit)
        })
        .await
    }

    async fn find_key(&self, secret_hash: &[u8; 32]) -> Result<Option<FoundKey>, StoreError> {
        let secret_hash = *secret_hash;
        self.read(move |reader| log::find_key(&reader.conn, &secret_hash))
            .await
    }

    async fn organizations(&self) -> Result<Vec<(OrganizationId, String)>, StoreError> {
        self.read(|reader| log::organizations(&reader.conn)).await
    }
}

#[async_trait]
impl Query for SqliteStore {
    async fn list_orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        sort: OrderSort,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<OrderRow, i64>, StoreError> {
        let filter = filter.clone();
        self.read(move |reader| {
            let number = reader.number(organization)?;
            orders::list(&reader.conn, number, &filter, sort, after, limit)
        })
        .await
    }

    async fn count_orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        most: i64,
    ) -> Result<Count, StoreError> {
        let filter = filter.clone();
        self.read(move |reader| {
            let number = reader.number(organization)?;
            orders::count(&reader.conn, number, &filter, most)
        })
        .await
    }

    async fn list_stock(
        &self,
        organization: OrganizationId,
        sku: Option<SkuId>,
        after: Option<CellKey>,
        limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            lists::stock(&reader.conn, number, sku, after, limit)
        })
        .await
    }

    async fn list_records(
        &self,
        organization: OrganizationId,
        kind: RecordKind,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            lists::records(&reader.conn, number, kind, after, limit)
        })
        .await
    }

    async fn list_fulfillment_orders(
        &self,
        organization: OrganizationId,
        filter: WorkFilter,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            lists::work(&reader.conn, number, filter, after, limit)
        })
        .await
    }

    async fn events_about(
        &self,
        organization: OrganizationId,
        subjects: &[SubjectRef],
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let subjects = subjects.to_vec();
        self.read(move |reader| {
            let number = reader.number(organization)?;
            log::about(&reader.conn, number, &subjects, after, limit)
        })
        .await
    }

    async fn list_movements(
        &self,
        organization: OrganizationId,
        filter: LedgerFilter,
        after: Option<LedgerPlace>,
        limit: usize,
    ) -> Result<Page<LedgerLine, LedgerPlace>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            log::ledger(&reader.conn, number, filter, after, limit)
        })
        .await
    }

    async fn list_rollups(
        &self,
        organization: OrganizationId,
        filter: RollupFilter,
        after: Option<RollupKey>,
        limit: usize,
    ) -> Result<Page<Rollup, RollupKey>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            lists::rollups(&reader.conn, number, filter, after, limit)
        })
        .await
    }

    async fn list_shortfalls(
        &self,
        organization: OrganizationId,
        after: Option<CellKey>,
        limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            lists::shortfalls(&reader.conn, number, after, limit)
        })
        .await
    }
}
