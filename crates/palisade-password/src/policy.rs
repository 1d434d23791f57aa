//! Which passwords a person may choose.

use std::sync::Arc;

use crate::context::ContextWord;
use crate::fold::fold;
use crate::{Blocklist, BreachedFilter, FilterStanding, Normalization, Password, PasswordContext};

/// The fewest characters where the password is the only factor (NIST SP 800-63B-4 section 3.1.1.2).
const LEAST_ALONE: usize = 15;
/// The fewest characters beside a second factor (NIST SP 800-63B-4 section 3.1.1.2).
const LEAST_WITH_SECOND_FACTOR: usize = 8;
/// What the longest permitted length must reach (NIST SP 800-63B-4 section 3.1.1.2).
const LEAST_MOST: usize = 64;

/// Which passwords a person may choose, as NIST SP 800-63B-4 section 3.1.1.2 has it: a length, and lists
/// of what is guessed first. There are no rules about kinds of characters, nothing is cut off, and
/// every character of Unicode is welcome.
///
/// It is for passwords that are being *set*. One that is being verified is never held against it.
///
/// # Examples
///
/// ```
/// use palisade_password::{
///     Normalization, Password, PasswordContext, PasswordPolicy, PolicyRefusal,
/// };
///
/// let policy = PasswordPolicy::single_factor(Normalization::Nfc).word("palisade").build()?;
/// let context = PasswordContext::none().login("ann@example.com");
///
/// let accepted = policy.check(&Password::new("correct horse battery staple")?, &context)?;
/// assert_eq!(accepted.password().expose_secret(), b"correct horse battery staple");
///
/// let refused = policy.check(&Password::new("Palisade20262026")?, &context);
/// assert_eq!(refused.err(), Some(PolicyRefusal::ContextWord));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PasswordPolicy {
    normalization: Normalization,
    least: usize,
    most: usize,
    words: Vec<ContextWord>,
    blocklist: Arc<Blocklist>,
    breached: Option<BreachedFilter>,
}

impl PasswordPolicy {
    /// The password is the only factor: at least 15 characters.
    ///
    /// `normalization` is the store's: what is counted is what will be hashed.
    #[must_use]
    pub fn single_factor(normalization: Normalization) -> PasswordPolicyBuilder {
        PasswordPolicyBuilder::new(normalization, LEAST_ALONE)
    }

    /// Nobody gets in with the password alone: at least 8 characters.
    #[must_use]
    pub fn with_second_factor(normalization: Normalization) -> PasswordPolicyBuilder {
        PasswordPolicyBuilder::new(normalization, LEAST_WITH_SECOND_FACTOR)
    }

    /// Whether a person may choose this password. Characters are code points after normalisation.
    ///
    /// # Errors
    ///
    /// The first refusal in the order of [`PolicyRefusal`].
    pub fn check(
        &self,
        password: &Password,
        context: &PasswordContext,
    ) -> Result<AcceptedPassword, PolicyRefusal> {
        let normal = self.normalization.apply(password).map_err(|_| PolicyRefusal::NotText)?;
        let text = std::str::from_utf8(normal.as_bytes()).map_err(|_| PolicyRefusal::NotText)?;
        let got = text.chars().count();
        if got < self.least {
            return Err(PolicyRefusal::TooShort { least: self.least, got });
        }
        if got > self.most {
            return Err(PolicyRefusal::TooLong { most: self.most, got });
        }
        let folded = fold(text);
        if self.blocklist.contains_folded(&folded) {
            return Err(PolicyRefusal::Blocklisted);
        }
        if self.words.iter().chain(context.words()).any(|word| word.makes_up(&folded)) {
            return Err(PolicyRefusal::ContextWord);
        }
        let standing = self.breached.as_ref().map(|filter| filter.look_up(password));
        if standing == Some(FilterStanding::ProbablyBreached) {
            return Err(PolicyRefusal::Breached);
        }
        Ok(AcceptedPassword(password.clone()))
    }

    /// The fewest characters, to tell the person before they type.
    #[must_use]
    pub fn least(&self) -> usize {
        self.least
    }

    /// The most characters.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most
    }
}

/// A [`PasswordPolicy`] being put together, from [`PasswordPolicy::single_factor`] or
/// [`PasswordPolicy::with_second_factor`].
#[derive(Clone, Debug)]
pub struct PasswordPolicyBuilder {
    floor: usize,
    has_empty_word: bool,
    policy: PasswordPolicy,
}

impl PasswordPolicyBuilder {
    fn new(normalization: Normalization, floor: usize) -> Self {
        let policy = PasswordPolicy {
            normalization,
            least: floor,
            most: Password::MAX_BYTES,
            words: Vec::new(),
            blocklist: Arc::default(),
            breached: None,
        };
        Self { floor, has_empty_word: false, policy }
    }

