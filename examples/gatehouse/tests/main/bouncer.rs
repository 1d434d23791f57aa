//! A scheme whose digests are computed only once the test lets them: it holds a worker of a pool.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

use palisade::password::{
    HashPool, LegacyFailure, LegacyScheme, Password, Pending, Verdict, VerifyError,
};

/// A time that is far off.
pub(crate) fn end() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 37)
}

/// Stored text of the scheme.
const STORED: &str = "bouncer$held";

#[derive(Clone, Default)]
pub(crate) struct Bouncer(Arc<(Mutex<bool>, Condvar)>);

impl Bouncer {
    /// Puts a job into the pool that holds its worker until [`let_in`](Self::let_in).
    pub(crate) fn hold(pool: &HashPool) -> Pending<Verdict, VerifyError> {
        pool.verify(&Password::new("any").unwrap(), STORED, SystemTime::UNIX_EPOCH)
    }

    /// As [`hold`](Self::hold), and waits until the worker is held.
    pub(crate) async fn hold_now(pool: &HashPool) -> Pending<Verdict, VerifyError> {
        let held = Self::hold(pool);
        while pool.status().running == 0 {
            tokio::task::yield_now().await;
        }
        held
    }

    /// From now on nothing is held.
    pub(crate) fn let_in(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

impl LegacyScheme for Bouncer {
    fn name(&self) -> &'static str {
        "bouncer"
    }

    fn prefix(&self) -> &'static str {
        "bouncer$"
    }

    fn split<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)> {
        stored.split_at_checked("bouncer$".len())
    }

    fn digest(&self, _: &[u8], _: &str) -> Result<String, LegacyFailure> {
        let (open, changed) = &*self.0;
        let held = changed.wait_while(open.lock().unwrap(), |open| !*open);
        drop(held.unwrap());
        Ok("held".to_owned())
    }
}
