//! Where headers are read from.

/// The header fields of a request.
///
/// Implemented for pairs of name and value in a slice, an array or a `Vec`, and for `HeaderMap` with the
/// feature `http`. An implementation for another framework is a few lines.
///
/// # Examples
///
/// ```
/// use palisade_webhook::Headers;
///
/// let headers = [("X-Hub-Signature-256", "sha256=…"), ("Host", "example.com")];
/// assert_eq!(headers.values("x-hub-signature-256").count(), 1);
/// ```
pub trait Headers {
    /// The values of all fields of this name, each as it stands. Names are equal whatever their case.
    ///
    /// # Security
    ///
    /// Every one of them: a field that comes twice is refused, and a library that keeps only the first or
    /// the last hides it.
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]>;
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for [(N, V)] {
    #[inline]
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.iter()
            .filter(move |(given, _)| given.as_ref().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const LEN: usize> Headers for [(N, V); LEN] {
    #[inline]
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.as_slice().values(name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    #[inline]
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.as_slice().values(name)
    }
}

impl<T: Headers + ?Sized> Headers for &T {
    #[inline]
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        (**self).values(name)
    }
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    #[inline]
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.get_all(name).into_iter().map(http::HeaderValue::as_bytes)
    }
}
