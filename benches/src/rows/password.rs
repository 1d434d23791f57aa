//! `palisade-password` against the crates beneath it.

use std::error::Error;
use std::hint::black_box;
use std::str::FromStr;
use std::thread;
use std::time::SystemTime;

use argon2::Argon2;
use palisade_password::{
    Argon2id, Backend, Bcrypt, HashPool, Hasher, MemoryBudget, Password, Queue,
};

use super::Rows;
use crate::Comparison;

const PASSWORD: &str = "correct horse battery staple";

pub(super) fn rows() -> Rows {
    Ok(vec![
        two_logins("password/two_logins", Backend::Portable)?,
        two_logins("password/two_logins_simd", Backend::Simd)?,
        bcrypt_12()?,
        unknown_user()?,
        parse()?,
    ])
}

/// Two logins at the same time, each from the stored text to the verdict, beside the same two hashes
/// with the memory that a plain call allocates.
fn two_logins(name: &'static str, backend: Backend) -> Result<Comparison, Box<dyn Error>> {
    let hasher = Hasher::builder().mint(Argon2id::OWASP).backend(backend).build()?;
    let pool = HashPool::with_workers(hasher, 2, MemoryBudget::mib(64), Queue::bounded(8))?;
    let password = Password::new(PASSWORD)?;
    let stored = pool.hash(&password).wait()?;
    let now = SystemTime::now();
    let plain = || {
        let mut tag = [0; 32];
        // The defaults of that crate are the same 19 MiB, 2 passes and 1 lane.
        let done = Argon2::default().hash_password_into(
            black_box(PASSWORD.as_bytes()),
            black_box(&[7; 16]),
            &mut tag,
        );
        done.map(|()| tag)
    };
    Ok(Comparison::time(
        name,
        move || {
            let logins = [(); 2].map(|()| pool.verify(black_box(&password), stored.as_str(), now));
            logins.map(|login| login.wait().is_ok())
        },
        "argon2, fresh memory",
        move || {
            thread::scope(|scope| {
                [(); 2].map(|()| scope.spawn(plain)).map(|one| one.join().is_ok())
            })
        },
    ))
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
