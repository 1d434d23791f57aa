//! Digests on their way to the primary pepper.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{ApiKeyId, KeyDigest, KeyStore, StoreError};

/// How many moves wait at most. One that finds no place is noted again when its key is next read.
const MOST: usize = 10_000;

/// Keys that were found under an older digest, and the digest that they are to have.
///
/// They are written with the next flush and not by the request that found them: after a change of
/// peppers every key is found so, and a store that is slow to write would hold up all of them.
#[derive(Debug, Default)]
pub(crate) struct DigestMoves {
    waiting: Mutex<HashMap<ApiKeyId, Move>>,
}

#[derive(Debug)]
struct Move {
    from: KeyDigest,
    to: KeyDigest,
}

impl DigestMoves {
    pub(crate) fn note(&self, id: &ApiKeyId, from: &KeyDigest, to: &KeyDigest) {
        let mut waiting = self.waiting();
        if waiting.len() < MOST {
            waiting.insert(id.clone(), Move { from: from.clone(), to: to.clone() });
        }
    }

    /// Writes what waits and returns how many digests moved. One that fails does not hold up the
    /// others; it is noted again when its key is next read.
    pub(crate) async fn flush<S: KeyStore>(&self, store: &S) -> Result<usize, StoreError> {
        let waiting = std::mem::take(&mut *self.waiting());
        let mut moved = 0;
        let mut failure = None;
        for (id, Move { from, to }) in waiting {
            match store.replace_digest(&id, &from, &to).await {
                Ok(done) => moved += usize::from(done),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(moved), Err)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<ApiKeyId, Move>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
