//! How a [`Hasher`] is put together.

use std::sync::Arc;
use std::time::SystemTime;

use palisade_secret::{Keyring, MacKey, SecretBytes};

use crate::error::TooCostly;
use crate::hasher::{Inner, UnknownUsers};
use crate::inline::Inline;
use crate::{
    Argon2id, Backend, Hasher, LegacyScheme, Limits, Mint, Normalization, SchemeMix, Schemes,
    VerifyError,
};

/// Puts a [`Hasher`] together; see [`Hasher::builder`].
#[derive(Debug)]
pub struct HasherBuilder {
    mint: Mint,
    accept: Schemes,
    limits: Limits,
    normalization: Normalization,
    peppers: Option<Keyring<MacKey>>,
    unpeppered_until: Option<SystemTime>,
    legacy: Vec<Arc<dyn LegacyScheme>>,
    argon2_secrets: Vec<(Option<Vec<u8>>, SecretBytes)>,
    unknown_users: Option<(SchemeMix, MacKey)>,
    backend: Backend,
}

impl HasherBuilder {
    pub(crate) fn new() -> Self {
        Self {
            mint: Argon2id::OWASP.into(),
            accept: Schemes::ALL,
            limits: Limits::default(),
            normalization: Normalization::default(),
            peppers: None,
            unpeppered_until: None,
            legacy: Vec::new(),
            argon2_secrets: Vec::new(),
            unknown_users: None,
            backend: Backend::default(),
        }
    }

    /// What new hashes are made with: an [`Argon2id`] or a [`Bcrypt`](crate::Bcrypt). The default is
    /// [`Argon2id::OWASP`].
    #[must_use]
    pub fn mint(mut self, mint: impl Into<Mint>) -> Self {
        self.mint = mint.into();
        self
    }

    /// The schemes that stored hashes may be of. The default is [`Schemes::ALL`]. Of a wrapped hash, the
    /// outer scheme counts, which is Argon2id; only [`Scheme::Bcrypt2x`](crate::Scheme::Bcrypt2x) has to be
    /// accepted there too.
    #[must_use]
    pub fn accept(mut self, schemes: Schemes) -> Self {
        self.accept = schemes;
        self
    }

    /// How much work a stored hash may ask for.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The form of Unicode that passwords are brought to. A setting of the store, to be made once.
    #[must_use]
    pub fn normalization(mut self, form: Normalization) -> Self {
        self.normalization = form;
        self
    }

    /// The peppers. New hashes are made under the primary; those under another verify, and ask to be
    /// rehashed.
    ///
    /// From now on, stored hashes without a pepper are refused, or whoever can write to the table could
    /// plant one. While old rows are there, allow them with
    /// [`accept_unpeppered_until`](Self::accept_unpeppered_until).
    #[must_use]
    pub fn peppers(mut self, ring: Keyring<MacKey>) -> Self {
        self.peppers = Some(ring);
        self
    }

    /// Until when stored hashes without a pepper are accepted beside those that have one.
    #[must_use]
    pub fn accept_unpeppered_until(mut self, end: SystemTime) -> Self {
        self.unpeppered_until = Some(end);
        self
    }

    /// A scheme of the team's own.
    #[must_use]
    pub fn legacy(mut self, scheme: impl LegacyScheme) -> Self {
        self.legacy.push(Arc::new(scheme));
        self
    }

    /// The secret `K` (RFC 9106 section 3.1) that Argon2 rows of another system were made with: those
    /// that name this `keyid`, or with none those that name none.
    ///
    /// New hashes are made under a pepper instead, and without one this is refused: their rows could
    /// not be told from the old ones.
    #[must_use]
    pub fn argon2_secret(mut self, key_id: Option<&[u8]>, secret: SecretBytes) -> Self {
        self.argon2_secrets.push((key_id.map(<[u8]>::to_vec), secret));
        self
    }

