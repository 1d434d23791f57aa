//! `palisade-password` against the crates beneath it.

use std::error::Error;
use std::hint::black_box;
use std::str::FromStr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::SystemTime;

use argon2::{Argon2, Block};
use palisade_password::{
    Argon2id, Backend, Bcrypt, HashPool, Hasher, MemoryBudget, Password, Queue,
};

use super::Rows;
use crate::Comparison;

const PASSWORD: &str = "correct horse battery staple";

pub(super) fn rows() -> Rows {
    Ok(vec![
        two_logins("password/two_logins", Backend::Portable, "argon2, fresh memory", fresh)?,
        two_logins("password/two_logins_simd", Backend::Simd, "argon2, fresh memory", fresh)?,
        two_logins(
            "password/two_logins_kept",
            Backend::Portable,
            "argon2, memory kept by malloc",
            kept,
        )?,
        bcrypt_12()?,
        unknown_user()?,
        parse()?,
    ])
}

/// Two clients that log in at the same time, each several times in a row, from the stored text to the
/// verdict; beside two threads that compute the same hashes with plain calls.
fn two_logins(
    name: &'static str,
    backend: Backend,
    peer: &'static str,
    plain: fn() -> bool,
) -> Result<Comparison, Box<dyn Error>> {
    let hasher = Hasher::builder().mint(Argon2id::OWASP).backend(backend).build()?;
    let pool = HashPool::with_workers(hasher, 2, MemoryBudget::mib(64), Queue::bounded(8))?;
    let password = Password::new(PASSWORD)?;
    let stored = pool.hash(&password).wait()?.into_string();
    let ours = || {
        let (pool, password, stored) = (pool.clone(), password.clone(), stored.clone());
        move || pool.verify(&password, &stored, SystemTime::UNIX_EPOCH).wait().is_ok()
    };
    let ours = [Client::start(ours()), Client::start(ours())];
    let theirs = [Client::start(plain), Client::start(plain)];
    Ok(Comparison::time(name, move || Client::all(&ours), peer, move || Client::all(&theirs)))
}

/// A plain call with memory that the system just gave, as a process has it that gives memory back. The
/// defaults of that crate are the same 19 MiB, 2 passes and 1 lane.
fn fresh() -> bool {
    let argon2 = Argon2::default();
    let mut tag = [0; 32];
    let mut blocks = Vec::new();
    // Above 32 MiB, malloc asks the system each time; what is not touched costs nothing.
    if blocks.try_reserve_exact(32 * 1024 + 1).is_err() {
        return false;
    }
    blocks.resize(argon2.params().block_count(), Block::new());
    let password = black_box(PASSWORD.as_bytes());
    argon2.hash_password_into_with_memory(password, black_box(&[7; 16]), &mut tag, blocks).is_ok()
}

/// The plain call itself. After the first ones, glibc keeps this thread's memory for the next: it is only
/// overwritten with zeros, and never given back.
fn kept() -> bool {
    let mut tag = [0; 32];
    let password = black_box(PASSWORD.as_bytes());
    Argon2::default().hash_password_into(password, black_box(&[7; 16]), &mut tag).is_ok()
}

/// How often a client logs in when it is asked to.
const LOGINS: usize = 6;

/// A thread that logs in whenever it is asked, as the threads of a service do.
struct Client {
    ask: Sender<()>,
    answer: Receiver<bool>,
}

impl Client {
    fn start(log_in: impl Fn() -> bool + Send + 'static) -> Self {
        let (ask, asked) = channel();
        let (answering, answer) = channel();
        thread::spawn(move || {
            for () in asked {
                if answering.send((0..LOGINS).all(|_| log_in())).is_err() {
                    return;
                }
            }
        });
        Self { ask, answer }
    }

    fn all(clients: &[Self; 2]) -> [bool; 2] {
        for client in clients {
            // It ends with this side only.
            let _ = client.ask.send(());
        }
        clients.each_ref().map(|client| client.answer.recv().unwrap_or(false))
    }
}

fn bcrypt_12() -> Result<Comparison, Box<dyn Error>> {
    let hasher = Hasher::builder().mint(Bcrypt::COST_12).build()?;
    let password = Password::new(PASSWORD)?;
    let stored = hasher.hash(&password)?.into_string();
    let theirs = stored.clone();
    let now = SystemTime::now();
    Ok(Comparison::time(
        "password/bcrypt_12",
        move || hasher.verify(black_box(&password), &stored, now).is_ok(),
        "bcrypt",
        move || bcrypt::verify(black_box(PASSWORD), &theirs).is_ok(),
    ))
}

/// What the clock says of a login name that nobody has, beside a wrong password for one of the users.
fn unknown_user() -> Result<Comparison, Box<dyn Error>> {
    let hasher = Hasher::builder().build()?;
    let pool = HashPool::with_workers(hasher, 1, MemoryBudget::mib(64), Queue::bounded(8))?;
    let stored = pool.hash(&Password::new(PASSWORD)?).wait()?.into_string();
    let wrong = Password::new("incorrect horse battery staple")?;
    let now = SystemTime::now();
    let (same_pool, same_password) = (pool.clone(), wrong.clone());
    Ok(Comparison::time(
        "password/unknown_user",
        move || {
            pool.verify_unknown_user(black_box(&wrong), "nobody@example.com", now).wait().is_ok()
        },
        "a user's wrong password",
        move || same_pool.verify(black_box(&same_password), &stored, now).wait().is_ok(),
    ))
}

/// What stands in front of every verification: the strict parser and the limits.
fn parse() -> Result<Comparison, Box<dyn Error>> {
    let hasher = Hasher::builder().build()?;
    let stored = hasher.hash(&Password::new(PASSWORD)?)?.into_string();
    let theirs = stored.clone();
    Ok(Comparison::time(
        "password/parse",
        move || hasher.needs_rehash(black_box(&stored)).is_ok(),
        "phc",
        move || phc::PasswordHash::from_str(black_box(&theirs)).is_ok(),
    ))
}
