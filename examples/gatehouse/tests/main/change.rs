//! A new password, and the end of what was signed in with the old one.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use gatehouse::{SessionStore, Swap};
use palisade::password::Password;
use palisade::session::EndReason;
use serde_json::{Value, json};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Connection, SqliteConnection};

use crate::bouncer::{Bouncer, end};
use crate::browser::{Browser, PASSWORD, ann, leaves_the_cookie, register, signed_in};
use crate::gate::{Gate, cheap_hasher, pool};

const CHANGE: &str = "/api/v1/auth/password";
const NEW: &str = "whether tis nobler, ann";

fn change() -> Value {
    json!({"current_password": PASSWORD, "new_password": NEW})
}

async fn may_log_in(gate: &Gate, password: &str) -> bool {
    let reply = Browser::default().login(gate, "ann", password).await;
    assert!(matches!(reply.status.as_u16(), 200 | 401), "{}", reply.text);
    reply.status == 200
}

#[tokio::test]
async fn it_ends_the_others_and_renews_this_one() {
    let gate = Gate::open().await;
    let mut here = ann(&gate).await;
    let elsewhere = signed_in(&gate, "ann", PASSWORD).await;
    register(&gate, "bob", PASSWORD).await;
    let bob = signed_in(&gate, "bob", PASSWORD).await;
    let before = here.clone();
    let reply = here.post(&gate, CHANGE, change()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_ne!(here.cookie, before.cookie);
    assert!(here.is_signed_in(&gate).await && bob.is_signed_in(&gate).await);
    assert!(!before.is_signed_in(&gate).await && !elsewhere.is_signed_in(&gate).await);
    assert!(!may_log_in(&gate, PASSWORD).await && may_log_in(&gate, NEW).await);
    assert!(gate.app.passwords.users.with_sessions_due().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_changes_nothing() {
    let gate = Gate::open().await;
    let mut here = ann(&gate).await;
    let elsewhere = signed_in(&gate, "ann", PASSWORD).await;
    for (current, new, status, code) in [
        ("to be or not to be, bob", NEW, 401, "PASSWORD_WRONG"),
        ("", NEW, 401, "PASSWORD_WRONG"),
        (PASSWORD, "too short", 422, "PASSWORD_REFUSED"),
        (PASSWORD, "annannannannann", 422, "PASSWORD_REFUSED"),
        (PASSWORD, PASSWORD, 422, "PASSWORD_REFUSED"),
        ("to be or not to be, bob", PASSWORD, 401, "PASSWORD_WRONG"),
    ] {
        let body = json!({"current_password": current, "new_password": new});
        let reply = here.post(&gate, CHANGE, body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (status, code));
        assert!(leaves_the_cookie(&reply));
    }
    for body in [json!({"new_password": NEW}), json!({"current_password": PASSWORD})] {
        assert_eq!(here.post(&gate, CHANGE, body).await.status, 422);
    }
    let reply = Browser::default().post(&gate, CHANGE, change()).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "UNAUTHENTICATED"));
    assert!(here.is_signed_in(&gate).await && elsewhere.is_signed_in(&gate).await);
    assert!(may_log_in(&gate, PASSWORD).await && !may_log_in(&gate, NEW).await);
}

/// A person who thinks that his password leaked must not be told that it is changed when it is not.
#[tokio::test]
async fn a_password_is_not_changed_to_itself() {
    const COMPOSED: &str = "une soir\u{e9}e sans fin";
    const DECOMPOSED: &str = "une soire\u{301}e sans fin";
    let gate = Gate::open().await;
    register(&gate, "ann", COMPOSED).await;
    let mut here = signed_in(&gate, "ann", COMPOSED).await;
    let elsewhere = signed_in(&gate, "ann", DECOMPOSED).await;
    for new in [COMPOSED, DECOMPOSED] {
        let body = json!({"current_password": COMPOSED, "new_password": new});
        let reply = here.post(&gate, CHANGE, body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "PASSWORD_REFUSED"));
        assert!(reply.text.contains("is the one that you have; choose another"), "{}", reply.text);
    }
    assert!(here.is_signed_in(&gate).await && elsewhere.is_signed_in(&gate).await);
}

