//! Targets for the tokens of `palisade-session`.

use std::error::Error;
use std::time::{Duration, SystemTime};

use palisade_secret::{Keyring, MacKey};
use palisade_session::{
    CompactJws, Epoch, EpochGrant, EpochIssuer, EpochStanding, EpochToken, EpochVerifier,
    SessionTokens, SidecarId, SigningKeys, Subject, TokenProfile, TokenScopes,
};

use crate::canary::{CANARY, assert_silent};

/// 2024-01-01T12:00:00Z, when the seeds are good.
const NOON: Duration = Duration::from_hours(473_364);

/// Verifying any text as a session token, as an epoch token and in single steps: what one kind of
/// verifier accepts, no other does, whatever is done to its prefix; what is accepted was signed; a change
/// of the signature is refused; nothing is repeated.
pub fn session_token_verify(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(verifiers) = Verifiers::new() else { return };
    let bare = text.strip_prefix("wt_").unwrap_or(text);
    let prefixed = format!("wt_{bare}");
    let session = verifiers.accepts_session(bare);
    let epoch = verifiers.accepts_epoch(&prefixed);
    assert!(!(session && epoch), "one token is of two kinds");
    assert!(!verifiers.accepts_session(&prefixed), "a session token has a prefix");
    assert!(!verifiers.accepts_epoch(bare), "an epoch token has none");
    let parsed = CompactJws::parse(bare);
    if session || epoch {
        let signed = parsed.as_ref().is_ok_and(|jws| jws.verify_hs256(&key()).is_ok());
        assert!(signed, "what no key signed was accepted");
        assert!(!verifiers.accepts_session(&format!("{bare}A")));
        assert!(!verifiers.accepts_epoch(&format!("{prefixed}A")));
    }
    assert!(!epoch || EpochToken::received(prefixed.as_str()).is_ok());
    if let Ok(jws) = &parsed {
        assert!(bare.len() <= 4096 && bare.matches('.').count() == 2);
        assert!(serde_json_is_object(jws.header_json()));
    }
    signed_payload(&verifiers, bare);
    silent(&verifiers, text);
}

