//! The task that sends what is due.
//!
//! An attempt is taken with a lease, made, and recorded. Several processes on one database take turns: what is leased
//! is left alone by the others until the lease ends, and of what a process that died held, the attempt is made again
//! then, under the same message id.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade::secret::SecretBytes;
use palisade::webhook::{Next, NotRecorded, Outcome, RetryAfter};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::claim::Claimed;
use super::due::{RecordError, Recorded};
use super::{Webhooks, WebhooksError};
use crate::app::App;
use crate::egress::{Answer, EgressError, Message, RetryAfter as Asked};
use crate::reply::rfc3339;

/// How many attempts this process makes at once.
const AT_ONCE: usize = 64;

/// How often it is asked whether something is due.
const TICK: Duration = Duration::from_secs(1);

/// How long attempts under way get to finish once the service stops, which is as long as one may take. The rest is
/// given back.
const DRAIN_TIME: Duration = Duration::from_secs(15);

/// How long it is waited before sending is taken up again after a fault of the program.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// How often it is tried to record what came of an attempt, and how long it waits in between.
const RECORD_TRIES: u32 = 5;
const RECORD_PAUSE: Duration = Duration::from_secs(1);

/// How much of a lease has to be left when an attempt begins: longer than the attempt takes.
const MARGIN: Duration = Duration::from_secs(30);

/// How long a message waits that cannot be signed or sent for a reason on this side.
const POSTPONED: Duration = Duration::from_mins(1);

/// Runs until `stop` turns true or its sender is gone; attempts under way are finished first, or given back. A fault of
/// the program does not end it.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        let mut sending = JoinSet::new();
        sending.spawn(send(Arc::clone(&app), stop.clone()));
        let Some(Err(error)) = sending.join_next().await else { return };
        tracing::error!(cause = %error, "sending webhooks ended by a fault; it is taken up again");
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(RESTART_PAUSE) => {}
        }
    }
}

async fn send(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let process = process_name();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut attempts = JoinSet::new();
    let (mut claims, mut works) = (0_u64, true);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = app.webhooks.woken() => {}
            _ = ticks.tick() => {}
            Some(ended) = attempts.join_next() => note_fault(ended),
        }
        while let Some(ended) = attempts.try_join_next() {
            note_fault(ended);
        }
        let free = AT_ONCE.saturating_sub(attempts.len());
        if free == 0 {
            continue;
        }
        claims += 1;
        let lease = format!("{process}-{claims}");
        let claimed = app.webhooks.claim(&lease, free, || app.now()).await;
        report(&mut works, claimed.as_ref().err());
        for claimed in claimed.unwrap_or_default() {
            attempts.spawn(attempt(Arc::clone(&app), claimed));
        }
    }
    let drained = async { while attempts.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_TIME, drained).await.is_err() {
        tracing::warn!(attempts = attempts.len(), "webhooks are given back in the middle");
        attempts.shutdown().await;
    }
    if let Err(error) = app.webhooks.give_back(&format!("{process}-")).await {
        tracing::warn!(cause = cause(&error), "webhooks are not given back; their lease runs out");
    }
}

/// An attempt that ended by a fault of the program is made again when its lease ends.
fn note_fault(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(cause = %error, "an attempt to send a webhook ended by a fault");
    }
}

/// What this process calls itself in leases.
fn process_name() -> String {
    // Without randomness the number of the process tells it from the others on this machine.
    SecretBytes::generate(8)
        .map_or_else(|_| std::process::id().to_string(), |bytes| bytes.expose_hex().to_string())
}

/// A store that stays down is worth one line, not one each time.
fn report(works: &mut bool, error: Option<&WebhooksError>) {
    match error {
        Some(error) if *works => {
            tracing::error!(cause = cause(error), "webhooks cannot be sent; it is tried again");
        }
        None if !*works => tracing::info!("webhooks are sent again"),
        _ => {}
    }
    *works = error.is_none();
}

fn cause(error: &dyn std::error::Error) -> Option<String> {
    error.source().map(ToString::to_string)
}

async fn attempt(app: Arc<App>, claimed: Claimed) {
    let webhooks = &app.webhooks;
    // A process that was halted for a while, with its machine perhaps, has lost its turn.
    if app.now().checked_add(MARGIN).is_none_or(|end| end > claimed.leased_until) {
        return;
    }
    let (target, message) = match prepare(webhooks, &claimed, app.now()) {
        Ok(prepared) => prepared,
        Err(Unsent::Receiver(word)) => {
            return record(&app, &claimed, Outcome::NoAnswer, word).await;
        }
        Err(Unsent::Ours(word)) => return postpone(&app, &claimed, word).await,
    };
    match webhooks.egress.post(&claimed.endpoint.workspace, &target, &message).await {
        Ok(answer) => {
            let code = answer.status().as_u16();
            let outcome = Outcome::Status(code).with_retry_after(asked(&answer, app.now()));
            record(&app, &claimed, outcome, &code.to_string()).await;
        }
        Err(busy @ EgressError::Busy) => postpone(&app, &claimed, busy.reason()).await,
        Err(error) => record(&app, &claimed, Outcome::NoAnswer, error.reason()).await,
    }
}