/// A sign-in with the old password waits for its hash while the password changes: it comes to nothing.
#[tokio::test]
async fn a_sign_in_that_is_under_way() {
    let bouncer = Bouncer::default();
    let hasher = cheap_hasher().legacy(bouncer.clone()).accept_unpeppered_until(end());
    let gate = Arc::new(Gate::with_pool(pool(hasher.build().unwrap(), 1, 8)).await);
    register(&gate, "ann", PASSWORD).await;
    let held = Bouncer::hold_now(&gate.app.passwords.pool).await;
    let under_way = tokio::spawn({
        let gate = Arc::clone(&gate);
        async move { Browser::default().login(&gate, "ann", PASSWORD).await }
    });
    while gate.app.passwords.pool.status().queued < 1 {
        tokio::task::yield_now().await;
    }
    let users = &gate.app.passwords.users;
    let user = users.find(&"ann".parse().unwrap()).await.unwrap().unwrap();
    let _ = users
        .change_password(&user.id, &user.password_hash, "other", std::time::SystemTime::now())
        .await
        .unwrap();
    let (sessions, now) = (&gate.app.people.sessions, gate.app.now());
    sessions.revoke_user(&user.id, EndReason::PasswordChanged, now).await.unwrap();
    bouncer.let_in();
    let _ = held.await;
    let reply = under_way.await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.code()), (409, "SESSION_CHANGED"));
    assert!(leaves_the_cookie(&reply));
}

/// The password changes after a sign-in found the user and before it began: it reads the new hash.
#[tokio::test]
async fn a_sign_in_that_begins_a_moment_late() {
    let pool =
        SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let store = SessionStore::from_pool(pool.clone());
    store.migrate().await.unwrap();
    let gate = Gate::with_sessions_in(store).await;
    register(&gate, "ann", PASSWORD).await;
    let (users, sessions) = (&gate.app.passwords.users, &gate.app.people.sessions);
    let user = users.find(&"ann".parse().unwrap()).await.unwrap().unwrap();
    // Both queue for the one connection: the end of the sessions, then the beginning of another one.
    let held = pool.acquire().await.unwrap();
    let reason = EndReason::PasswordChanged;
    let mut end = pin!(sessions.revoke_user(&user.id, reason, gate.app.now()));
    assert!(!is_answered_within(1, end.as_mut()).await);
    let mut browser = Browser::default();
    let mut sign_in = pin!(browser.login(&gate, "ann", PASSWORD));
    let moment = Duration::from_millis(200);
    assert!(tokio::time::timeout(moment, sign_in.as_mut()).await.is_err(), "it waits to begin");

    let hash = cheap_hasher().build().unwrap().hash(&Password::new(NEW).unwrap()).unwrap();
    let changed = users
        .change_password(&user.id, &user.password_hash, hash.as_str(), std::time::SystemTime::now())
        .await;
    assert_eq!(changed.unwrap(), Swap::Done);
    drop(held);
    end.await.unwrap();
    let reply = sign_in.await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "LOGIN_FAILED"));
}

/// However they fall together, nobody is signed in with the old password afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sign_ins_and_a_change_at_once() {
    let gate = Arc::new(Gate::open().await);
    let mut here = ann(&gate).await;
    let (mut old, mut new) = (PASSWORD, NEW);
    for _ in 0..20 {
        let crowd: Vec<_> = (0..4)
            .map(|_| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move {
                    let mut browser = Browser::default();
                    let reply = browser.login(&gate, "ann", old).await;
                    assert!([200, 401, 409].contains(&reply.status.as_u16()), "{}", reply.text);
                    browser
                })
            })
            .collect();
        let body = json!({"current_password": old, "new_password": new});
        assert_eq!(here.post(&gate, CHANGE, body).await.status, 200);
        for one in crowd {
            assert!(!one.await.unwrap().is_signed_in(&gate).await);
        }
        assert!(here.is_signed_in(&gate).await);
        std::mem::swap(&mut old, &mut new);
    }
}