    /// The fewest characters, where more are wanted than the standard asks for.
    #[must_use]
    pub fn least(mut self, characters: usize) -> Self {
        self.policy.least = characters;
        self
    }

    /// The most characters: 64 to [`Password::MAX_BYTES`], which is what it is unless set. A limit
    /// below the greatest is for a scheme or another system that takes no more.
    #[must_use]
    pub fn most(mut self, characters: usize) -> Self {
        self.policy.most = characters;
        self
    }

    /// A word that has to do with the service: its name, its domain. [`PasswordContext`] says what is
    /// refused because of it.
    #[must_use]
    pub fn word(mut self, word: &str) -> Self {
        match ContextWord::new(word) {
            Some(word) => self.policy.words.push(word),
            None => self.has_empty_word = true,
        }
        self
    }

    /// The list of passwords that nobody may choose, in place of the list before.
    #[must_use]
    pub fn blocklist(mut self, list: Blocklist) -> Self {
        self.policy.blocklist = Arc::new(list);
        self
    }

    /// The filter of breached passwords, in place of the filter before. It is asked for the password as
    /// it was typed, since that is what the lists are made of.
    ///
    /// One good password in 256, or in 65,536, is refused as well
    /// ([`Fingerprint`](crate::Fingerprint)).
    #[must_use]
    pub fn breached(mut self, filter: BreachedFilter) -> Self {
        self.policy.breached = Some(filter);
        self
    }

    /// The policy.
    ///
    /// # Errors
    ///
    /// [`InvalidPolicy`] where the lengths contradict the standard or each other, or a word is empty.
    pub fn build(self) -> Result<PasswordPolicy, InvalidPolicy> {
        let PasswordPolicy { least, most, .. } = self.policy;
        if least < self.floor {
            return Err(InvalidPolicy::LeastTooLow { floor: self.floor });
        }
        if !(LEAST_MOST..=Password::MAX_BYTES).contains(&most) {
            return Err(InvalidPolicy::Most);
        }
        if least > most {
            return Err(InvalidPolicy::LeastAboveMost);
        }
        if self.has_empty_word {
            return Err(InvalidPolicy::EmptyWord);
        }
        Ok(self.policy)
    }
}

/// A password that a policy accepted. Only [`PasswordPolicy::check`] makes one.
#[derive(Clone, Debug)]
pub struct AcceptedPassword(Password);

impl AcceptedPassword {
    /// The password.
    #[must_use]
    pub fn password(&self) -> &Password {
        &self.0
    }

    /// The password.
    #[must_use]
    pub fn into_password(self) -> Password {
        self.0
    }
}

/// Why a person has to choose another password. Its text is for that person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyRefusal {
    /// It is not UTF-8.
    #[error("the password could not be read as text; type it again")]
    NotText,
    /// It has too few characters.
    #[error("the password has {got} of the {least} characters it needs; make it longer")]
    TooShort {
        /// The fewest that are accepted.
        least: usize,
        /// How many it has. Not for a log: it tells something of what the person types next.
        got: usize,
    },
    /// It has too many characters.
    #[error("the password has {got} characters and may have {most}; make it shorter")]
    TooLong {
        /// The most that are accepted.
        most: usize,
        /// How many it has.
        got: usize,
    },
    /// It is on the list of the service.
    #[error("the password is one of those that are guessed first; choose another")]
    Blocklisted,
    /// It is a word that a guesser knows, repeated or with digits after it.
    #[error(
        "the password is only a name that has to do with you or this service; choose another, or add words to it"
    )]
    ContextWord,
    /// It is, most probably, in a list of breached passwords.
    #[error("the password has appeared in a data breach; choose another")]
    Breached,
}

impl PolicyRefusal {
    /// A short, stable word for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotText => "password_not_text",
            Self::TooShort { .. } => "password_too_short",
            Self::TooLong { .. } => "password_too_long",
            Self::Blocklisted => "password_blocklisted",
            Self::ContextWord => "password_context_word",
            Self::Breached => "password_breached",
        }
    }
}

/// Why a policy could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPolicy {
    /// The fewest characters are fewer than the standard asks for.
    #[error("the least length must be {floor} or more (NIST SP 800-63B-4 section 3.1.1.2)")]
    LeastTooLow {
        /// The lowest setting.
        floor: usize,
    },
    /// The most characters are out of range.
    #[error("the most characters must be from {LEAST_MOST} to {}", Password::MAX_BYTES)]
    Most,
    /// No length is both.
    #[error("the least length is above the greatest; no password would be accepted")]
    LeastAboveMost,
    /// A word of the service is empty, most likely a setting that is missing.
    #[error("a word of the service is empty; is a setting missing?")]
    EmptyWord,
}