/// The same with the text as the payload under a good signature, so that the claims are reached.
fn signed_payload(verifiers: &Verifiers, payload: &str) {
    for typ in ["JWT", "wt+jwt"] {
        let header = format!(r#"{{"alg":"HS256","typ":"{typ}","kid":"a"}}"#);
        let token = sign(&header, payload);
        let session = verifiers.accepts_session(&token);
        let epoch = verifiers.accepts_epoch(&format!("wt_{token}"));
        assert!(!session || typ == "JWT");
        assert!(!epoch || typ == "wt+jwt");
        if session || epoch {
            assert!(payload.trim_start().starts_with('{'));
        }
    }
}

fn sign(header: &str, payload: &str) -> String {
    let base64url = |bytes: &[u8]| {
        let secret = palisade_secret::SecretBytes::dangerous_unchecked(bytes.to_vec());
        secret.expose_base64url().to_string()
    };
    let signed = format!("{}.{}", base64url(header.as_bytes()), base64url(payload.as_bytes()));
    let signature = base64url(&key().mac(&[signed.as_bytes()]).to_bytes());
    format!("{signed}.{signature}")
}

fn serde_json_is_object(json: &str) -> bool {
    let json = json.trim_matches([' ', '\t', '\n', '\r']);
    json.starts_with('{') && json.ends_with('}')
}

fn silent(verifiers: &Verifiers, text: &str) {
    for marked in
        [format!("{CANARY}{text}"), format!("{text}{CANARY}"), format!("wt_{CANARY}.{text}")]
    {
        let errors: [Option<Box<dyn Error>>; 4] = [
            verifiers.sessions.verify(&marked, verifiers.now).err().map(Into::into),
            verifiers.epochs.verify(&marked, verifiers.now).err().map(Into::into),
            CompactJws::parse(&marked).err().map(Into::into),
            EpochToken::received(marked.as_str()).err().map(Into::into),
        ];
        errors.into_iter().flatten().for_each(|error| assert_silent(&*error));
    }
}

struct Verifiers {
    sessions: SessionTokens,
    epochs: EpochVerifier,
    now: SystemTime,
}

impl Verifiers {
    fn new() -> Option<Self> {
        let keys = SigningKeys::hs256(Keyring::new("a".parse().ok()?, key()));
        let profile = TokenProfile::new("i", "a").ok()?;
        Some(Self {
            sessions: SessionTokens::new(keys.clone(), profile.clone()),
            epochs: EpochVerifier::new(keys, profile).ok()?,
            now: SystemTime::UNIX_EPOCH + NOON,
        })
    }

    fn accepts_session(&self, token: &str) -> bool {
        self.sessions.verify(token, self.now).is_ok()
    }

    fn accepts_epoch(&self, token: &str) -> bool {
        let Ok(claims) = self.epochs.verify(token, self.now) else { return false };
        let standing = claims.epoch().standing(self.now, Duration::from_secs(30));
        assert!(matches!(standing, EpochStanding::Valid | EpochStanding::RefreshDue));
        assert_eq!(claims.expires(), claims.epoch().expires_at());
        assert!(claims.scopes().iter().all(|scope| claims.require(scope).is_ok()));
        true
    }
}

fn key() -> MacKey {
    MacKey::dangerous_any_length(&[1; 32])
}

/// Reading epochs, scopes and names: what is accepted is written the same, an epoch's bounds hold, and a
/// token that is issued with what was read verifies and says the same.
pub fn session_epoch_id(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(epoch) = text.parse::<Epoch>() {
        assert_epoch(epoch, text);
    }
    let (sidecar, scopes) = text.split_once('\n').unwrap_or((text, text));
    let (sidecar, subject, scopes) =
        (sidecar.parse::<SidecarId>(), sidecar.parse::<Subject>(), scopes.parse::<TokenScopes>());
    if let (Ok(sidecar), Ok(subject), Ok(scopes)) = (&sidecar, &subject, &scopes) {
        assert_issued(EpochGrant { subject, sidecar, scopes });
    }
    let marked = format!("{text} {CANARY}\n");
    let errors: [Option<Box<dyn Error>>; 4] = [
        marked.parse::<Epoch>().err().map(Into::into),
        marked.parse::<SidecarId>().err().map(Into::into),
        marked.parse::<Subject>().err().map(Into::into),
        marked.parse::<TokenScopes>().err().map(Into::into),
    ];
    assert!(errors.iter().all(Option::is_some));
    errors.into_iter().flatten().for_each(|error| assert_silent(&*error));
}

fn assert_epoch(epoch: Epoch, text: &str) {
    assert_eq!(epoch.to_string(), text);
    assert_eq!(text.len(), "epoch_YYYYMMDDHH".len());
    assert_eq!(Epoch::of(epoch.starts_at()), Ok(epoch));
    assert_eq!(Epoch::of(epoch.expires_at()).ok(), epoch.next());
    let standing = |time| epoch.standing(time, Duration::ZERO);
    assert_eq!(standing(epoch.starts_at()), EpochStanding::Valid);
    assert_eq!(standing(epoch.refresh_from()), EpochStanding::RefreshDue);
    assert_eq!(standing(epoch.expires_at()), EpochStanding::Expired);
}

fn assert_issued(grant: EpochGrant<'_>) {
    let Some(Verifiers { epochs, now, .. }) = Verifiers::new() else { return };
    let Ok(id) = "a".parse() else { return };
    let keys = SigningKeys::hs256(Keyring::new(id, key()));
    let Ok(profile) = TokenProfile::new("i", "a") else { return };
    let issuer = EpochIssuer::new(keys, profile);
    let token = issuer.ok().and_then(|issuer| issuer.issue(&grant, now).ok());
    let claims = token.and_then(|token| epochs.verify(token.current.expose_secret(), now).ok());
    let says = claims.as_ref().map(|claims| (claims.subject(), claims.sidecar(), claims.scopes()));
    assert_eq!(says, Some((grant.subject, grant.sidecar, grant.scopes)));
}
