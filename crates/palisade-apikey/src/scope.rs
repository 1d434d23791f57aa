//! What a key may do.

use std::fmt;
use std::str::FromStr;

use crate::text::converts_as_text;

/// The longest resource name, in bytes.
const MAX_RESOURCE: usize = 64;

/// How much a scope allows. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// To look.
    Read,
    /// To look and to change.
    Write,
    /// Everything.
    Admin,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// One permission: a level on everything (`read`, `write`, `admin`) or on one resource
/// (`read:controls`).
///
/// A scope covers another when its level is at least as high and it speaks of everything or of the
/// same resource.
///
/// # Examples
///
/// ```
/// use palisade_apikey::Scope;
///
/// let write: Scope = "write:evidence".parse()?;
/// assert!(write.covers(&"read:evidence".parse()?));
/// assert!(!write.covers(&"read:controls".parse()?));
/// assert!("admin".parse::<Scope>()?.covers(&write));
/// # Ok::<(), palisade_apikey::InvalidScope>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Scope {
    /// `None` is everything, and sorts first.
    resource: Option<String>,
    level: Level,
}

impl Scope {
    /// This level on everything.
    #[must_use]
    pub fn everything(level: Level) -> Self {
        Self { resource: None, level }
    }

    /// This level on one resource, whose name is 1 to 64 of `a-z 0-9 . _ -`.
    ///
    /// # Errors
    ///
    /// [`InvalidScope::Grammar`] when the name is not of that form.
    pub fn on(level: Level, resource: &str) -> Result<Self, InvalidScope> {
        let allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if resource.is_empty() || resource.len() > MAX_RESOURCE || !resource.bytes().all(allowed) {
            return Err(InvalidScope::Grammar);
        }
        Ok(Self { resource: Some(resource.to_owned()), level })
    }

    /// How much it allows.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// On what; `None` is everything.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// Whether whoever has this scope may do what `needed` stands for.
    #[must_use]
    pub fn covers(&self, needed: &Self) -> bool {
        self.level >= needed.level && (self.resource.is_none() || self.resource == needed.resource)
    }

    /// The greatest scope that both cover.
    fn meet(&self, other: &Self) -> Option<Self> {
        let level = self.level.min(other.level);
        let resource = match (&self.resource, &other.resource) {
            (None, any) | (any, None) => any.clone(),
            (Some(a), Some(b)) if a == b => Some(a.clone()),
            _ => return None,
        };
        Some(Self { resource, level })
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let (level, resource) = match text.split_once(':') {
            Some((level, resource)) => (level, Some(resource)),
            None => (text, None),
        };
        let level = match level {
            "read" => Level::Read,
            "write" => Level::Write,
            "admin" => Level::Admin,
            _ => return Err(InvalidScope::Grammar),
        };
        resource.map_or(Ok(Self::everything(level)), |resource| Self::on(level, resource))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.level.as_str())?;
        self.resource.as_ref().map_or(Ok(()), |resource| write!(f, ":{resource}"))
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({self})")
    }
}

converts_as_text!(Scope, InvalidScope, |scope: Scope| scope.to_string());

/// A set of scopes, kept in its shortest form: sorted, and without those that another covers.
///
/// As text, the scopes stand in a row with a space between (RFC 6749 section 3.3).
///
/// # Examples
///
/// ```
/// use palisade_apikey::Scopes;
///
/// let granted: Scopes = "write:evidence read:evidence read:controls".parse()?;
/// assert_eq!(granted.to_string(), "read:controls write:evidence");
///
/// let needed: Scopes = "read:evidence write:controls".parse()?;
/// assert_eq!(granted.missing(&needed).to_string(), "write:controls");
/// # Ok::<(), palisade_apikey::InvalidScope>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// The most scopes that text may list.
    pub const MAX: usize = 64;

    /// No scope at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether there is no scope.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes, sorted; none covers another.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether one of the scopes covers `needed`.
    #[must_use]
    pub fn covers(&self, needed: &Scope) -> bool {
        self.0.iter().any(|scope| scope.covers(needed))
    }

    /// Those of `needed` that this set does not cover: what a refusal names.
    #[must_use]
    pub fn missing(&self, needed: &Self) -> Self {
        Self(needed.0.iter().filter(|scope| !self.covers(scope)).cloned().collect())
    }

    /// What either set allows.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).cloned().collect()
    }

    /// What both sets allow.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.0.iter().flat_map(|a| other.0.iter().filter_map(|b| a.meet(b))).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut all: Vec<Scope> = scopes.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        let shortest = |scope: &&Scope| !all.iter().any(|by| by != *scope && by.covers(scope));
        Self(all.iter().filter(shortest).cloned().collect())
    }
}

impl FromStr for Scopes {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let mut scopes = Vec::new();
        for part in text.split(' ').filter(|part| !part.is_empty()) {
            if scopes.len() == Self::MAX {
                return Err(InvalidScope::TooMany);
            }
            scopes.push(part.parse()?);
        }
        Ok(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            write!(f, "{}{scope}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

converts_as_text!(Scopes, InvalidScope, |scopes: Scopes| scopes.to_string());

/// Text that is no scope, or no set of scopes. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScope {
    /// A scope is not of the documented form.
    #[error(
        "a scope is `read`, `write` or `admin`, alone or with a resource as in `read:controls` (1 to {MAX_RESOURCE} of a-z 0-9 . _ -)"
    )]
    Grammar,
    /// There are more scopes than anyone needs.
    #[error("more than {} scopes", Scopes::MAX)]
    TooMany,
}
