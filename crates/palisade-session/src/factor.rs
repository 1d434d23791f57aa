//! By what a user proves who he is.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// One kind of proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Factor {
    /// A password.
    Password,
    /// A time-based one-time password (RFC 6238).
    Totp,
    /// A passkey (`WebAuthn`).
    Passkey,
    /// A recovery code.
    RecoveryCode,
    /// Another service vouched for the user.
    SingleSignOn,
}

impl Factor {
    const ALL: [Self; 5] =
        [Self::Password, Self::Totp, Self::Passkey, Self::RecoveryCode, Self::SingleSignOn];

    /// A short, stable word, for columns, challenges and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
            Self::SingleSignOn => "single_sign_on",
        }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Factor {
    type Err = InvalidFactors;

    fn from_str(text: &str) -> Result<Self, InvalidFactors> {
        Self::ALL.into_iter().find(|factor| factor.as_str() == text).ok_or(InvalidFactors)
    }
}

/// Each kind of proof that was given in a session, and when last.
///
/// As text, for a column: `password:1795219140000000 totp:1795219145000000`, in microseconds since 1970.
///
/// # Examples
///
/// ```
/// use palisade_session::{Factor, Factors};
/// use std::time::SystemTime;
///
/// let factors: Factors = "password:1795219140000000".parse()?;
/// assert!(factors.when(Factor::Password).is_some());
/// assert!(factors.when(Factor::Totp).is_none());
/// assert_eq!(factors.to_string(), "password:1795219140000000");
/// # Ok::<(), palisade_session::InvalidFactors>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Factors {
    /// In the order of [`Factor::ALL`].
    when: [Option<SystemTime>; Factor::ALL.len()],
}

impl Factors {
    /// No proof of any kind.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The same, and this kind proved at this time.
    #[must_use]
    pub fn with(mut self, factor: Factor, at: SystemTime) -> Self {
        let place = Factor::ALL.iter().zip(&mut self.when).find(|(known, _)| **known == factor);
        if let Some((_, when)) = place {
            *when = Some(at);
        }
        self
    }

    /// When this kind was proved last.
    #[must_use]
    pub fn when(&self, factor: Factor) -> Option<SystemTime> {
        self.iter().find(|(known, _)| *known == factor).map(|(_, when)| when)
    }

    /// Those by which a user signs in, without second factors.
    pub(crate) fn first_factors(&self) -> Self {
        let first = |factor| matches!(factor, Factor::Password | Factor::SingleSignOn);
        let kept = self.iter().filter(|(factor, _)| first(*factor));
        kept.fold(Self::none(), |kept, (factor, when)| kept.with(factor, when))
    }

    /// The kinds that were proved.
    pub fn iter(&self) -> impl Iterator<Item = (Factor, SystemTime)> {
        Factor::ALL.into_iter().zip(self.when).filter_map(|(factor, when)| Some((factor, when?)))
    }
}

impl fmt::Display for Factors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (factor, when)) in self.iter().enumerate() {
            let since = when.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let space = if n == 0 { "" } else { " " };
            write!(f, "{space}{factor}:{}", since.as_micros())?;
        }
        Ok(())
    }
}

impl FromStr for Factors {
    type Err = InvalidFactors;

    fn from_str(text: &str) -> Result<Self, InvalidFactors> {
        text.split(' ').filter(|entry| !entry.is_empty()).try_fold(
            Self::none(),
            |factors, entry| {
                let (factor, micros) = entry.split_once(':').ok_or(InvalidFactors)?;
                let factor: Factor = factor.parse()?;
                // Digits alone: the parser of numbers takes a plus sign too.
                if !micros.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(InvalidFactors);
                }
                let micros = micros.parse().map_err(|_| InvalidFactors)?;
                let at = SystemTime::UNIX_EPOCH
                    .checked_add(Duration::from_micros(micros))
                    .ok_or(InvalidFactors)?;
                if factors.when(factor).is_some() {
                    return Err(InvalidFactors);
                }
                Ok(factors.with(factor, at))
            },
        )
    }
}

impl TryFrom<String> for Factors {
    type Error = InvalidFactors;

    fn try_from(text: String) -> Result<Self, InvalidFactors> {
        text.parse()
    }
}

impl From<Factors> for String {
    fn from(factors: Factors) -> String {
        factors.to_string()
    }
}

/// Text that names no factor, or is no list of factors and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is no list of authentication factors and times")]
pub struct InvalidFactors;
