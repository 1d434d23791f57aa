//! From where a request comes.

use std::fmt;
use std::net::IpAddr;

use crate::DeviceLabel;

/// From where a request comes, as far as the service knows.
///
/// # Security
///
/// An address from a proxy's header is only as good as the proxy: take the one that was resolved against
/// the proxies you trust. A user agent is whatever the client says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'r> {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The `User-Agent` header.
    pub user_agent: Option<&'r str>,
}

impl<'r> Origin<'r> {
    /// Nothing is known of it.
    #[must_use]
    pub fn unknown() -> Self {
        Self::default()
    }

    /// From this address.
    #[must_use]
    pub fn address(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// From this user agent.
    #[must_use]
    pub fn user_agent(mut self, user_agent: &'r str) -> Self {
        self.user_agent = Some(user_agent);
        self
    }
}

/// What a client called itself: at most 256 bytes, without control characters.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "String", into = "String"))]
pub struct UserAgent(Box<str>);

impl UserAgent {
    /// The most bytes that are kept.
    pub const MAX_LEN: usize = 256;

    /// Keeps what can be kept of a header; the rest is cut off.
    #[must_use]
    pub fn cut(header: &str) -> Self {
        let mut kept = String::new();
        for c in header.chars().filter(|c| !c.is_control()) {
            if kept.len() + c.len_utf8() > Self::MAX_LEN {
                break;
            }
            kept.push(c);
        }
        Self(kept.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for UserAgent {
    fn from(text: String) -> Self {
        Self::cut(&text)
    }
}

impl From<UserAgent> for String {
    fn from(agent: UserAgent) -> String {
        agent.0.into()
    }
}

impl fmt::Debug for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserAgent({:?})", self.0)
    }
}

/// Browsers, with the word that tells each; those that claim to be others as well come first.
const BROWSERS: [(&str, &str); 10] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
];

/// Systems, likewise: Android says Linux too, and an iPhone says "like Mac OS X".
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

impl DeviceLabel {
    /// What a customer recognises in a `User-Agent` header, such as `Firefox on Linux`, made of known
    /// words alone. `None` when neither browser nor system is known.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_session::DeviceLabel;
    ///
    /// let label = DeviceLabel::of_user_agent(
    ///     "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    /// );
    /// assert_eq!(label.unwrap().as_str(), "Firefox on Linux");
    /// ```
    #[must_use]
    pub fn of_user_agent(header: &str) -> Option<Self> {
        let find = |table: &[(&str, &'static str)]| {
            table.iter().find(|(word, _)| header.contains(word)).map(|(_, name)| *name)
        };
        match (find(&BROWSERS), find(&SYSTEMS)) {
            (None, None) => None,
            (browser, system) => Some(Self::of_words(
                browser.unwrap_or("Unknown browser"),
                system.unwrap_or("an unknown system"),
            )),
        }
    }
}
