//! An insertion that may have been done without anybody knowing.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::RedisDatabase;
use crate::database::Script;
use crate::pauses::Pauses;

/// One insertion. Dropped after it was sent and before it was answered, it is taken back in the background.
pub(super) struct Attempt<'a> {
    database: &'a RedisDatabase,
    name: String,
    /// Chosen at random, so that nobody else's insertion is taken back.
    id: u64,
    sent: AtomicBool,
    answered: bool,
    /// A future may be dropped elsewhere than on the runtime that it ran on.
    runtime: Option<Handle>,
}

/// How often it is tried: with the pauses between, for about ten seconds.
const TRIES: u32 = 16;

static TAKE_BACK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("take_back.lua")));

impl<'a> Attempt<'a> {
    pub(super) fn new(database: &'a RedisDatabase, name: String) -> Result<Self, SysError> {
        Ok(Self {
            database,
            name,
            id: SysRng.try_next_u64()?,
            sent: AtomicBool::new(false),
            answered: false,
            runtime: Handle::try_current().ok(),
        })
    }

    /// What the value of the key tells it by.
    pub(super) fn id(&self) -> String {
        text(self.id)
    }

    /// To be set when the request may have left.
    pub(super) fn sent(&self) -> &AtomicBool {
        &self.sent
    }

    /// The server has said what it did.
    pub(super) fn is_answered(&mut self) {
        self.answered = true;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.answered || !self.sent.load(Ordering::Relaxed) {
            return;
        }
        if let Some(runtime) = &self.runtime {
            let name = std::mem::take(&mut self.name);
            runtime.spawn(take_back(self.database.clone(), name, self.id));
        }
    }
}

/// Removes the key of an insertion. That it is not there is no answer yet: the insertion may still be on its
/// way, by another connection.
async fn take_back(database: RedisDatabase, name: String, id: u64) {
    let mut pauses = Pauses::new();
    for _ in 0..TRIES {
        let call = TAKE_BACK.call(&[&name]).arg(text(id));
        if let Ok(1) = database.run_script::<u8>(&call).await {
            return;
        }
        sleep(pauses.next()).await;
    }
}

fn text(id: u64) -> String {
    format!("{id:x}")
}
