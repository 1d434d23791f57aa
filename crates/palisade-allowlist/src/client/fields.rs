//! Where headers are read from.

/// The header fields of a request.
///
/// Implemented for pairs of name and value in a slice, an array or a `Vec`, and for `HeaderMap` with the feature
/// `http`. An implementation for another framework is a few lines.
///
/// # Examples
///
/// ```
/// use palisade_allowlist::FieldLines;
///
/// let headers = [("X-Forwarded-For", "192.0.2.7"), ("Host", "example.com"), ("x-forwarded-for", "10.0.0.1")];
/// let lines: Vec<&[u8]> = headers.field_lines("x-forwarded-for").collect();
/// assert_eq!(lines, [b"192.0.2.7".as_slice(), b"10.0.0.1"]);
/// ```
pub trait FieldLines {
    /// The values of all field lines of this name, in the order of the message, each as it stands. Names are equal
    /// whatever their case.
    ///
    /// # Security
    ///
    /// Every line, and in order: proxies append to the last one, so whoever drops or reorders lines lets clients
    /// choose their address.
    fn field_lines<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]>;
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FieldLines for [(N, V)] {
    #[inline]
    fn field_lines<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(given, _)| given.as_ref().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const LEN: usize> FieldLines for [(N, V); LEN] {
    #[inline]
    fn field_lines<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.as_slice().field_lines(name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FieldLines for Vec<(N, V)> {
    #[inline]
    fn field_lines<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.as_slice().field_lines(name)
    }
}

impl<T: FieldLines + ?Sized> FieldLines for &T {
    #[inline]
    fn field_lines<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        (**self).field_lines(name)
    }
}

#[cfg(feature = "http")]
impl FieldLines for http::HeaderMap {
    #[inline]
    fn field_lines<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.get_all(name).iter().map(http::HeaderValue::as_bytes)
    }
}
