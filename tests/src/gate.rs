//! What stands before a server and does not let everything through; or before none, and never answers.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

/// How often to check whether something was held back.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A port of this machine. It lives as long as the promise's process.
pub struct Gate {
    address: SocketAddr,
    held: Arc<AtomicBool>,
}

/// Whether what a client sends is held back, and all that follows on its connection with it.
type Holds = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

impl Gate {
    /// Takes whoever comes, and never answers.
    ///
    /// # Errors
    /// No port is free.
    pub fn mute() -> Result<Self> {
        Self::open(None, Arc::new(|_| true))
    }

    /// Passes on what is sent to `server` (`HOST:PORT`), and its answers, but nothing from the first on that `holds`.
    ///
    /// # Errors
    /// No port is free.
    pub fn before(server: &str, holds: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> Result<Self> {
        Self::open(Some(server.to_owned()), Arc::new(holds))
    }

    fn open(server: Option<String>, holds: Holds) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, held) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&held);
        // Ends with the promise's process, as each connection's threads do at the latest.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, holds, told) = (server.clone(), Arc::clone(&holds), Arc::clone(&told));
                thread::spawn(move || {
                    let _ = pass(client, server.as_deref(), &holds, &told);
                });
            }
        });
        Ok(Self { address, held })
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits until something was held back.
    ///
    /// # Errors
    /// Nothing is within `timeout`.
    pub fn wait_until_held(&self, timeout: Duration) -> Result<()> {
        let until = Instant::now() + timeout;
        while !self.held.load(Ordering::SeqCst) {
            ensure!(Instant::now() < until, "nothing came to {} within {timeout:?}", self.address);
            thread::park_timeout(POLL_INTERVAL);
        }
        Ok(())
    }
}

/// Passes one connection on, as far as it goes.
fn pass(
    mut client: TcpStream,
    server: Option<&str>,
    holds: &Holds,
    held: &AtomicBool,
) -> std::io::Result<()> {
    let mut server = server.map(TcpStream::connect).transpose()?;
    if let Some(server) = &server {
        let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    let (mut bytes, mut open) = ([0; 16_384], true);
    loop {
        let count = match client.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if open && holds(&bytes[..count]) {
            open = false;
            held.store(true, Ordering::SeqCst);
        }
        if let Some(server) = server.as_mut().filter(|_| open) {
            server.write_all(&bytes[..count])?;
        }
    }
    if let Some(server) = server {
        server.shutdown(Shutdown::Write)?;
    }
    Ok(())
}
