//! `palisade session verify`.

use std::time::SystemTime;

use palisade::session::{
    EpochClaims, EpochVerifier, InvalidProfile, SessionClaims, SessionTokens, SessionVerifier,
    SigningKeys, TokenProfile,
};
use serde::Serialize;

use super::keys::{self, Keys};
use super::source;
use crate::args::{SignedKind, VerifyTokenArgs};
use crate::output::{Failure, Output};
use crate::units::{seconds, shown, visible};

#[derive(Serialize)]
struct Verified<'a> {
    valid: bool,
    kind: &'static str,
    key: &'a str,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sidecar: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    issued_at: u64,
    expires_at: u64,
}

pub(crate) fn verify(args: &VerifyTokenArgs) -> Result<Output, Failure> {
    let now = args.at.map_or_else(SystemTime::now, |at| at.0);
    let mut profile = TokenProfile::new(&args.issuer, &args.audience)?;
    if let Some(leeway) = args.leeway {
        profile = profile.leeway(leeway.0)?;
    }
    let keys = keys::load(&args.keys)?
        .ok_or_else(|| Failure::error("keys", &"no keys are given to verify with"))?;

    let token = source::token(&args.source)?;
    if source::opaque_id(&token).is_some() {
        let message = "an opaque token cannot be verified here: only its store knows the secret";
        return Err(Failure::error("token_opaque", &message));
    }
    let by_prefix = if token.starts_with("wt_") { SignedKind::Epoch } else { SignedKind::Session };
    match args.kind.unwrap_or(by_prefix) {
        SignedKind::Session => session(&match keys {
            Keys::Secret(ring) => {
                SessionTokens::new(SigningKeys::hs256(ring), profile).verify(&token, now)
            }
            Keys::Public(set) => SessionVerifier::new(set, profile).verify(&token, now),
        }?),
        SignedKind::Epoch => epoch(
            &match keys {
                Keys::Secret(ring) => EpochVerifier::new(SigningKeys::hs256(ring), profile),
                Keys::Public(set) => EpochVerifier::with_public_keys(set, profile),
            }?
            .verify(&token, now)?,
        ),
    }
}

fn session(claims: &SessionClaims) -> Result<Output, Failure> {
    let key = claims.key_id();
    let verified = Verified {
        valid: true,
        kind: "session",
        key: key.as_str(),
        subject: claims.user().as_str(),
        session: Some(claims.session().as_str()),
        sidecar: None,
        scope: None,
        epoch: None,
        issued_at: seconds(claims.issued()),
        expires_at: seconds(claims.expires()),
    };
    let text = format!(
        "verdict    good; whether the session was ended since WAS NOT ASKED\n\
         kind       signed session token\n\
         key        {key}\n\
         user       {}\n\
         session    {}\n\
         issued     {}\n\
         expires    {}\n",
        visible(verified.subject),
        claims.session(),
        shown(claims.issued()),
        shown(claims.expires()),
    );
    Output::new(text, &verified)
}

fn epoch(claims: &EpochClaims) -> Result<Output, Failure> {
    let key = claims.key_id();
    let verified = Verified {
        valid: true,
        kind: "epoch",
        key: key.as_str(),
        subject: claims.subject().as_str(),
        session: None,
        sidecar: Some(claims.sidecar().as_str()),
        scope: Some(claims.scopes().as_str()),
        epoch: Some(claims.epoch().to_string()),
        issued_at: seconds(claims.issued()),
        expires_at: seconds(claims.expires()),
    };
    let text = format!(
        "verdict    good\n\
         kind       epoch token\n\
         key        {key}\n\
         subject    {}\n\
         sidecar    {}\n\
         scopes     {}\n\
         epoch      {}\n\
         issued     {}\n\
         expires    {}\n",
        visible(verified.subject),
        claims.sidecar(),
        if claims.scopes().is_empty() { "none" } else { claims.scopes().as_str() },
        claims.epoch(),
        shown(claims.issued()),
        shown(claims.expires()),
    );
    Output::new(text, &verified)
}

impl From<InvalidProfile> for Failure {
    fn from(error: InvalidProfile) -> Self {
        Self::error("profile", &error)
    }
}
