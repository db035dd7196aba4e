//! A relay in front of a server: the server dies behind so many bytes, and may be started again.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What ends the server.
pub(super) type Kill = Arc<dyn Fn() + Send + Sync>;

/// A relay. It ends when it is dropped.
pub(super) struct Relay {
    port: u16,
    to: Arc<Mutex<SocketAddr>>,
    /// The server dies after so many bytes more.
    left: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Relay {
    /// Listens at a port of its own, for a server.
    pub(super) fn start(to: SocketAddr, kill: Kill) -> Self {
        let front = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = front.local_addr().expect("a port").port();
        let (to, left) = (Arc::new(Mutex::new(to)), Arc::new(AtomicU64::new(u64::MAX)));
        let over = Arc::new(AtomicBool::new(false));
        let relay = Self { port, to: Arc::clone(&to), left: Arc::clone(&left), over: Arc::clone(&over) };
        std::thread::spawn(move || {
            for stream in front.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(hub) = stream else { continue };
                let to = *to.lock().unwrap_or_else(PoisonError::into_inner);
                // Nobody is behind it: the connection ends at once.
                let Ok(server) = TcpStream::connect(to) else { continue };
                pass(&hub, &server, &kill, &left);
            }
        });
        relay
    }

    /// Where the hub connects.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Lets the server die as soon as it has said so many bytes more.
    pub(super) fn dies_after(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// The server is there again, and may say what it likes.
    pub(super) fn leads_to(&self, to: SocketAddr) {
        *self.to.lock().unwrap_or_else(PoisonError::into_inner) = to;
        self.left.store(u64::MAX, Ordering::SeqCst);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // It waits for somebody.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Passes on what both say, until the server has said too much: then it is killed.
fn pass(hub: &TcpStream, server: &TcpStream, kill: &Kill, left: &Arc<AtomicU64>) {
    let clone = |stream: &TcpStream| stream.try_clone().expect("a handle");
    let (mut asking, mut asked) = (clone(hub), clone(server));
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut asking, &mut asked);
        let _ = asked.shutdown(Shutdown::Both);
    });
    let (mut hub, mut server, kill, left) = (clone(hub), clone(server), Arc::clone(kill), Arc::clone(left));
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = server.read(&mut bytes) {
            let said = left.load(Ordering::SeqCst);
            if said <= count as u64 {
                kill();
                break;
            }
            if said != u64::MAX {
                left.store(said - count as u64, Ordering::SeqCst);
            }
            if hub.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = hub.shutdown(Shutdown::Both);
    });
}
