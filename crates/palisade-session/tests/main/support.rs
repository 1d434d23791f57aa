//! What the tests share: a runtime that polls by hand, known keys, tokens made by hand, sign-ins.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade_secret::{Keyring, MacKey};
use palisade_session::{
    Factor, NewSession, Origin, SessionPolicy, SessionPolicyBuilder, SessionRecord, SessionStore,
    SessionTokens, Sessions, SigningKeys, TokenProfile, UserId,
};

/// When each test begins: a moment of the year 2027.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);

pub(crate) const ISSUER: &str = "https://auth.glassmkr.com";
pub(crate) const AUDIENCE: &str = "guardian";
pub(crate) const HEADER: &str = r#"{"alg":"HS256","typ":"JWT","kid":"a"}"#;

pub(crate) fn user() -> UserId {
    "usr_01".parse().unwrap()
}

pub(crate) fn other_user() -> UserId {
    "usr_02".parse().unwrap()
}

/// A call that is polled by hand, so that a test decides when it goes on and when it is given up.
pub(crate) struct Driven<'f, T>(Pin<Box<dyn Future<Output = T> + 'f>>);

impl<'f, T> Driven<'f, T> {
    pub(crate) fn new(call: impl Future<Output = T> + 'f) -> Self {
        Self(Box::pin(call))
    }

    pub(crate) fn poll(&mut self) -> Option<T> {
        match self.0.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    pub(crate) fn finish(mut self) -> T {
        (0..1000).find_map(|_| self.poll()).expect("the call waits for ever")
    }
}

pub(crate) fn run<T>(call: impl Future<Output = T>) -> T {
    Driven::new(call).finish()
}

/// The key of a one-letter id.
pub(crate) fn mac_key(id: &str) -> MacKey {
    let first = id.as_bytes()[0];
    MacKey::dangerous_any_length(&(first..first + 32).collect::<Vec<u8>>())
}

pub(crate) fn ring(ids: &[&str]) -> Keyring<MacKey> {
    let first = Keyring::new(ids[0].parse().unwrap(), mac_key(ids[0]));
    ids[1..].iter().fold(first, |ring, id| ring.accept(id.parse().unwrap(), mac_key(id)).unwrap())
}

pub(crate) fn profile() -> TokenProfile {
    TokenProfile::new(ISSUER, AUDIENCE).unwrap()
}

pub(crate) fn tokens(ids: &[&str]) -> SessionTokens {
    SessionTokens::new(SigningKeys::hs256(ring(ids)), profile())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

pub(crate) fn encode(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

/// The part of a token, as text.
pub(crate) fn part(token: &str, at: usize) -> String {
    let bytes = Base64UrlUnpadded::decode_vec(token.split('.').nth(at).unwrap()).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The two parts, well signed, whatever they are.
pub(crate) fn sign_encoded(signed: &str, key: &MacKey) -> String {
    let tag = key.mac(&[signed.as_bytes()]).to_bytes();
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&tag))
}

pub(crate) fn sign(header: &str, payload: &str, key: &MacKey) -> String {
    sign_encoded(&format!("{}.{}", encode(header), encode(payload)), key)
}

pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// The payload of a good token of `start()`, with a member replaced, added or, as `""`, left out.
pub(crate) fn payload(changes: &[(&str, &str)]) -> String {
    let (issued, expires) = (seconds(start()), seconds(start() + HOUR));
    let mut members: Vec<(&str, String)> = vec![
        ("iss", format!("\"{ISSUER}\"")),
        ("aud", format!("\"{AUDIENCE}\"")),
        ("sub", "\"usr_01\"".into()),
        ("sid", "\"ses_01\"".into()),
        ("gen", "0".into()),
        ("iat", issued.to_string()),
        ("exp", expires.to_string()),
    ];
    for (name, value) in changes {
        members.retain(|(known, _)| known != name);
        if !value.is_empty() {
            members.push((name, (*value).to_owned()));
        }
    }
    let members: Vec<String> =
        members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// A policy whose times are short enough to step over.
pub(crate) fn policy() -> SessionPolicyBuilder {
    SessionPolicy::builder().idle_timeout(HOUR).absolute_timeout(DAY)
}

/// Both kinds of sessions over stores of their own.
pub(crate) fn both_kinds<S: SessionStore>(
    policy: &SessionPolicy,
    store: impl Fn() -> S,
) -> [Sessions<S>; 2] {
    [
        Sessions::opaque(store(), policy.clone()),
        Sessions::signed(store(), policy.clone(), tokens(&["a"])).unwrap(),
    ]
}

/// What is kept of a sign-in: its token and its proof.
pub(crate) type SignedIn = (String, palisade_session::Session);

pub(crate) async fn sign_in<S: SessionStore>(
    sessions: &Sessions<S>,
    user: &UserId,
    now: SystemTime,
) -> SignedIn {
    let begun = sessions.begin(user).await.unwrap();
    let new = NewSession { factors: vec![Factor::Password], ..NewSession::default() };
    let (token, session) = sessions.create(begun, new, now).await.unwrap();
    (token.expose_secret().to_owned(), session)
}

/// `ok`, or the word for the refusal.
pub(crate) async fn verdict<S: SessionStore>(
    sessions: &Sessions<S>,
    token: &str,
    now: SystemTime,
) -> &'static str {
    match sessions.validate(token, &Origin::unknown(), now).await {
        Ok(_) => "ok",
        Err(refused) => refused.reason(),
    }
}

/// The record of a session, straight from the store.
pub(crate) async fn stored<S: SessionStore>(
    sessions: &Sessions<S>,
    session: &palisade_session::Session,
) -> SessionRecord {
    sessions.store().load(session.id()).await.unwrap().unwrap().record
}
