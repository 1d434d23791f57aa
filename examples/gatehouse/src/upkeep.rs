//! What happens beside the requests: what they left behind is written from time to time.

use std::sync::Arc;
use std::time::Duration;

use palisade::apikey::Flushed;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use crate::app::App;

/// How often it is asked whether a flush is due.
const TICK: Duration = Duration::from_secs(1);

/// How often it is counted what kinds of password hashes there are.
const COUNT: Duration = Duration::from_mins(10);

/// Runs until `stop` turns true or its sender is gone. A flush under way is finished first.
pub(crate) async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // They were counted at the start.
    let mut counts = interval_at(Instant::now() + COUNT, COUNT);
    let mut works = true;
    loop {
        let counting_is_due = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = counts.tick() => true,
            _ = ticks.tick() => false,
        };
        if counting_is_due {
            app.passwords.count_again().await;
            continue;
        }
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
