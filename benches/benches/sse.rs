//! An event stream as a program reads it: what it heard, and when.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{Shutdown, TcpStream},
    thread::{self, JoinHandle},
};

use anyhow::{Result, anyhow, ensure};
use ombud_stream::{Clock as _, SystemClock};
use serde_json::Value;

/// An event, and when it was there.
pub(crate) struct Heard {
    pub(crate) at: i64,
    /// What each team has open.
    pub(crate) open: BTreeMap<String, u64>,
}

/// A stream that is open.
pub(crate) struct Stream {
    socket: TcpStream,
    thread: JoinHandle<Vec<Heard>>,
}

impl Stream {
    /// Opens one at `address` and waits for its first event.
    pub(crate) fn open(address: &str, cookie: &str) -> Result<Self> {
        let mut socket = TcpStream::connect(address)?;
        let request = format!(
            "GET /events HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\naccept: text/event-stream\r\n\r\n"
        );
        socket.write_all(request.as_bytes())?;
        let mut lines = BufReader::new(socket.try_clone()?).lines();
        let status = lines.next().transpose()?.unwrap_or_default();
        ensure!(status.starts_with("HTTP/1.1 200"), "{status}");
        let mut events = lines.map_while(Result::ok).filter_map(|line| event(&line));
        let first = events.next().ok_or_else(|| anyhow!("a stream ended before its first event"))?;
        let thread = thread::spawn(move || std::iter::once(first).chain(events).collect());
        Ok(Self { socket, thread })
    }

    /// What it heard until its end.
    pub(crate) fn ended(self) -> Result<Vec<Heard>> {
        self.thread.join().map_err(|_| anyhow!("whoever listens panicked"))
    }

    /// Leaves; gives what was heard.
    pub(crate) fn leave(self) -> Result<Vec<Heard>> {
        // Fails when it has ended already, which is what is wanted.
        let _ = self.socket.shutdown(Shutdown::Both);
        self.ended()
    }
}

fn event(line: &str) -> Option<Heard> {
    let data: Value = serde_json::from_str(line.strip_prefix("data: ")?).ok()?;
    let at = SystemClock.now_ms();
    let teams = data["teams"].as_object()?;
    let open = teams.iter().filter_map(|(team, load)| Some((team.clone(), load["open"].as_u64()?))).collect();
    Some(Heard { at, open })
}
