//! The strict reader of the `Cookie` header.

use subtle::ConstantTimeEq;

/// The most bytes that the `Cookie` fields of a request may have together. More is refused unread.
///
/// A browser keeps cookies of 4 KiB, and servers take headers of 8 to 64 KiB; sixteen are room for four
/// large cookies.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Why the cookies of a request are not read.
///
/// The user is not signed in by such a request. It says nothing of the session, which may be sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieRefused {
    /// The cookie is there more than once with different values, and nothing says which of them this
    /// service has set: another host of the domain may have planted one.
    ///
    /// Answering with [`CookieSpec::remove`](super::CookieSpec::remove) makes it worse: it removes the right
    /// one and leaves the planted one to be the only one. Where the second is the service's own, from a
    /// time when the cookie had another scope, remove that with a spec of the old scope.
    #[error("the request has the same cookie twice, with different values")]
    Ambiguous,
    /// A control character stands somewhere in the header, or the value is not UTF-8. No browser sends the
    /// former, and this crate sets neither.
    #[error("the cookies of the request are malformed")]
    Malformed,
    /// The header has more than [`MAX_HEADER_BYTES`].
    #[error("the request has too many or too long cookies")]
    TooLarge,
}

impl CookieRefused {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Ambiguous => "cookie_ambiguous",
            Self::Malformed => "cookie_malformed",
            Self::TooLarge => "cookie_too_large",
        }
    }
}

/// The value of the cookie with exactly this name, or `None`; it borrows and allocates nothing.
///
/// `headers` are the `Cookie` fields of a request in any number, as text or bytes. They are split at `;`,
/// each part is trimmed of spaces and tabs and of nothing else, and split at its first `=`. Names are
/// compared byte by byte, values returned as they stand: nothing is decoded or unquoted, and a value may be
/// empty. The same cookie may be there several times with the same value. Other cookies may hold what they
/// like but control characters: they belong to others.
///
/// # Errors
///
/// [`CookieRefused`], and of several reasons the one that needs the least reading: the size, then
/// malformed, then ambiguous.
///
/// # Security
///
/// Readers that trim more, Unicode spaces for one, let a page of a sibling host set a cookie whose name
/// becomes `__Host-…` only on the server.
///
/// # Examples
///
/// ```
/// use palisade_session::cookie::{CookieRefused, read_one};
///
/// assert_eq!(read_one(["a=1; b=2"], "b"), Ok(Some("2")));
/// assert_eq!(read_one(["a=1", "b=2"], "B"), Ok(None));
/// assert_eq!(read_one(["a=1; a=2"], "a"), Err(CookieRefused::Ambiguous));
/// assert_eq!(read_one([b"a=1; latin=\xe9"], "a"), Ok(Some("1")));
/// ```
pub fn read_one<'h, I, H>(headers: I, name: &str) -> Result<Option<&'h str>, CookieRefused>
where
    I: IntoIterator<Item = &'h H>,
    H: AsRef<[u8]> + ?Sized + 'h,
{
    let mut scan = Scan { name: name.as_bytes(), room: MAX_HEADER_BYTES, ..Scan::default() };
    for header in headers {
        scan.field(header.as_ref())?;
    }
    scan.finish()
}

/// What was seen so far. Each field is counted before it is looked at, and a verdict waits for the end,
/// since any later field may be one too many.
#[derive(Default)]
struct Scan<'n, 'h> {
    name: &'n [u8],
    room: usize,
    found: Option<&'h [u8]>,
    malformed: bool,
    ambiguous: bool,
}

impl<'h> Scan<'_, 'h> {
    fn field(&mut self, field: &'h [u8]) -> Result<(), CookieRefused> {
        self.room = self.room.checked_sub(field.len()).ok_or(CookieRefused::TooLarge)?;
        self.malformed |= field.iter().any(|&byte| byte != b'\t' && byte.is_ascii_control());
        for pair in field.split(|&byte| byte == b';') {
            let Some(equals) = pair.iter().position(|&byte| byte == b'=') else { continue };
            let (name, value) = (trim(&pair[..equals]), trim(&pair[equals + 1..]));
            if name == self.name && !name.is_empty() {
                self.value(value);
            }
        }
        Ok(())
    }

    /// A cookie may be repeated with the value it has. The comparison takes the same time wherever they
    /// differ: one of the two may be a guess at the other.
    fn value(&mut self, value: &'h [u8]) {
        let first = *self.found.get_or_insert(value);
        self.ambiguous |= !bool::from(first.ct_eq(value));
    }

    fn finish(self) -> Result<Option<&'h str>, CookieRefused> {
        if self.malformed {
            return Err(CookieRefused::Malformed);
        }
        if self.ambiguous {
            return Err(CookieRefused::Ambiguous);
        }
        self.found
            .map(|value| str::from_utf8(value).map_err(|_| CookieRefused::Malformed))
            .transpose()
    }
}

/// Without spaces and tabs at either end, which is all the white space there is in a header.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}
