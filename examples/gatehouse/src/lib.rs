#![doc = include_str!("../README.md")]

mod admission;
mod allowlists;
mod app;
mod bearer;
mod caller;
mod client;
mod completion;
pub mod config;
pub mod egress;
mod epochs;
mod error;
mod formats;
mod grant;
mod greeting;
mod inbound;
mod input;
mod limits;
pub mod log;
mod manager;
mod micros;
mod operate;
mod passwords;
mod peppers;
mod permission;
mod rehash;
mod reply;
mod revocations;
mod routes;
mod secrets;
mod server;
mod sessions;
mod signed_in;
mod start;
mod store;
mod trail;
mod upkeep;
mod users;
mod webhooks;

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade::apikey::ApiKeys;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

pub use admission::Admission;
pub use allowlists::{
    AllowlistStore, Allowlists, AllowlistsError, Lists, Replacement, StoredEntry, StoredList,
};
pub use app::{App, Clock};
pub use client::Peer;
pub use epochs::Epochs;
pub use error::ApiError;
pub use inbound::Inbound;
pub use limits::Limits;
pub use operate::{
    ImportError, clear_allowlist, end_all_sessions, end_sessions, import_users, print_admin_key,
    print_allowlist, print_pepper_report, print_received, print_received_body, revoke_pepper,
    wrap_digests, wrap_passwords,
};
pub use passwords::{NORMALIZATION, Passwords};
pub use peppers::{PepperError, PepperUse};
pub use revocations::Revocations;
pub use routes::router;
pub use secrets::{SecretReused, SecretUses};
pub use sessions::UserSessions;
pub use start::{FIRST_OWNER, Opened, StartError, issue_admin_key, open};
pub use store::{OpenError, SessionStore, Store};
pub use users::{Insertion, InvalidLogin, LoginName, Swap, User, UserId, Users, UsersError};
pub use webhooks::dispatch::run as dispatch_webhooks;
pub use webhooks::{WebhookStore, Webhooks, WebhooksError};

use config::Config;
use greeting::Greeting;

/// How long changes whose clients went away may take once the service stops.
const CHANGES_TIME: Duration = Duration::from_secs(10);

/// How long upkeep may take once the service stops.
const UPKEEP_TIME: Duration = Duration::from_secs(5);

/// Runs the service until SIGINT or SIGTERM. `stdout` gets what a person reads at the start.
///
/// # Errors
///
/// [`StartError`] when it cannot start, or when the last uses could not be written at the end.
pub async fn serve(config: &Config, stdout: &mut (dyn Write + Send)) -> Result<(), StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Signals)?;
    // Before a key is issued that would be lost if the port were taken.
    let listen = |source| StartError::Listen { addr: config.addr, source };
    let listener = TcpListener::bind(config.addr).await.map_err(listen)?;
    let addr = listener.local_addr().map_err(listen)?;

    let now = SystemTime::now();
    let Opened { keys, is_new, mut secrets } = open(config, now).await?;
    let passwords = Passwords::open(config, &mut secrets, now).await?;
    let store = keys.store().database().sessions();
    let people = UserSessions::open(&config.sessions, &mut secrets, store)?;
    let epochs = Epochs::open(&config.sessions, &mut secrets)?;
    people.finish_changes(&passwords.users, now).await?;
    let store = passwords.users.allowlists();
    let lists = Allowlists::open(store, config.allowlist_staleness, now).await?;
    let admission = Admission { clients: config.clients.clone(), lists };
    let store = passwords.users.webhooks();
    let inbound = Inbound::open(config, &mut secrets, &store)?;
    let webhooks = Webhooks::open(config, &mut secrets, store).await?;
    let redis = config.limits.database();
    let limits = Limits::open(&config.limits, redis.as_ref())?;
    let revocations = Revocations::open(&config.limits, redis.as_ref());
    // When nothing is left that could keep it from starting: the first key is shown once.
    greet(&keys, is_new, addr, stdout).await?;
    let clock = Clock::system();
    let app = App::new(
        keys,
        passwords,
        people,
        epochs,
        admission,
        webhooks,
        inbound,
        limits,
        revocations,
        clock,
    )?;
    let app = Arc::new(app);
    // Before the first request, so that nothing is cached that nobody would make it forget.
    let following = app.revocations.follow(&app).await;
    redis.map(|database| tokio::spawn(limits::look_at_settings(database)));

    let (stop_upkeep, stopped) = watch::channel(false);
    let mut upkeep = tokio::spawn(upkeep::run(Arc::clone(&app), stopped));
    let (stop_sending, stopped) = watch::channel(false);
    let dispatcher = tokio::spawn(dispatch_webhooks(Arc::clone(&app), stopped));
    tracing::info!(%addr, "started");
    server::serve(listener, router(Arc::clone(&app)), async move {
        tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
        tracing::info!("stopping");
        // Nothing more is sent from now on; attempts under way end while requests do.
        let _ = stop_sending.send(true);
    })
    .await;

    // It holds the parts of the service.
    drop(following);
    // Changes whose clients went away may still be under way.
    app.changes.close();
    if tokio::time::timeout(CHANGES_TIME, app.changes.wait()).await.is_err() {
        tracing::warn!(changes = app.changes.len(), "changes did not finish in time");
    }
    let _ = stop_upkeep.send(true);
    if tokio::time::timeout(UPKEEP_TIME, &mut upkeep).await.is_err() {
        tracing::warn!("upkeep did not finish in time; the next start goes on with it");
        upkeep.abort();
    }
    // It has limits of its own.
    let _ = dispatcher.await;
    // No request is being served any more, so this flush loses nothing.
    let flushed = app.keys.flush().await;
    app.keys.store().close().await;
    app.passwords.users.close().await;
    let flushed = flushed?;
    tracing::info!(
        keys_used = flushed.used,
        keys_moved = flushed.moved,
        "stopped; uses are written"
    );
    Ok(())
}

/// Says where the service is, and shows the first admin key where there is no key yet.
async fn greet(
    keys: &ApiKeys<Store>,
    is_new: bool,
    addr: std::net::SocketAddr,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    let first_key = if is_new {
        let issued = issue_admin_key(keys, FIRST_OWNER.parse()?, SystemTime::now()).await?;
        Some(zeroize::Zeroizing::new(issued.key.reveal()))
    } else {
        None
    };
    let greeting = Greeting {
        addr,
        first_key: first_key.as_ref().map(|key| key.as_str()),
        owner: FIRST_OWNER,
    };
    writeln!(stdout, "{greeting}").and_then(|()| stdout.flush()).map_err(StartError::Print)
}
