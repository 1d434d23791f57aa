//! What happens beside the requests: what they left behind is written from time to time.

use std::sync::Arc;
use std::time::Duration;

use palisade::apikey::Flushed;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use crate::app::App;
use crate::sessions::RETENTION;

/// How often it is asked whether a flush is due.
const TICK: Duration = Duration::from_secs(1);

/// How often it is counted what kinds of password hashes there are.
const COUNT: Duration = Duration::from_mins(10);

/// How often sessions that are long over are forgotten.
const PURGE: Duration = Duration::from_hours(1);

/// How often it is looked for changes of keys that a process did not live to announce.
const SETTLE: Duration = Duration::from_mins(1);

/// What it is time for.
enum Due {
    Count,
    Purge,
    Settle,
    Flush,
}

/// Runs until `stop` turns true or its sender is gone. A flush under way is finished first.
pub(crate) async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // They were counted at the start.
    let mut counts = interval_at(Instant::now() + COUNT, COUNT);
    let mut purges = interval(PURGE);
    let mut intents = interval(SETTLE);
    let (mut works, mut overflowed) = (true, 0);
    loop {
        let due = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = counts.tick() => Due::Count,
            _ = purges.tick() => Due::Purge,
            _ = intents.tick() => Due::Settle,
            _ = ticks.tick() => Due::Flush,
        };
        match due {
            Due::Count => {
                app.passwords.count_again().await;
                continue;
            }
            Due::Purge => {
                forget_old_sessions(&app).await;
                forget_old_webhooks(&app).await;
                continue;
            }
            Due::Settle => {
                mend_webhooks(&app).await;
                overflowed = warn_of_overflow(&app, overflowed);
                continue;
            }
            Due::Flush => {}
        }
        app.revocations.settle().await;
        let flushed = app.keys.flush_if_due(app.now()).await;
        // A store that stays down is worth one line, not one each time.
        match &flushed {
            Err(error) if works => {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::error!(
                    cause,
                    "what requests left behind could not be written; it is tried again"
                );
            }
            Ok(flushed) if !works && *flushed != Flushed::default() => {
                tracing::info!("what requests leave behind is written again");
            }
            _ => {}
        }
        works = match flushed {
            Err(_) => false,
            // Nothing to write, or nothing due, says nothing of the store.
            Ok(flushed) if flushed == Flushed::default() => works,
            Ok(_) => true,
        };
    }
}

/// Says how many requests shared a counter since the last time, where some did.
fn warn_of_overflow(app: &App, before: u64) -> u64 {
    let overflowed = app.limits.overflowed();
    if overflowed > before {
        tracing::warn!(
            requests = overflowed - before,
            "too many keys are counted for rate limits, and new ones share a counter: somebody floods the service, or RATE_LIMIT_KEYS is too small"
        );
    }
    overflowed
}

async fn forget_old_sessions(app: &App) {
    match app.people.sessions.purge(RETENTION, app.now()).await {
        Ok(0) => {}
        Ok(sessions) => tracing::info!(sessions, "sessions that are long over were forgotten"),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(cause, "old sessions could not be forgotten; it is tried again");
        }
    }
}

/// Announces what processes that died did not, and takes away what was removed.
async fn mend_webhooks(app: &App) {
    let settled = app.webhooks.settle_old(app).await;
    if let Err(error) = settled.and(app.webhooks.sweep(app.now()).await) {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(cause, "webhooks are not in order; it is tried again");
    }
}

async fn forget_old_webhooks(app: &App) {
    let now = app.now();
    if let Err(error) = app.webhooks.mend_times(now).await {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(cause, "webhooks may wait for long; it is looked at again");
    }
    let forgotten = app.webhooks.prune(now).await;
    let received = app.inbound.prune(now).await;
    match forgotten.and_then(|sent| received.map(|received| (sent, received))) {
        Ok((0, 0)) => {}
        Ok((sent, received)) => tracing::info!(sent, received, "old webhooks were forgotten"),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(cause, "old webhooks could not be forgotten; it is tried again");
        }
    }
}
