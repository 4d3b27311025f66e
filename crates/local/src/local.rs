//! The embedded log as its user sees it: open it, and take seams from it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

use crossbeam_channel::Receiver;
use ombud_stream::{Delivery, Outage, Reader, Readiness, Start, TopicPartition};

use crate::{
    board::Board,
    cases::LocalCases,
    digest,
    disk::Disk,
    error::{LocalError, sql},
    file::{self, Topics},
    member::Member,
    options::{Limits, Options},
    queue::Queue,
    reader::LocalReader,
    sink::LocalSink,
    writer::{Change, Writer},
};

/// What the threads of one opening share.
pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) topics: Topics,
    pub(crate) limits: Limits,
    pub(crate) board: Board,
    pub(crate) queue: Queue<Change>,
    /// The writer is in this process, so that the board is true.
    pub(crate) live: bool,
    /// What a query says for a row's digest.
    pub(crate) digest: &'static str,
    /// Whether there is room for more.
    pub(crate) disk: Disk,
}

impl Shared {
    /// The id of a partition; asking for one that doesn't exist is a mistake that retrying won't mend.
    pub(crate) fn id(&self, partition: &TopicPartition) -> Result<usize, Outage> {
        let unknown = || Outage::fatal(format!("find {partition}"), "the log has no such partition");
        self.topics.id(partition).ok_or_else(unknown)
    }
}

/// One topic and the ends of its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicEnds {
    /// Its name.
    pub topic: Arc<str>,
    /// The offset after the last record, by partition number.
    pub ends: Vec<i64>,
}

impl TopicEnds {
    /// How many records the topic holds.
    pub fn records(&self) -> i64 {
        self.ends.iter().sum()
    }
}

/// The log of a folder, open for writing. Dropping it makes durable what was sent, and lets go of the folder;
/// sinks and members that are left then refuse.
pub struct Local {
    view: LocalView,
    writer: Option<JoinHandle<()>>,
    /// Held for as long as the log is open.
    _lock: File,
}

impl Local {
    /// Opens the log in `dir`, creating folder, file and topics where they are missing.
    ///
    /// # Errors
    /// Another process has it, it is newer than this build, a topic has another partition count, or the file
    /// system refuses.
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Self, LocalError> {
        let dir = dir.as_ref();
        let lock = file::lock(dir)?;
        let path = file::path(dir);
        let mut connection = file::open_to_write(&path)?;
        let topics = create_topics(&mut connection, &options)?;
        let heads =
            file::heads(&connection, topics.partition_count()).map_err(sql("read where partitions end"))?;
        let limits = options.limits;
        let shared = Arc::new(Shared {
            board: Board::new(heads.iter().map(|head| head.end).collect()),
            queue: Queue::new(limits.queue_len, limits.queue_bytes),
            path,
            topics,
            limits,
            live: true,
            digest: digest::column(&connection)?,
            disk: Disk::default(),
        });
        let writer = Writer { connection, heads, clock: options.clock, shared: Arc::clone(&shared) };
        let thread = std::thread::Builder::new().name("log-writer".into()).spawn(|| writer.run());
        let thread =
            thread.map_err(|cause| LocalError::Io { action: "start the log's writer".into(), cause })?;
        Ok(Self { view: LocalView { shared }, writer: Some(thread), _lock: lock })
    }

    /// Opens the log in `dir` for reading only, beside the process that writes it or after it.
    ///
    /// # Errors
    /// There is none yet, it is newer than this build, or the file system refuses.
    pub fn open_read_only(dir: impl AsRef<Path>) -> Result<LocalView, LocalError> {
        let path = file::path(dir.as_ref());
        let connection = file::open_to_read(&path)?;
        let (topics, digest) = (Topics::read(&connection)?, digest::column(&connection)?);
        let queue = Queue::new(0, 0);
        queue.close();
        let board = Board::new(Vec::new());
        let limits = Limits::default();
        let disk = Disk::default();
        let shared = Shared { path, topics, limits, board, queue, live: false, digest, disk };
        Ok(LocalView { shared: Arc::new(shared) })
    }

    /// A sink with at most `capacity` records in flight, and the channel on which their deliveries come. Where the disk is full
    /// they fail at once: for a sender that somebody waits for. [`LocalSink::patient`] is for the others.
    pub fn sink<T: Send + 'static>(&self, capacity: usize) -> (LocalSink<T>, Receiver<Delivery<T>>) {
        let capacity = capacity.max(1);
        let (deliveries, receiver) = crossbeam_channel::bounded(capacity);
        (LocalSink::new(Arc::clone(&self.view.shared), deliveries, capacity), receiver)
    }

    /// Says by `readiness` while the disk is full.
    pub fn tell(&self, readiness: &Readiness) {
        self.view.shared.disk.tell(readiness);
    }

    /// A new member of `group` over `topics`.
    ///
    /// # Errors
    /// A topic doesn't exist, or the file can't be opened.
    pub fn member(&self, group: &str, topics: &[&str], start: Start) -> Result<Member, LocalError> {
        Member::join(Arc::clone(&self.view.shared), group, topics, start)
    }

    /// What can be read of it.
    pub fn view(&self) -> LocalView {
        self.view.clone()
    }

    /// See [`LocalView::reader`].
    ///
    /// # Errors
    /// The file can't be opened.
    pub fn reader(&self) -> Result<LocalReader, LocalError> {
        self.view.reader()
    }

    /// The cases of this folder.
    ///
    /// # Errors
    /// The file can't be opened.
    pub fn cases(&self) -> Result<LocalCases, LocalError> {
        self.view.cases()
    }

    /// See [`LocalView::topics`].
    ///
    /// # Errors
    /// The file can't be read.
    pub fn topics(&self) -> Result<Vec<TopicEnds>, LocalError> {
        self.view.topics()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.view.shared.queue.close();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the log's writer panicked");
        }
    }
}

/// A log that is only read; it may be growing under another process's hands. A cheap handle.
#[derive(Clone)]
pub struct LocalView {
    shared: Arc<Shared>,
}

impl LocalView {
    /// A reader of any partition.
    ///
    /// # Errors
    /// The file can't be opened.
    pub fn reader(&self) -> Result<LocalReader, LocalError> {
        LocalReader::new(Arc::clone(&self.shared))
    }

    /// The cases of this folder; writing them is refused.
    ///
    /// # Errors
    /// The file can't be opened.
    pub fn cases(&self) -> Result<LocalCases, LocalError> {
        LocalCases::new(Arc::clone(&self.shared))
    }

    /// All topics by name, and how far they go.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn topics(&self) -> Result<Vec<TopicEnds>, LocalError> {
        let mut reader = self.reader()?;
        let mut topics = Vec::new();
        for (topic, count) in self.shared.topics.iter() {
            let end = |number| reader.end(&TopicPartition::new(Arc::clone(topic), number));
            let ends = (0..count).map(end).collect::<Result<_, _>>().map_err(LocalError::Unreadable)?;
            topics.push(TopicEnds { topic: Arc::clone(topic), ends });
        }
        Ok(topics)
    }
}

fn create_topics(connection: &mut rusqlite::Connection, options: &Options) -> Result<Topics, LocalError> {
    let mut topics = Topics::read(connection)?;
    let transaction = connection.transaction().map_err(sql("create topics"))?;
    for (topic, partitions) in &options.topics {
        topics.ensure(&transaction, topic, *partitions)?;
    }
    transaction.commit().map_err(sql("create topics"))?;
    Ok(topics)
}
