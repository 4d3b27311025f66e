//! A registry in this process: one subject's worth of the Confluent API, and faults on demand.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use apache_avro::Schema;
use serde_json::{Value, json};

use crate::connection::RegistryConnection;

/// What becomes of the next request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Answered with this status, and a body that is no registry's.
    Status(u16),
    /// Taken and never answered.
    Hang,
}

#[derive(Default)]
struct Content {
    schemas: Vec<Entry>,
    levels: Vec<(String, String)>,
    faults: VecDeque<Fault>,
    requests: Vec<String>,
    hanging: Vec<TcpStream>,
    lookups: bool,
}

struct Entry {
    id: u32,
    subject: String,
    /// As the registry calls it.
    kind: String,
    text: String,
}

/// Serves until the test ends.
pub(crate) struct FakeRegistry {
    content: Arc<Mutex<Content>>,
    address: String,
}

impl FakeRegistry {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let content = Arc::new(Mutex::new(Content { lookups: true, ..Content::default() }));
        let served = Arc::clone(&content);
        thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &served);
            }
        });
        Self { content, address }
    }

    pub(crate) fn connection(&self) -> RegistryConnection {
        RegistryConnection {
            urls: vec![self.address.clone()],
            credentials: None,
            ca: None,
            timeout: Duration::from_millis(500),
        }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap()
    }

    /// Registers `text` in `subject` under `id`, as somebody else would.
    pub(crate) fn put(&self, id: u32, subject: &str, text: &str) {
        self.put_as(id, subject, "AVRO", text);
    }

    /// The same, of another kind of schema.
    pub(crate) fn put_as(&self, id: u32, subject: &str, kind: &str, text: &str) {
        let (subject, kind, text) = (subject.to_owned(), kind.to_owned(), text.to_owned());
        self.content().schemas.push(Entry { id, subject, kind, text });
    }

    /// From now on a schema is found under its very text only, which it never is.
    pub(crate) fn forget_lookups(&self) {
        self.content().lookups = false;
    }

    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.content().faults.extend(faults);
    }

    /// Method and path of every request until now.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.content().requests.clone()
    }

    pub(crate) fn level(&self, subject: &str) -> Option<String> {
        let content = self.content();
        content.levels.iter().rev().find(|(of, _)| of == subject).map(|(_, level)| level.clone())
    }
}

fn serve(stream: TcpStream, content: &Mutex<Content>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut content = content.lock().unwrap();
    let request = line.trim_end_matches(" HTTP/1.1\r\n").to_owned();
    content.requests.push(request.clone());
    let mut stream = reader.into_inner();
    let (status, answer) = match content.faults.pop_front() {
        Some(Fault::Hang) => return content.hanging.push(stream),
        Some(Fault::Status(status)) => (status, "<html></html>".to_owned()),
        None => {
            let (status, answer) = answer(&mut content, &request, &body);
            (status, answer.to_string())
        }
    };
    let head =
        format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
    stream.write_all((head + &answer).as_bytes()).unwrap();
}

fn answer(content: &mut Content, request: &str, body: &[u8]) -> (u16, Value) {
    let absent = |code: u32| (404, json!({"error_code": code, "message": "not found"}));
    let (method, path) = request.split_once(' ').unwrap();
    let path = path.split('?').next().unwrap();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = body["schema"].as_str().unwrap_or_default().to_owned();
    let full = |number: usize, it: &Entry| json!({"subject": it.subject, "version": number + 1, "id": it.id, "schema": it.text});
    match (method, parts.as_slice()) {
        ("GET", ["schemas", "ids", id]) => match content.schemas.iter().find(|it| it.id.to_string() == *id) {
            Some(it) => (200, json!({"schema": it.text, "schemaType": it.kind})),
            None => absent(40_403),
        },
        ("GET", ["config", subject]) => match content.levels.iter().rev().find(|(of, _)| of == subject) {
            Some((_, level)) => (200, json!({"compatibilityLevel": level})),
            None => absent(40_408),
        },
        ("PUT", ["config", subject]) => {
            content.levels.push(((*subject).to_owned(), body["compatibility"].as_str().unwrap().to_owned()));
            (200, body)
        }
        ("GET", ["subjects"]) => {
            (200, json!(content.schemas.iter().map(|it| &it.subject).collect::<Vec<_>>()))
        }
        (_, [kind @ ("subjects" | "compatibility"), rest @ ..]) => {
            let subject = if *kind == "compatibility" { rest[1] } else { rest[0] };
            let next = u32::try_from(content.schemas.len()).unwrap() + 100;
            let lookups = content.lookups;
            let versions: Vec<&Entry> = content.schemas.iter().filter(|it| it.subject == subject).collect();
            match (method, rest) {
                ("POST", ["subjects", _, "versions"]) => {
                    // As compatible as the reader of the newest version finds it.
                    let fits = versions.iter().all(|it| reads(&text, &it.text) && reads(&it.text, &text));
                    (200, json!({"is_compatible": fits}))
                }
                ("POST", [_, "versions"]) if !versions.iter().all(|it| reads(&text, &it.text)) => {
                    (409, json!({"error_code": 409, "message": "incompatible"}))
                }
                ("POST", [_, "versions"]) => {
                    let (subject, kind) = (subject.to_owned(), "AVRO".to_owned());
                    content.schemas.push(Entry { id: next, subject, kind, text });
                    (200, json!({"id": next}))
                }
                _ if versions.is_empty() => absent(40_401),
                ("POST", [_]) => match versions.iter().enumerate().find(|(_, it)| lookups && it.text == text)
                {
                    Some((number, it)) => (200, full(number, it)),
                    None => absent(40_403),
                },
                ("GET", [_, "versions"]) => (200, json!((1..=versions.len()).collect::<Vec<_>>())),
                ("GET", [_, "versions", number]) => {
                    let number: usize = number.parse().unwrap();
                    (200, full(number - 1, versions[number - 1]))
                }
                _ => (404, json!({})),
            }
        }
        _ => (404, json!({})),
    }
}

fn reads(writer: &str, reader: &str) -> bool {
    let (writer, reader) = (Schema::parse_str(writer).unwrap(), Schema::parse_str(reader).unwrap());
    apache_avro::schema_compatibility::SchemaCompatibility::can_read(&writer, &reader).is_ok()
}
