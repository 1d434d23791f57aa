//! What a stored hash says of itself.

use std::fmt;

use palisade_secret::KeyId;

use crate::plain::{Plain, Settings};
use crate::scheme::bcrypt::Prehash;
use crate::stored::{Hash, Stored};
use crate::{Argon2Version, Scheme};

/// What a stored hash says of itself: everything but its salt and digest.
///
/// `Display` puts it in one line, the outermost first, such as
/// `hmac-sha256 pepper=2026a, argon2id v=19 m=19456 t=2 p=1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    wrap: Option<(Option<KeyId>, Layer)>,
    pepper: Option<KeyId>,
    layer: Layer,
    memory_bytes: u64,
}

/// One hash.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Layer {
    scheme: Scheme,
    legacy: Option<&'static str>,
    parameters: Vec<(&'static str, String)>,
}

impl Inspection {
    pub(crate) fn of(stored: &Stored<'_>) -> Self {
        let wrap = stored.wrap.as_ref();
        Self {
            wrap: wrap.map(|wrap| (wrap.pepper, Layer::of_plain(&wrap.outer))),
            pepper: stored.pepper,
            layer: match &stored.hash {
                Hash::Plain(plain) => Layer::of_plain(plain),
                Hash::Legacy(hash) => Layer {
                    scheme: Scheme::Legacy,
                    legacy: Some(hash.scheme.name()),
                    parameters: match hash.scheme.cost(hash.head) {
                        cost if cost.is_empty() => Vec::new(),
                        cost => vec![("cost", cost)],
                    },
                },
            },
            memory_bytes: stored.memory().total(),
        }
    }

    /// The scheme of the hash; of a wrapped one, the scheme that was there before.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.layer.scheme
    }

    /// The name of the [`LegacyScheme`](crate::LegacyScheme), if it is one.
    #[must_use]
    pub fn legacy_name(&self) -> Option<&'static str> {
        self.layer.legacy
    }

    /// The parameters of that scheme by the names that it uses in its strings.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.layer.parameters.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Whether it is wrapped.
    #[must_use]
    pub fn is_wrapped(&self) -> bool {
        self.wrap.is_some()
    }

    /// The parameters of the Argon2id around it, if it is wrapped.
    pub fn wrap_parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let layer = self.wrap.iter().flat_map(|(_, layer)| &layer.parameters);
        layer.map(|(name, value)| (*name, value.as_str()))
    }

    /// The ids of the peppers that it was made under, the outermost first.
    pub fn peppers(&self) -> impl Iterator<Item = &KeyId> {
        self.wrap.iter().filter_map(|(pepper, _)| pepper.as_ref()).chain(&self.pepper)
    }

    /// Bytes of memory that verifying takes, beside a few KiB.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }
}

impl Layer {
    fn of_plain(plain: &Plain<'_>) -> Self {
        let parameters = match &plain.settings {
            Settings::Argon2(argon2) => {
                let version = match argon2.version {
                    Argon2Version::V0x10 => "16",
                    Argon2Version::V0x13 => "19",
                };
                let mut parameters = vec![
                    ("v", version.to_owned()),
                    ("m", argon2.memory_kib.to_string()),
                    ("t", argon2.passes.to_string()),
                    ("p", argon2.lanes.to_string()),
                ];
                if let Some(id) = &argon2.secret_id {
                    let id = crate::encoding::Encoding::Phc.encode(id.as_slice());
                    parameters.push(("keyid", id.to_string()));
                }
                parameters
            }
            Settings::Bcrypt(bcrypt) => {
                let prehash = match bcrypt.prehash {
                    Prehash::None => None,
                    Prehash::PasslibV1 => Some("passlib-1"),
                    Prehash::PasslibV2 => Some("passlib-2"),
                    Prehash::Django => Some("django"),
                };
                let mut parameters = vec![
                    ("version", bcrypt.version.name().to_owned()),
                    ("cost", bcrypt.cost.to_string()),
                ];
                parameters.extend(prehash.map(|prehash| ("prehash", prehash.to_owned())));
                parameters
            }
            Settings::Scrypt(scrypt) => {
                vec![
                    ("ln", scrypt.log_n.to_string()),
                    ("r", scrypt.r.to_string()),
                    ("p", scrypt.p.to_string()),
                ]
            }
            Settings::Pbkdf2(pbkdf2) => {
                let mut parameters = vec![("i", pbkdf2.iterations.to_string())];
                // Of another length than one block of output, the digest has another cost.
                if plain.digest.len() != pbkdf2.block_bytes() {
                    parameters.push(("l", plain.digest.len().to_string()));
                }
                parameters
            }
            Settings::ShaCrypt(sha_crypt) => vec![("rounds", sha_crypt.rounds.to_string())],
        };
        Self { scheme: plain.scheme(), legacy: None, parameters }
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((pepper, layer)) = &self.wrap {
            write_layer(f, *pepper, layer)?;
            f.write_str(", around ")?;
        }
        write_layer(f, self.pepper, &self.layer)
    }
}

fn write_layer(f: &mut fmt::Formatter<'_>, pepper: Option<KeyId>, layer: &Layer) -> fmt::Result {
    if let Some(pepper) = pepper {
        write!(f, "hmac-sha256 pepper={pepper}, ")?;
    }
    f.write_str(layer.legacy.unwrap_or(layer.scheme.name()))?;
    for (name, value) in &layer.parameters {
        write!(f, " {name}={value}")?;
    }
    Ok(())
}
