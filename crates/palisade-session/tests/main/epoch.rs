//! Epoch tokens.

mod client;
mod client_clock;
mod client_dropped;
mod client_forget;
mod client_threads;
mod hours;
mod kinds;
mod page;
mod scopes;
mod tokens;
mod vectors;

use std::time::{Duration, SystemTime};

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade_secret::{Keyring, MacKey};
use palisade_session::{
    EpochClaims, EpochGrant, EpochIssuer, EpochTokens, EpochVerifier, SigningKeys, TokenProfile,
    TokenRefused,
};

/// 2024-01-01T12:00:00Z.
fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(473_364)
}

fn minutes(n: u64) -> Duration {
    Duration::from_mins(n)
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn mac_key() -> MacKey {
    MacKey::dangerous_any_length(&[7; 32])
}

fn keys() -> SigningKeys {
    SigningKeys::hs256(Keyring::new("k1".parse().unwrap(), mac_key()))
}

fn profile() -> TokenProfile {
    TokenProfile::new("https://auth.example", "attestations").unwrap()
}

fn issuer() -> EpochIssuer {
    EpochIssuer::new(keys(), profile()).unwrap()
}

fn verifier() -> EpochVerifier {
    EpochVerifier::new(keys(), profile()).unwrap()
}

fn verify(token: &str, now: SystemTime) -> Result<EpochClaims, TokenRefused> {
    verifier().verify(token, now)
}

fn issue(now: SystemTime) -> EpochTokens {
    let grant = EpochGrant {
        subject: &"org_1".parse().unwrap(),
        sidecar: &"sc_1".parse().unwrap(),
        scopes: &"read:controls write:evidence".parse().unwrap(),
    };
    issuer().issue(&grant, now).unwrap()
}

/// A compact JWS with any header and payload, under the right key.
fn sign(header: &str, payload: &str) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let signed = format!("{}.{}", encode(header), encode(payload));
    let tag = mac_key().mac(&[signed.as_bytes()]).to_bytes();
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&tag))
}

const HEADER: &str = r#"{"alg":"HS256","typ":"wt+jwt","kid":"k1"}"#;
