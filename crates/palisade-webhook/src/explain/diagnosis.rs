//! Finding out why a signature does not verify.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::secret_form::SecretForm;
use super::{Candidate, candidates};
use crate::{
    BuildError, Headers, Refused, Scheme, SharedSecret, Verifier, VerifierBuilder, VerifyingKey,
};

/// Why a request does not verify: for development, with the secret at hand once more.
///
/// It tries what goes wrong most: white space in the secret, a secret in another encoding, a newline at the
/// end of the body, JSON that was read and written again, a clock that is wrong.
///
/// # Security
///
/// What it finds holds no secret and no signature, but it costs hundreds of verifications, and whoever is
/// shown it learns which mistake would make his request valid: a tool for the developer's own terminal, not
/// for a service.
///
/// # Examples
///
/// ```
/// use palisade_webhook::explain::{Diagnosis, Finding, SentForm};
/// use palisade_webhook::{MessageId, Scheme, SharedSecret, Signer};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = SharedSecret::from_text("It's a Secret to Everybody")?;
/// let signer = Signer::builder(Scheme::GITHUB).key("2026".parse()?, &secret).build()?;
/// let now = SystemTime::now();
/// let headers = signer.sign(&MessageId::generate()?, now, br#"{"a":1}"#)?;
///
/// // The framework parsed the body, and the handler wrote it again.
/// let finding = Diagnosis::new(Scheme::GITHUB, &secret)?.explain(&headers, br#"{"a": 1}"#, now);
/// let Finding::Body(candidate) = &finding else { panic!("{finding}") };
/// assert!(candidate.forms().eq([SentForm::Compact]));
/// println!("{finding}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Diagnosis {
    /// As a service would have it.
    strict: Verifier,
    /// Without the rule of time, as the key was given, and then with the key in other forms.
    lenient: Verifier,
    others: Vec<(SecretForm, Verifier)>,
}

/// What a [`Diagnosis`] found. Its text tells what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// Nothing is wrong.
    Verifies,
    /// What is told is the whole reason: no other secret and no other body would be accepted.
    Refused(Refused),
    /// The signature is right and its time is not.
    Time {
        /// How far it is off.
        by: Duration,
        /// Whether it lies in the future.
        ahead: bool,
    },
    /// The secret would be right in another form.
    Secret(SecretForm),
    /// The body was signed in another form.
    Body(Candidate),
    /// Nothing that was tried fits: most likely it is another secret, another endpoint's for one.
    Unexplained,
}

impl Diagnosis {
    /// A diagnosis for a scheme without a URL.
    ///
    /// # Errors
    ///
    /// [`BuildError`], as for a verifier.
    pub fn new(scheme: Scheme, secret: &SharedSecret) -> Result<Self, BuildError> {
        Self::with_url(scheme, secret, None)
    }

    /// A diagnosis for a scheme that signs the receiver's URL.
    ///
    /// # Errors
    ///
    /// [`BuildError`], as for a verifier.
    pub fn with_url(
        scheme: Scheme,
        secret: &SharedSecret,
        url: Option<&str>,
    ) -> Result<Self, BuildError> {
        let mut diagnosis = Self::of(scheme, &VerifyingKey::from(secret), url)?;
        for (form, other) in SecretForm::others(secret) {
            diagnosis.others.push((form, lenient(scheme, (&other).into(), url)?));
        }
        Ok(diagnosis)
    }

    /// The same for a scheme with public keys.
    ///
    /// # Errors
    ///
    /// [`BuildError`], as for a verifier.
    pub fn with_key(scheme: Scheme, key: impl Into<VerifyingKey>) -> Result<Self, BuildError> {
        Self::of(scheme, &key.into(), None)
    }

    fn of(scheme: Scheme, key: &VerifyingKey, url: Option<&str>) -> Result<Self, BuildError> {
        let strict = builder(scheme, key.clone(), url).build()?;
        let lenient = lenient(scheme, key.clone(), url)?;
        Ok(Self { strict, lenient, others: Vec::new() })
    }

    /// Says why a request does not verify, by the first thing that explains it.
    pub fn explain<H: Headers + ?Sized>(
        &self,
        headers: &H,
        body: &[u8],
        now: SystemTime,
    ) -> Finding {
        match self.lenient.verify(headers, body, now) {
            Ok(verified) => {
                return match self.strict.verify(headers, body, now) {
                    Ok(_) => Finding::Verifies,
                    Err(Refused::TooOld | Refused::TooNew) => off_by(verified.timestamp(), now),
                    Err(refused) => Finding::Refused(refused),
                };
            }
            Err(Refused::BadSignature) => {}
            Err(refused) => return Finding::Refused(refused),
        }
        let fits = |verifier: &Verifier, body: &[u8]| verifier.verify(headers, body, now).is_ok();
        if let Some((form, _)) = self.others.iter().find(|(_, other)| fits(other, body)) {
            return Finding::Secret(*form);
        }
        candidates(body)
            .find(|candidate| fits(&self.lenient, candidate.bytes()))
            .map_or(Finding::Unexplained, Finding::Body)
    }
}

fn off_by(told: Option<SystemTime>, now: SystemTime) -> Finding {
    match now.duration_since(told.unwrap_or(now)) {
        Ok(by) => Finding::Time { by, ahead: false },
        Err(error) => Finding::Time { by: error.duration(), ahead: true },
    }
}

fn builder(scheme: Scheme, key: VerifyingKey, url: Option<&str>) -> VerifierBuilder {
    let builder = Verifier::builder(scheme).max_body(u64::MAX);
    let builder = match "given".parse() {
        Ok(id) => builder.key(id, key),
        Err(_) => builder,
    };
    match url {
        Some(url) => builder.url(url),
        None => builder,
    }
}

/// A verifier that leaves the time to the diagnosis.
fn lenient(scheme: Scheme, key: VerifyingKey, url: Option<&str>) -> Result<Verifier, BuildError> {
    let builder = builder(scheme, key, url);
    if scheme.has_time() { builder.dangerous_any_age() } else { builder }.build()
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verifies => f.write_str("the signature is right"),
            Self::Refused(Refused::UnknownKey) => f.write_str(
                "the request names another key than the one that was given, which is called `given` here",
            ),
            Self::Refused(refused) => write!(f, "{refused}; the secret was not even asked"),
            Self::Time { by, ahead } => write!(
                f,
                "the signature is right, but its time is {} seconds {}: set the clock, or deliver the message \
                 anew",
                by.as_secs(),
                if *ahead { "in the future" } else { "ago" },
            ),
            Self::Secret(form) => form.fmt(f),
            Self::Body(candidate) => {
                for (at, form) in candidate.forms().enumerate() {
                    write!(f, "{}{form}", if at > 0 { "; and " } else { "" })?;
                }
                Ok(())
            }
            Self::Unexplained => f.write_str(
                "neither the secret in another form nor the body in another form explains it: most likely \
                 it is another secret, such as that of another endpoint or of the test mode, or another body: \
                 altered, or parsed and written again with a loss, such as 1 for 1.0",
            ),
        }
    }
}
