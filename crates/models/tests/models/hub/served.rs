//! A hub on this machine, with one model: what it answers, and what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use ombud_models::{Hub, HubTimeouts};
use sha2::{Digest, Sha256};

pub(super) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub(super) const WEIGHTS: &[u8] = b"eight bytes and some more";

/// A hub with one model, `bank/triage`, whose files are these; what is asked of it is kept.
pub(super) struct Served {
    pub(super) endpoint: String,
    pub(super) asked: Arc<Mutex<Vec<String>>>,
}

/// Which requests it answers.
#[derive(Clone, Default)]
pub(super) struct Rules {
    /// Only those who show it are let in.
    pub(super) token: Option<&'static str>,
    /// Names the weights by another content's SHA-256.
    pub(super) damages: bool,
    /// Hangs up in the middle of what it sends of a file.
    pub(super) breaks: bool,
    /// Sends each file twice, and says that it has it once.
    pub(super) overflows: bool,
    /// Tags every file so, in place of its SHA-256.
    pub(super) etag: Option<&'static str>,
    /// Says that every revision and every file is of this commit.
    pub(super) commit: Option<&'static str>,
}

pub(super) fn serve(files: &[(&'static str, &'static [u8])], rules: Rules) -> Served {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let files: BTreeMap<&'static str, &'static [u8]> = files.iter().copied().collect();
    let kept = Arc::clone(&asked);
    // Ends with the process of the test.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = answer(stream.unwrap(), &files, &rules, &kept);
        }
    });
    Served { endpoint, asked }
}

fn answer(
    mut stream: TcpStream,
    files: &BTreeMap<&str, &[u8]>,
    rules: &Rules,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().unwrap()?;
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers: BTreeMap<String, String> = lines
        .map_while(|line| line.ok().filter(|line| !line.is_empty()))
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
        .collect();
    asked.lock().unwrap().push(path.clone());
    let mut reply = |status: &str, more: &str, body: &[u8]| {
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{more}\r\n",
            body.len()
        )?;
        stream.write_all(body)
    };
    if rules.token.is_some_and(|token| headers.get("authorization") != Some(&format!("Bearer {token}"))) {
        return reply("401 Unauthorized", "", b"");
    }
    if ["main", "v1", COMMIT].iter().any(|of| path == format!("/api/models/bank/triage/revision/{of}")) {
        let siblings: Vec<_> = files.keys().map(|name| serde_json::json!({"rfilename": name})).collect();
        let sha = rules.commit.unwrap_or(COMMIT);
        let body = serde_json::json!({"sha": sha, "siblings": siblings}).to_string();
        return reply("200 OK", "Content-Type: application/json\r\n", body.as_bytes());
    }
    let file = path.strip_prefix(&format!("/bank/triage/resolve/{COMMIT}/")).and_then(|name| files.get(name));
    let Some(content) = file else { return reply("404 Not Found", "", b"") };
    let from: usize =
        headers["range"].trim_start_matches("bytes=").split('-').next().unwrap().parse().unwrap();
    let to = if headers["range"].ends_with("=0-0") { 1 } else { content.len() };
    let sha256 = hex::encode(Sha256::digest(if rules.damages { b"other" } else { *content }));
    let (etag, commit) = (rules.etag.unwrap_or(&sha256), rules.commit.unwrap_or(COMMIT));
    let more = format!(
        "ETag: \"{etag}\"\r\nX-Repo-Commit: {commit}\r\nContent-Range: bytes {from}-{}/{}\r\n",
        to - 1,
        content.len()
    );
    if rules.breaks && to - from > 1 {
        let middle = from + (to - from) / 2;
        write!(stream, "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\n{more}\r\n", to - from)?;
        return stream.write_all(&content[from..middle]);
    }
    if rules.overflows && to - from > 1 {
        return reply("206 Partial Content", &more, &content[from..to].repeat(2));
    }
    reply("206 Partial Content", &more, &content[from..to])
}

/// A hub that takes connections and never answers one; whether it took any.
pub(super) fn silent() -> (String, Arc<AtomicBool>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let is_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_asked);
    // Ends with the process of the test.
    thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            held.push(stream);
            asked.store(true, Ordering::SeqCst);
        }
    });
    (endpoint, is_asked)
}

pub(super) const WHOLE: [(&str, &[u8]); 5] = [
    ("config.json", b"{}"),
    ("tokenizer.json", b"{}"),
    ("model.safetensors", WEIGHTS),
    ("pytorch_model.bin", b"pickled"),
    ("README.md", b"# Triage"),
];

pub(super) fn hub(served: &Served, cache: &Path) -> Hub {
    at(&served.endpoint, cache, HubTimeouts::default())
}

pub(super) fn at(endpoint: &str, cache: &Path, timeouts: HubTimeouts) -> Hub {
    Hub { endpoint: endpoint.to_owned(), cache: cache.to_owned(), token: None, offline: false, timeouts }
}
