//! A mirror of the hub on this machine: one model's folder, as the hub's clients ask for it.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use anyhow::{Context, Result};
use serde_json::json;

/// The commit that every revision of it is.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// `OWNER/NAME` out of a folder; nobody listens any more when it is dropped.
pub struct Mirror {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

/// What is served.
struct Shelf {
    id: String,
    folder: PathBuf,
}

impl Mirror {
    /// Serves the files of `folder` as the model `id`, under every revision.
    ///
    /// # Errors
    /// No port is to be had.
    pub fn of(id: &str, folder: &Path) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (asked, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let shelf = Shelf { id: id.to_owned(), folder: folder.to_owned() };
        let (kept, ends) = (Arc::clone(&asked), Arc::clone(&over));
        let serving = thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                // A client that hangs up has had enough.
                let _ = stream.map_err(Into::into).and_then(|stream| shelf.answer(stream, &kept));
            }
        });
        Ok(Self { address, asked, over, serving: Some(serving) })
    }

    /// What `HF_ENDPOINT` is set to.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often `file` was fetched, whole or in part.
    pub fn fetched(&self, file: &str) -> usize {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|path| path.ends_with(&format!("/resolve/{COMMIT}/{file}"))).count()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes it; where that fails nobody listens already.
        let _ = TcpStream::connect(self.address);
        let _ = self.serving.take().map(JoinHandle::join);
    }
}

impl Shelf {
    fn answer(&self, mut stream: TcpStream, asked: &Mutex<Vec<String>>) -> Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request = lines.next().context("a request")??;
        let path = request.split(' ').nth(1).context("its path")?.to_owned();
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        let mut range = None;
        for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
            let header = line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("range"));
            range = header.map(|(_, bytes)| bytes.trim_start_matches("bytes=").to_owned()).or(range);
        }
        let mut reply = |status: &str, headers: &str, body: &[u8]| -> Result<()> {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
            );
            stream.write_all(head.as_bytes())?;
            Ok(stream.write_all(body)?)
        };
        if path.starts_with(&format!("/api/models/{}/revision/", self.id)) {
            let siblings = self.names()?.into_iter().map(|name| json!({ "rfilename": name }));
            let body = json!({ "sha": COMMIT, "siblings": siblings.collect::<Vec<_>>() }).to_string();
            return reply("200 OK", "Content-Type: application/json\r\n", body.as_bytes());
        }
        let named = path.strip_prefix(&format!("/{}/resolve/{COMMIT}/", self.id));
        let Some(name) =
            named.filter(|name| self.names().is_ok_and(|names| names.iter().any(|one| one == name)))
        else {
            return reply("404 Not Found", "", b"");
        };
        let content = fs::read(self.folder.join(name))?;
        let (from, to) = range.as_deref().and_then(|range| range.split_once('-')).unwrap_or(("0", ""));
        let from = from.parse::<usize>()?.min(content.len());
        let to = to.parse::<usize>().map_or(content.len(), |last| (last + 1).min(content.len()));
        // Any tag does that no other content has.
        let tag = name.replace('.', "-");
        let headers = format!(
            "ETag: \"{tag}-{}\"\r\nX-Repo-Commit: {COMMIT}\r\nContent-Range: bytes {from}-{}/{}\r\n",
            content.len(),
            to.max(1) - 1,
            content.len()
        );
        reply("206 Partial Content", &headers, &content[from..to])
    }

    fn names(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.folder)?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }
}
