//! A wire to a server that can be cut in a way that nobody is told of.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A proxy for one server. It runs until the process ends.
pub(crate) struct Wire {
    port: u16,
    /// For the way there and the way back, a number that grows with each cut. A connection of an older number
    /// swallows all that it is given.
    cuts: [Arc<AtomicUsize>; 2],
}

impl Wire {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let [there, back] = cuts.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let ends = [client.try_clone().unwrap(), server.try_clone().unwrap()];
                let [to_client, to_server] = ends;
                for (from, to, cuts) in [(client, to_server, &there), (server, to_client, &back)] {
                    let cuts = Arc::clone(cuts);
                    std::thread::spawn(move || carry(from, to, &cuts));
                }
            }
        });
        Self { port, cuts }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// From now on the connections that are there carry nothing, and stay open. New ones work.
    pub(crate) fn cut(&self) {
        for cuts in &self.cuts {
            cuts.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// From now on the connections that are there carry requests, and no answer. New ones work.
    #[cfg(feature = "webhook")]
    pub(crate) fn lose_answers(&self) {
        self.cuts[1].fetch_add(1, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, cuts: &AtomicUsize) {
    let begun = cuts.load(Ordering::SeqCst);
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if cuts.load(Ordering::SeqCst) == begun && to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    if cuts.load(Ordering::SeqCst) == begun {
        let _ = to.shutdown(Shutdown::Both);
    }
}
