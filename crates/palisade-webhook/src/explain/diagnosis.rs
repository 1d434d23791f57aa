//! Finding out why a signature does not verify.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::secret_form::SecretForm;
use super::{Candidate, candidates};
use crate::{BuildError, Headers, Refused, Scheme, SharedSecret, Verifier, VerifyingKey};

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
    /// With the key as it was given, first, and then in other forms.
    verifiers: Vec<(Option<SecretForm>, Verifier)>,
    tolerance: Option<Duration>,
}

/// What a [`Diagnosis`] found. Its text tells what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// Nothing is wrong.
    Verifies,
    /// The headers are not of the scheme: no secret and no body can make them valid.
    Headers(Refused),
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
        let mut verifiers = vec![(None, verifier(scheme, secret.into(), url)?)];
        for (form, other) in SecretForm::others(secret) {
            verifiers.push((Some(form), verifier(scheme, (&other).into(), url)?));
        }
        Ok(Self { verifiers, tolerance: scheme.has_time().then_some(scheme.tolerance) })
    }

    /// The same for a scheme with public keys.
    ///
    /// # Errors
    ///
    /// [`BuildError`], as for a verifier.
    pub fn with_key(scheme: Scheme, key: impl Into<VerifyingKey>) -> Result<Self, BuildError> {
        let verifiers = vec![(None, verifier(scheme, key.into(), None)?)];
        Ok(Self { verifiers, tolerance: scheme.has_time().then_some(scheme.tolerance) })
    }

    /// Says why a request does not verify, by the first thing that explains it.
    pub fn explain<H: Headers + ?Sized>(
        &self,
        headers: &H,
        body: &[u8],
        now: SystemTime,
    ) -> Finding {
        for (form, verifier) in &self.verifiers {
            match (verifier.verify(headers, body, now), form) {
                (Ok(verified), None) => return self.judge_time(verified.timestamp(), now),
                (Ok(_), Some(form)) => return Finding::Secret(*form),
                (Err(Refused::BadSignature), _) => {}
                (Err(refused), _) => return Finding::Headers(refused),
            }
        }
        let Some((_, as_given)) = self.verifiers.first() else { return Finding::Unexplained };
        candidates(body)
            .find(|candidate| as_given.verify(headers, candidate.bytes(), now).is_ok())
            .map_or(Finding::Unexplained, Finding::Body)
    }

    fn judge_time(&self, told: Option<SystemTime>, now: SystemTime) -> Finding {
        let (Some(told), Some(tolerance)) = (told, self.tolerance) else {
            return Finding::Verifies;
        };
        let (by, ahead) = match now.duration_since(told) {
            Ok(age) => (age, false),
            Err(error) => (error.duration(), true),
        };
        // The verifier cuts to whole seconds.
        if by.as_secs() <= tolerance.as_secs() {
            Finding::Verifies
        } else {
            Finding::Time { by, ahead }
        }
    }
}

/// A verifier that leaves the time to the diagnosis.
fn verifier(scheme: Scheme, key: VerifyingKey, url: Option<&str>) -> Result<Verifier, BuildError> {
    let mut builder = Verifier::builder(scheme);
    if let Ok(id) = "given".parse() {
        builder = builder.key(id, key);
    }
    if let Some(url) = url {
        builder = builder.url(url);
    }
    if scheme.has_time() { builder.dangerous_any_age() } else { builder }.build()
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verifies => f.write_str("the signature is right"),
            Self::Headers(refused) => {
                write!(f, "{refused}: no secret and no body can make these headers valid")
            }
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
                 it is another secret, such as that of another endpoint or of the test mode",
            ),
        }
    }
}