/// Why nothing was sent.
enum Unsent {
    /// The URL is refused: one that was taken while loopback was open, for one.
    Receiver(&'static str),
    /// It is not the receiver's fault.
    Ours(&'static str),
}

/// The URL is checked and the message signed anew at each attempt.
fn prepare(
    webhooks: &Webhooks,
    claimed: &Claimed,
    now: SystemTime,
) -> Result<(crate::egress::Target, Message), Unsent> {
    let endpoint = &claimed.endpoint;
    let target =
        webhooks.egress.target(&endpoint.url).map_err(|error| Unsent::Receiver(error.reason()))?;
    let body = claimed.payload.as_bytes();
    let headers = webhooks
        .secrets
        .sign(endpoint, &claimed.message, body, now)
        .map_err(|_| Unsent::Ours("secret_unavailable"))?;
    let mut message = Message::new(claimed.payload.clone())
        .header("content-type", "application/json")
        .map_err(|_| Unsent::Ours("message_unavailable"))?;
    for (name, value) in headers.iter() {
        message = message.header(name, value).map_err(|_| Unsent::Ours("message_unavailable"))?;
    }
    Ok((target, message))
}

/// What the receiver asked for, in the terms of the schedule.
fn asked(answer: &Answer, now: SystemTime) -> Option<RetryAfter> {
    let wait = match answer.retry_after()? {
        Asked::Delay(wait) => wait,
        Asked::Date(date) => date.duration_since(now).unwrap_or_default(),
    };
    RetryAfter::parse(wait.as_secs().to_string().as_bytes(), now).ok()
}

/// Records what came of an attempt, however often it has to be tried. Were it given up, the receiver would get the
/// message once more when the lease ends.
async fn record(app: &App, claimed: &Claimed, outcome: Outcome, word: &str) {
    let (delivery_id, endpoint_id) = (claimed.id.as_str(), claimed.endpoint.id.as_str());
    for tried in 1..=RECORD_TRIES {
        match app.webhooks.record(claimed, outcome, word, app.now()).await {
            Ok(recorded) => return note(claimed, outcome, word, &recorded),
            Err(error) => {
                let cause = match &error {
                    RecordError::NotRecorded(why) => Some(why.reason().to_owned()),
                    RecordError::Store(error) => cause(error),
                };
                tracing::error!(
                    delivery_id,
                    endpoint_id,
                    tried,
                    cause,
                    "what came of a webhook is not recorded yet"
                );
                if !matches!(
                    error,
                    RecordError::Store(_) | RecordError::NotRecorded(NotRecorded::NoRandomness)
                ) {
                    return;
                }
            }
        }
        tokio::time::sleep(RECORD_PAUSE).await;
    }
}

/// Writes what came of an attempt. Only an answer shows that the message was sent.
fn note(claimed: &Claimed, outcome: Outcome, word: &str, recorded: &Recorded) {
    let (delivery_id, endpoint_id) = (claimed.id.as_str(), claimed.endpoint.id.as_str());
    let attempt = claimed.delivery.next_attempt();
    let next = match recorded {
        Recorded::Next(next) => next,
        Recorded::Disabled(reason) => {
            tracing::warn!(
                delivery_id,
                endpoint_id,
                attempt,
                outcome = word,
                reason,
                "a webhook endpoint was disabled"
            );
            return;
        }
        Recorded::Overtaken => {
            tracing::info!(
                delivery_id,
                endpoint_id,
                attempt,
                outcome = word,
                "a webhook was recorded by another process, or its endpoint removed"
            );
            return;
        }
    };
    let (next, next_attempt_at) = match next {
        Next::Delivered => ("delivered", None),
        Next::Retry { at } => ("retry", Some(rfc3339(*at))),
        Next::GiveUp { why } => (why.reason(), None),
        Next::EndpointGone => ("endpoint_gone", None),
        _ => ("other", None),
    };
    let message = match outcome.status() {
        Some(_) => "a webhook was sent",
        None => "a webhook got no answer",
    };
    tracing::info!(
        delivery_id,
        endpoint_id,
        attempt,
        outcome = word,
        next,
        next_attempt_at,
        "{message}"
    );
}

async fn postpone(app: &App, claimed: &Claimed, word: &'static str) {
    let until = app.now().checked_add(POSTPONED).unwrap_or_else(|| app.now());
    let endpoint_id = claimed.endpoint.id.as_str();
    tracing::error!(endpoint_id, reason = word, "a webhook cannot be sent; it waits");
    if let Err(error) = app.webhooks.postpone(claimed, until, word).await {
        tracing::error!(endpoint_id, cause = cause(&error), "a webhook was not postponed");
    }
}