#[tokio::test]
async fn two_changes_at_once() {
    let gate = Gate::open().await;
    let mut here = ann(&gate).await;
    let mut there = signed_in(&gate, "ann", PASSWORD).await;
    let other = json!({"current_password": PASSWORD, "new_password": "to suffer the slings"});
    let (a, b) = tokio::join!(here.post(&gate, CHANGE, change()), there.post(&gate, CHANGE, other));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert!(statuses[0] == 200 && [401, 409].contains(&statuses[1]), "{statuses:?}");
    assert_ne!(here.is_signed_in(&gate).await, there.is_signed_in(&gate).await);
    assert!(!may_log_in(&gate, PASSWORD).await);
}

/// The client goes away after so many steps: all of it is done, or nothing.
#[tokio::test]
async fn a_client_that_goes_away() {
    let (mut changed, mut unchanged) = (0, 0);
    // How often a request has to be woken is not the same each time.
    for steps in (1..=16).cycle().take(96) {
        let gate = Gate::open().await;
        let here = ann(&gate).await;
        let elsewhere = signed_in(&gate, "ann", PASSWORD).await;
        if is_answered_within(steps, here.clone().post(&gate, CHANGE, change())).await {
            continue;
        }
        gate.app.changes.close();
        gate.app.changes.wait().await;
        let is_new = may_log_in(&gate, NEW).await;
        assert_ne!(is_new, may_log_in(&gate, PASSWORD).await, "{steps}");
        assert_ne!(is_new, elsewhere.is_signed_in(&gate).await, "{steps}");
        assert_ne!(is_new, here.is_signed_in(&gate).await, "{steps}");
        *(if is_new { &mut changed } else { &mut unchanged }) += 1;
    }
    assert!(changed > 0 && unchanged > 0, "{changed} changed, {unchanged} did not");
}

/// Whether there is an answer after so many times of being woken; if not, the request is dropped.
async fn is_answered_within(steps: u32, request: impl Future) -> bool {
    let mut request = pin!(request);
    let mut steps_left = steps;
    poll_fn(|context| match request.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => {
            steps_left -= 1;
            if steps_left == 0 { Poll::Ready(false) } else { Poll::Pending }
        }
    })
    .await
}

/// The sessions cannot be ended for a while: the change waits for it, and is done in the end.
#[tokio::test]
async fn it_is_tried_until_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatehouse.db");
    let vars = [("GATEHOUSE_DATABASE", path.to_str().unwrap())];
    let gate = Arc::new(Gate::with_vars(&vars).await);
    let mut here = ann(&gate).await;
    let elsewhere = signed_in(&gate, "ann", PASSWORD).await;
    let mut connection =
        SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let broken = "CREATE TRIGGER broken BEFORE UPDATE ON palisade_sessions
        BEGIN SELECT RAISE(ABORT, 'broken'); END";
    sqlx::raw_sql(broken).execute(&mut connection).await.unwrap();

    let request = tokio::spawn({
        let gate = Arc::clone(&gate);
        async move { here.post(&gate, CHANGE, change()).await }
    });
    let users = &gate.app.passwords.users;
    let mut waited = 0;
    while users.with_sessions_due().await.unwrap().is_empty() {
        assert!(!request.is_finished(), "the note is there before the sessions are ended");
        tokio::time::sleep(Duration::from_millis(1)).await;
        waited += 1;
        assert!(waited < 10_000, "there is no note of what is left to do");
    }
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert!(!request.is_finished() && elsewhere.is_signed_in(&gate).await);
    request.abort();
    sqlx::raw_sql("DROP TRIGGER broken").execute(&mut connection).await.unwrap();
    gate.app.changes.close();
    gate.app.changes.wait().await;
    assert!(!elsewhere.is_signed_in(&gate).await);
    assert!(users.with_sessions_due().await.unwrap().is_empty());
}

/// What a process left undone, the next start does.
#[tokio::test]
async fn a_process_that_dies_in_between() {
    let gate = Gate::open().await;
    let elsewhere = ann(&gate).await;
    let users = &gate.app.passwords.users;
    let user = users.find(&"ann".parse().unwrap()).await.unwrap().unwrap();
    let _ = users
        .change_password(&user.id, &user.password_hash, "other", std::time::SystemTime::now())
        .await
        .unwrap();
    assert!(elsewhere.is_signed_in(&gate).await);
    gate.app.people.finish_changes(users, gate.app.now()).await.unwrap();
    assert!(!elsewhere.is_signed_in(&gate).await);
    assert!(users.with_sessions_due().await.unwrap().is_empty());
}
