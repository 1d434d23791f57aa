//! `Sessions` over Redis, from end to end.

use std::time::{Duration, SystemTime};

use palisade_redis::RedisSessionStore;
use palisade_session::{
    Change, CreateError, EndReason, Factor, NewSession, Origin, Refused, Session, SessionPolicy,
    SessionToken, Sessions,
};
use palisade_testkit::servers::{RedisServer, shared_cluster, shared_redis};

use super::{open, user};
use crate::support::fresh_namespace;

type Service = Sessions<RedisSessionStore>;

async fn service(url: &str) -> Service {
    Sessions::opaque(open(url, &fresh_namespace()).await, SessionPolicy::default())
}

async fn sign_in(sessions: &Service, now: SystemTime) -> (SessionToken, Session) {
    let sign_in = sessions.begin(&user(1)).await.unwrap();
    let origin = Origin::unknown().user_agent("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
    let new = NewSession { origin, factors: vec![Factor::Password], ..NewSession::default() };
    sessions.create(sign_in, new, now).await.unwrap()
}

async fn validate(
    sessions: &Service,
    token: &SessionToken,
    now: SystemTime,
) -> Result<Session, Refused> {
    sessions.validate(token.expose_secret(), &Origin::unknown(), now).await
}

/// Why a token is refused.
async fn refusal(sessions: &Service, token: &SessionToken, now: SystemTime) -> &'static str {
    validate(sessions, token, now).await.unwrap_err().reason()
}

async fn a_user_comes_and_goes(url: &str) {
    let sessions = service(url).await;
    let now = SystemTime::now();
    let (first, session) = sign_in(&sessions, now).await;
    let (second, _) = sign_in(&sessions, now).await;
    let (third, _) = sign_in(&sessions, now).await;
    for token in [&first, &second, &third] {
        assert_eq!(validate(&sessions, token, now).await.unwrap().user(), &user(1));
    }
    assert_eq!(sessions.list(&session, now).await.unwrap().len(), 3);

    // A second factor: the session goes on under a new id.
    let (renewed, session) =
        sessions.reauthenticate(&session, &user(1), Factor::Totp, now).await.unwrap();
    assert_eq!(refusal(&sessions, &first, now).await, "replaced");
    validate(&sessions, &renewed, now).await.unwrap();

    assert_eq!(sessions.revoke_others(&session, now).await.unwrap(), 2);
    assert_eq!(refusal(&sessions, &second, now).await, "signed_out_elsewhere");
    assert_eq!(refusal(&sessions, &third, now).await, "signed_out_elsewhere");

    // A change of the password, while somebody signs in with the old one.
    let (other, _) = sign_in(&sessions, now).await;
    let late = sessions.begin(&user(1)).await.unwrap();
    let (last, session) = sessions.changed(&session, Change::Password, now).await.unwrap();
    assert_eq!(refusal(&sessions, &renewed, now).await, "replaced");
    assert_eq!(refusal(&sessions, &other, now).await, "password_changed");
    let refused = sessions.create(late, NewSession::default(), now).await;
    assert!(matches!(refused, Err(CreateError::Stale)), "{refused:?}");
    validate(&sessions, &last, now).await.unwrap();

    sessions.sign_out(&session, now).await.unwrap();
    assert_eq!(refusal(&sessions, &last, now).await, "signed_out");
    let (token, _) = sign_in(&sessions, now).await;
    assert_eq!(sessions.revoke_everyone(EndReason::KeysRotated, now).await.unwrap(), 1);
    assert_eq!(refusal(&sessions, &token, now).await, "keys_rotated");

    let later = now + Duration::from_hours(24 * 400);
    assert_eq!(sessions.purge(Duration::ZERO, later).await.unwrap(), 7);
    assert_eq!(refusal(&sessions, &token, now).await, "session_unknown");
}

#[tokio::test]
async fn a_user_comes_and_goes_on_one_server() {
    a_user_comes_and_goes(&shared_redis().url()).await;
}

#[tokio::test]
async fn a_user_comes_and_goes_on_a_cluster() {
    a_user_comes_and_goes(&shared_cluster().url()).await;
}

/// Nobody is signed out, or let in, because the store is gone: nobody knows.
#[tokio::test]
async fn a_store_that_is_gone_is_unavailable() {
    let redis = RedisServer::start();
    let sessions = service(&redis.url()).await;
    let now = SystemTime::now();
    let (token, session) = sign_in(&sessions, now).await;
    redis.kill();
    let later = now + Duration::from_mins(10);
    assert_eq!(refusal(&sessions, &token, later).await, "session_store_unavailable");
    sessions.sign_out(&session, later).await.unwrap_err();
    sessions.begin(&user(1)).await.unwrap_err();
}
