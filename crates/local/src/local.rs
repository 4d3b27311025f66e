//! The embedded log as its user sees it: open it, and take seams from it.

use std::{fs::File, path::Path, sync::Arc, thread::JoinHandle};

use crossbeam_channel::Receiver;
use ombud_stream::{Clock, Delivery, Reader, Readiness, Start, TopicPartition};

use crate::{
    board::Board,
    bodies,
    cases::LocalCases,
    desk::LocalDesk,
    digest,
    disk::Disk,
    error::{LocalError, sql},
    file, folder,
    gap::AcceptedGap,
    gaps::Gaps,
    heads::heads,
    inspect::{self, FolderState},
    loss::Loss,
    marks::{Mark, Marks},
    member::LocalMember,
    options::{LogLimits, Options},
    queue::Queue,
    reader::LocalReader,
    shared::Shared,
    sink::LocalSink,
    topics::Topics,
    writer::Writer,
};

/// One topic and the ends of its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicEnds {
    /// Its name.
    pub topic: Arc<str>,
    /// The offset after the last record, by partition number.
    pub ends: Vec<i64>,
    /// Offsets below that hold no record, because a repair gave them up.
    pub lost: i64,
}

impl TopicEnds {
    /// How many records the topic holds.
    pub fn records(&self) -> i64 {
        self.ends.iter().sum::<i64>() - self.lost
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
    /// Another process has it, it holds less than it had acknowledged, it is newer than this build, a topic has another
    /// partition count, or the file system refuses.
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Self, LocalError> {
        let dir = dir.as_ref();
        let lock = folder::lock(dir)?;
        let path = folder::path(dir);
        let (mut connection, held) = match inspect::inspect(dir)? {
            FolderState::New => (file::open(&path)?, Mark::default()),
            FolderState::Whole(connection, held) => (connection, held),
            FolderState::Lost(loss) => return Err(LocalError::Lost { dir: dir.into(), loss }),
        };
        // Before the file says that it has marks: a process that dies in between leaves a folder that opens.
        Marks::begin(dir, &held)?;
        file::prepare(&mut connection, &path)?;
        let topics = create_topics(&mut connection, &options)?;
        let gaps = Gaps::read(&connection, &topics)?;
        let heads = heads(&connection, &gaps, topics.partition_count());
        let heads = heads.map_err(sql("read where partitions end"))?;
        let marks = Marks::begin(dir, &Mark::of(held.commit, &topics, &heads))?;
        let limits = options.limits;
        let shared = Arc::new(Shared {
            board: Board::new(heads.iter().map(|head| head.end).collect()),
            queue: Queue::new(limits.queue_len, limits.queue_bytes),
            path,
            topics,
            gaps,
            limits,
            live: true,
            digest: digest::column(&connection)?,
            body: bodies::column(&connection)?,
            disk: Disk::default(),
        });
        let (clock, commit) = (options.clock, held.commit);
        let writer = Writer { connection, heads, commit, marks, clock, shared: Arc::clone(&shared) };
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
        let path = folder::path(dir.as_ref());
        let connection = file::open_to_read(&path)?;
        let (digest, body) = (digest::column(&connection)?, bodies::column(&connection)?);
        let topics = Topics::read(&connection)?;
        let gaps = Gaps::read(&connection, &topics)?;
        let queue = Queue::new(0, 0);
        queue.close();
        let board = Board::new(Vec::new());
        let (limits, disk) = (LogLimits::default(), Disk::default());
        let shared = Shared { path, topics, gaps, limits, board, queue, live: false, digest, body, disk };
        Ok(LocalView { shared: Arc::new(shared) })
    }

    /// What the log in `dir` has lost of what it had acknowledged; also beside the process that writes it. Nothing is lost of
    /// a log that was never there.
    ///
    /// # Errors
    /// Nobody can say: the folder can't be read, or the log is newer than this build.
    pub fn loss(dir: impl AsRef<Path>) -> Result<Option<Loss>, LocalError> {
        Ok(match inspect::inspect(dir.as_ref())? {
            FolderState::New | FolderState::Whole(..) => None,
            FolderState::Lost(loss) => Some(loss),
        })
    }

    /// Whether opening the log in `dir` begins a new one.
    ///
    /// # Errors
    /// As for [`Local::loss`].
    pub fn is_new(dir: impl AsRef<Path>) -> Result<bool, LocalError> {
        Ok(matches!(inspect::inspect(dir.as_ref())?, FolderState::New))
    }

    /// Takes the folder, as [`Local::open`] does, for as long as the file is held.
    ///
    /// # Errors
    /// Another process has it, or the file system refuses.
    pub fn hold(dir: impl AsRef<Path>) -> Result<File, LocalError> {
        folder::lock(dir.as_ref())
    }

    /// A sink with at most `capacity` records in flight, and the channel on which their deliveries come. Where the disk is full
    /// they fail at once: for a sender that somebody waits for. [`LocalSink::patient`] is for the others.
    pub fn sink<T: Send + 'static>(&self, capacity: usize) -> (LocalSink<T>, Receiver<Delivery<T>>) {
        let capacity = capacity.max(1);
        let (deliveries, receiver) = crossbeam_channel::bounded(capacity);
        (LocalSink::new(Arc::clone(&self.view.shared), deliveries, capacity), receiver)
    }

    /// Shows in `readiness` while the disk is full.
    pub fn report_full_disk(&self, readiness: &Readiness) {
        self.view.shared.disk.report_to(readiness);
    }

    /// A new member of `group` over `topics`.
    ///
    /// # Errors
    /// A topic doesn't exist, or the file can't be opened.
    pub fn member(&self, group: &str, topics: &[&str], start: Start) -> Result<LocalMember, LocalError> {
        LocalMember::join(Arc::clone(&self.view.shared), group, topics, start)
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
    pub(crate) shared: Arc<Shared>,
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

    /// The desk of this folder, which lies in a file of its own and may be written beside the process that writes the log.
    ///
    /// # Errors
    /// As [`LocalDesk::open`].
    pub fn desk(&self, clock: Arc<dyn Clock>) -> Result<LocalDesk, LocalError> {
        LocalDesk::open(self.folder(), clock)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.shared.path.parent().unwrap_or(Path::new(""))
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
            let gaps = self.gaps().filter(|accepted| accepted.gap.partition.topic == *topic);
            let lost: i64 = gaps.map(|accepted| accepted.gap.to - accepted.gap.from).sum();
            topics.push(TopicEnds { topic: Arc::clone(topic), ends, lost });
        }
        Ok(topics)
    }

    /// What repairs gave up, the oldest first.
    pub fn gaps(&self) -> impl Iterator<Item = &AcceptedGap> {
        self.shared.gaps.iter()
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
