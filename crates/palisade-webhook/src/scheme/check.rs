//! Whether a scheme of one's own can be verified at all.

use super::{Encoding, Layout, Part, Scheme, TimeField};

/// The most characters of a header name, a label or a fixed text of a scheme.
const MAX_TEXT: usize = 128;

/// The most parts before the body: each of the three that are told, and texts around them.
pub(crate) const MAX_PARTS: usize = 7;

/// What is wrong with a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemeError {
    /// The scheme's own name is empty, too long, or holds more than letters, digits and `-._`.
    #[error("{0:?} is not the name of a scheme")]
    Name(&'static str),
    /// A name is none that HTTP allows, or too long.
    #[error("{0:?} is not the name of a header")]
    HeaderName(&'static str),
    /// Two of its headers have the same name.
    #[error("the header {0} is named twice")]
    SameHeader(&'static str),
    /// A fixed text, prefix or label holds what cannot stand in a header, or is too long.
    #[error(
        "{0:?} cannot be a fixed text of a scheme: it takes visible ASCII, at most 128 characters"
    )]
    Text(&'static str),
    /// A labelled header has no labels, the same one twice, one that holds a separator, or separators that
    /// are equal, not ASCII, or within the characters of a signature or a time.
    #[error(
        "a labelled header needs two different separators that no signature holds, and different labels \
         without them"
    )]
    Labels,
    /// A labelled header has labels before its signatures, and no prefix.
    #[error("a labelled header has no prefix: it has no effect there")]
    PrefixUnused,
    /// A time, id or URL is told and not signed, so that whoever sends the request chooses it.
    #[error("the {0} is in a header and is not signed: anybody could change it")]
    Unsigned(&'static str),
    /// A time or id is signed and it is not said where it is.
    #[error("the {0} is signed, and the scheme does not say which header holds it")]
    Nowhere(&'static str),
    /// More than seven parts are signed before the body.
    #[error("a scheme signs at most seven parts before the body")]
    TooManyParts,
    /// A part is signed twice.
    #[error("the {0} is signed twice")]
    Twice(&'static str),
    /// Two messages could be signed by the same bytes.
    #[error(
        "the {0} needs a text after it that it cannot hold itself: two messages could look the same"
    )]
    Ambiguous(&'static str),
}

impl Scheme {
    /// Checks a scheme of one's own. Verifiers and signers do so themselves; a test can do it earlier.
    ///
    /// # Errors
    ///
    /// [`SchemeError`], the first one found.
    pub fn check(&self) -> Result<(), SchemeError> {
        if !is_token(self.name) {
            return Err(SchemeError::Name(self.name));
        }
        self.check_headers()?;
        self.check_layout()?;
        self.check_signed()?;
        self.check_ambiguity()
    }

    fn check_headers(&self) -> Result<(), SchemeError> {
        for (position, name) in self.headers().enumerate() {
            if !is_token(name) {
                return Err(SchemeError::HeaderName(name));
            }
            if self.headers().skip(position + 1).any(|other| other.eq_ignore_ascii_case(name)) {
                return Err(SchemeError::SameHeader(name));
            }
        }
        Ok(())
    }

    fn check_layout(&self) -> Result<(), SchemeError> {
        if self.misplaced_prefix {
            return Err(SchemeError::PrefixUnused);
        }
        let (separator, assign, labels) = match self.layout {
            Layout::Single { prefix, .. } if is_fixed_text(prefix) => {
                return if let TimeField::Label(_) = self.time {
                    Err(SchemeError::Labels)
                } else {
                    Ok(())
                };
            }
            Layout::Single { prefix, .. } => return Err(SchemeError::Text(prefix)),
            Layout::Labelled { separator, assign, labels } => (separator, assign, labels),
        };
        let time = if let TimeField::Label(label) = self.time { Some(label) } else { None };
        let all = || labels.iter().map(|(label, _)| *label).chain(time);
        let separates = |byte: u8| byte == separator || byte == assign;
        let wrong = labels.is_empty()
            || separator == assign
            || !(b' '..0x7f).contains(&separator)
            || may_hold(self.encoding, separator)
            || !(b'!'..0x7f).contains(&assign)
            || all().any(|label| label.is_empty() || label.bytes().any(separates))
            || all().enumerate().any(|(at, label)| all().skip(at + 1).any(|other| other == label));
        if wrong {
            return Err(SchemeError::Labels);
        }
        all()
            .find(|label| !is_fixed_text(label))
            .map_or(Ok(()), |label| Err(SchemeError::Text(label)))
    }

    fn check_signed(&self) -> Result<(), SchemeError> {
        let in_header = matches!(self.time, TimeField::Header(_) | TimeField::Label(_));
        for (part, told, word) in
            [(Part::Id, self.id.is_some(), "message id"), (Part::Time, in_header, "time")]
        {
            match (told, self.signed.contains(&part)) {
                (true, false) => return Err(SchemeError::Unsigned(word)),
                (false, true) => return Err(SchemeError::Nowhere(word)),
                _ => {}
            }
        }
        if self.signed.len() > MAX_PARTS {
            return Err(SchemeError::TooManyParts);
        }
        for (part, word) in [(Part::Id, "message id"), (Part::Time, "time"), (Part::Url, "URL")] {
            if self.signed.iter().filter(|signed| **signed == part).count() > 1 {
                return Err(SchemeError::Twice(word));
            }
        }
        if let TimeField::Body(member) = self.time
            && (member.is_empty() || !is_fixed_text(member))
        {
            return Err(SchemeError::Text(member));
        }
        for part in self.signed {
            if let Part::Text(text) = part
                && (text.is_empty() || text.len() > MAX_TEXT)
            {
                return Err(SchemeError::Text(text));
            }
        }
        Ok(())
    }

    /// What is read from headers is followed by a text that it cannot hold: an id by any (ids are refused
    /// that hold its first byte), a time by one that begins with no digit. A time may also stand right
    /// before the body: it then has ten digits, no more and no less.
    fn check_ambiguity(&self) -> Result<(), SchemeError> {
        for (at, part) in self.signed.iter().enumerate() {
            let next = self.signed.get(at + 1);
            let clear = match (part, next) {
                (Part::Id, next) => matches!(next, Some(Part::Text(_))),
                (Part::Time, Some(Part::Text(text))) => {
                    !text.starts_with(|c: char| c.is_ascii_digit())
                }
                (Part::Time, Some(_)) => false,
                (Part::Text(_) | Part::Url, _) | (Part::Time, None) => true,
            };
            if !clear {
                return Err(SchemeError::Ambiguous(if *part == Part::Id {
                    "message id"
                } else {
                    "time"
                }));
            }
        }
        Ok(())
    }

    /// The byte that no message id may hold: the first of the text that follows it.
    pub(crate) fn ends_id(&self) -> Option<u8> {
        let at = self.signed.iter().position(|part| *part == Part::Id)?;
        match self.signed.get(at + 1)? {
            Part::Text(text) => text.bytes().next(),
            _ => None,
        }
    }

    /// Whether the time stands right before the body, so that its length must be known.
    pub(crate) fn time_meets_body(&self) -> bool {
        self.signed.last() == Some(&Part::Time)
    }
}

/// A token of RFC 9110 section 5.6.2.
fn is_token(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=MAX_TEXT).contains(&name.len()) && name.bytes().all(allowed)
}

fn is_fixed_text(text: &str) -> bool {
    text.len() <= MAX_TEXT && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a signature or a time may hold this byte, which would then cut it in two.
fn may_hold(encoding: Encoding, byte: u8) -> bool {
    let signs: &[u8] = match encoding {
        Encoding::LowerHex | Encoding::UpperHex => b"",
        Encoding::Base64 => b"+/=",
        Encoding::Base64Url => b"-_",
    };
    byte.is_ascii_alphanumeric() || signs.contains(&byte)
}
