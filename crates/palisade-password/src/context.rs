//! Words that a guesser knows: the service, and whose password it is.

use std::fmt;

use crate::fold::fold;

/// Words that a guesser tries first for one person: the login, the local part of the address, a name.
///
/// A password is refused that is nothing but such a word, once or several times in a row, followed by
/// any number of the digits 0 to 9: for `ann@example.com` these are `ann1990`, `annannann`,
/// `Ann@Example.com1` and the like, and not `my dear aunt ann`. Case and the form of Unicode do not
/// count. The words of the service go into the policy, once
/// ([`PasswordPolicyBuilder::word`](crate::PasswordPolicyBuilder::word)).
///
/// # Examples
///
/// ```
/// use palisade_password::PasswordContext;
///
/// let context = PasswordContext::none().login("ann.smith@example.com").word("Ann Smith");
/// # let _ = context;
/// ```
#[derive(Clone, Default)]
pub struct PasswordContext {
    words: Vec<ContextWord>,
}

impl PasswordContext {
    /// Nothing is known of the person.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// A login: the whole of it, and what stands before the last `@`.
    #[must_use]
    pub fn login(self, login: &str) -> Self {
        let local = login.rsplit_once('@').map_or("", |(local, _)| local);
        self.word(login).word(local)
    }

    /// A word that has to do with the person. An empty one is passed over.
    #[must_use]
    pub fn word(mut self, word: &str) -> Self {
        self.words.extend(ContextWord::new(word));
        self
    }

    pub(crate) fn words(&self) -> impl Iterator<Item = &ContextWord> {
        self.words.iter()
    }
}

impl fmt::Debug for PasswordContext {
    /// Without the words, which are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordContext({} words)", self.words.len())
    }
}

/// A word, folded, and not empty.
#[derive(Clone, Debug)]
pub(crate) struct ContextWord(String);

impl ContextWord {
    /// `None` for a word of nothing.
    pub(crate) fn new(word: &str) -> Option<Self> {
        let folded = fold(word);
        (!folded.is_empty()).then(|| Self(folded.to_string()))
    }

    /// Whether a folded password is this word, at least once, and then digits alone.
    ///
    /// Taking the word off as often as it goes misses nothing: where fewer leave only digits, the word
    /// itself is of digits.
    pub(crate) fn makes_up(&self, folded: &str) -> bool {
        let mut rest = folded;
        while let Some(after) = rest.strip_prefix(&self.0) {
            rest = after;
        }
        rest.len() < folded.len() && rest.bytes().all(|byte| byte.is_ascii_digit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_of_a_word() {
        let refused =
            |word: &str, password: &str| ContextWord::new(word).unwrap().makes_up(&fold(password));
        for password in ["ann", "Ann", "annANNann", "ann1990", "annann1", "ann\u{ff11}"] {
            assert!(refused("Ann", password), "{password}");
        }
        for password in ["", "1990", "1ann", "ann1990a", "ann ann", "anna", "my ann", "ann!"] {
            assert!(!refused("ann", password), "{password}");
        }
        assert!(refused("ann1990", "ann1990"));
        assert!(refused("ann1990", "ann19901"));
        assert!(refused("12", "12123"));
    }

    #[test]
    fn a_login_is_two_words() {
        let words = |login: &str| {
            let context = PasswordContext::none().login(login);
            context.words().map(|word| word.0.clone()).collect::<Vec<_>>()
        };
        assert_eq!(words("Ann@example.com"), ["ann@example.com", "ann"]);
        assert_eq!(words("ann"), ["ann"]);
        assert_eq!(words("@example.com"), ["@example.com"]);
        assert_eq!(words("\"a@b\"@c"), ["\"a@b\"@c", "\"a@b\""]);
        assert!(words("").is_empty());
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let context = PasswordContext::none().login("ann@example.com");
        assert_eq!(format!("{context:?}"), "PasswordContext(2 words)");
    }
}