    /// What the store holds, so that a login name that nobody has costs the same as one of its users;
    /// and the key that decides which kind such a name is given. Give every process the same key, and count
    /// again from time to time ([`Hasher::update_mix`]).
    ///
    /// Without this, such a name costs what a new hash costs, which is right for a store that holds
    /// nothing else.
    #[must_use]
    pub fn unknown_users(mut self, mix: SchemeMix, key: MacKey) -> Self {
        self.unknown_users = Some((mix, key));
        self
    }

    /// Which code computes Argon2.
    #[must_use]
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Checks that the parts fit together.
    ///
    /// # Errors
    ///
    /// [`BuildError`].
    pub fn build(self) -> Result<Hasher, BuildError> {
        if self.unpeppered_until.is_some() && self.peppers.is_none() {
            return Err(BuildError::AllowanceWithoutPepper);
        }
        if !self.argon2_secrets.is_empty() && self.peppers.is_none() {
            return Err(BuildError::Argon2SecretWithoutPepper);
        }
        let secrets = self.argon2_secrets.into_iter().map(|(id, secret)| {
            let id =
                id.map(|id| Inline::copy_of(&id).ok_or(BuildError::Argon2KeyId)).transpose()?;
            Ok((id, secret))
        });
        let argon2_secrets: Vec<(Option<Inline<8>>, _)> = secrets.collect::<Result<_, _>>()?;
        let mut ids: Vec<_> =
            argon2_secrets.iter().map(|(id, _)| id.as_ref().map(Inline::as_slice)).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(BuildError::Argon2KeyId);
        }
        let mut prefixes: Vec<_> = self.legacy.iter().map(|scheme| scheme.prefix()).collect();
        prefixes.sort_unstable();
        let is_ours = |prefix: &&str| {
            let layers = [crate::pepper::PREFIX, crate::stored::WRAP_PREFIX];
            crate::plain::is_known(prefix) || layers.iter().any(|layer| prefix.starts_with(layer))
        };
        let overlap = prefixes.windows(2).any(|pair| pair[1].starts_with(pair[0]));
        if overlap || prefixes.iter().any(is_ours) {
            return Err(BuildError::LegacyPrefix);
        }
        let hasher = Hasher::from_inner(Inner {
            mint: self.mint,
            accept: self.accept,
            limits: self.limits,
            normalization: self.normalization,
            peppers: self.peppers,
            unpeppered_until: self.unpeppered_until,
            legacy: self.legacy,
            argon2_secrets,
            unknown_users: self.unknown_users.map(|(mix, key)| UnknownUsers::new(&mix, key)),
            backend: self.backend,
        });
        hasher.check_own_mint().map_err(|error| match error {
            VerifyError::TooCostly(error) => BuildError::MintAboveLimits(error),
            _ => BuildError::MintNotAccepted,
        })?;
        Ok(hasher)
    }
}

/// The parts of a [`Hasher`] do not fit together.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// New hashes would be above the limits, and nobody could log in with them.
    #[error("new hashes would be above the limits for stored ones: {0}")]
    MintAboveLimits(TooCostly),
    /// New hashes would be of a scheme that is not accepted.
    #[error("new hashes would be of a scheme that is not accepted")]
    MintNotAccepted,
    /// There is an allowance for hashes without a pepper, and no pepper.
    #[error("an allowance for hashes without a pepper needs a pepper")]
    AllowanceWithoutPepper,
    /// There is an Argon2 secret, and no pepper for new hashes.
    #[error("an Argon2 secret for old rows needs a pepper for new ones")]
    Argon2SecretWithoutPepper,
    /// The `keyid` of an Argon2 secret has more than 8 bytes, or there are two of it.
    #[error("the key id of an Argon2 secret has at most 8 bytes, and there is one secret for each")]
    Argon2KeyId,
    /// Text of one legacy scheme would begin like text of another, or of this crate.
    #[error(
        "the prefix of a legacy scheme begins like that of another, or like a scheme of this crate"
    )]
    LegacyPrefix,
}
