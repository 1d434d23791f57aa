//! Argon2 (RFC 9106) in PHC strings, with or without Django's prefix.

use palisade_secret::SecretBytes;

use crate::encoding::Encoding;
use crate::error::{Cost, Flaw, TooCostly};
use crate::fields::{named, number};
use crate::inline::Inline;
use crate::limits::{Limits, at_most};
use crate::memory::{Fill, NoMemory};
use crate::{Argon2Version, Scheme, Workspace};

/// What a stored Argon2 hash says beside its digest.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) scheme: Scheme,
    pub(crate) version: Argon2Version,
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
    pub(crate) salt: Inline<48>,
    /// The name of an Argon2 secret (`keyid`).
    pub(crate) secret_id: Option<Inline<8>>,
    /// Associated data (`data`).
    pub(crate) data: Inline<32>,
}

/// Bytes in a block of Argon2 (RFC 9106 section 3.2).
const BLOCK: u64 = 1024;

/// The most lanes that Argon2 has (RFC 9106 section 3.1).
const MAX_LANES: u32 = (1 << 24) - 1;

/// `$argon2id$v=19$m=19456,t=2,p=1$<salt>$`: what stands before the digest.
pub(crate) fn parse(head: &str) -> Result<Settings, Flaw> {
    let mut fields = head.split('$').peekable();
    let scheme = match (fields.next(), fields.next()) {
        (Some(""), Some("argon2d")) => Scheme::Argon2d,
        (Some(""), Some("argon2i")) => Scheme::Argon2i,
        (Some(""), Some("argon2id")) => Scheme::Argon2id,
        _ => return Err(Flaw::Fields),
    };
    // A string without a version is of the version before there was that field.
    let version = match fields.next_if(|field| field.starts_with("v=")) {
        None => Argon2Version::V0x10,
        Some(field) => match number(&field[2..])? {
            0x10 => Argon2Version::V0x10,
            0x13 => Argon2Version::V0x13,
            _ => return Err(Flaw::Version),
        },
    };
    let mut params = fields.next().ok_or(Flaw::Fields)?.split(',').peekable();
    let memory_kib = named(params.next(), "m")?;
    let passes = named(params.next(), "t")?;
    let lanes = named(params.next(), "p")?;
    let mut bytes = |name: &str| {
        let value = params.next_if(|param| param.starts_with(name));
        // An empty value is spelt by leaving the field out.
        let decode = |value: &str| Encoding::Phc.decode(value).filter(|_| !value.is_empty());
        value.map(|param| decode(&param[name.len()..]).ok_or(Flaw::Parameter))
    };
    let secret_id: Option<Inline<32>> = bytes("keyid=").transpose()?;
    let secret_id = secret_id.map(|id| Inline::copy_of(id.as_slice()).ok_or(Flaw::Parameter));
    let data = bytes("data=").transpose()?.unwrap_or(Inline::EMPTY);
    let salt = Encoding::Phc.decode(fields.next().ok_or(Flaw::Fields)?).ok_or(Flaw::Salt)?;
    if params.next().is_some() || fields.next() != Some("") || fields.next().is_some() {
        return Err(Flaw::Fields);
    }

    let fits = (1..=MAX_LANES).contains(&lanes) && passes >= 1;
    if !fits || u64::from(memory_kib) < 8 * u64::from(lanes) {
        return Err(Flaw::Parameter);
    }
    if salt.as_slice().len() < 8 {
        return Err(Flaw::Salt);
    }
    let secret_id = secret_id.transpose()?;
    Ok(Settings { scheme, version, memory_kib, passes, lanes, salt, secret_id, data })
}

impl Settings {
    /// The lengths that the PHC string format allows for Argon2.
    pub(crate) fn allows_digest_of(len: usize) -> bool {
        (12..=64).contains(&len)
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        u64::from(self.memory_kib) * BLOCK
    }

    /// Memory times passes: what has to be done, whoever does it.
    pub(crate) fn work_bytes(&self) -> u64 {
        self.memory_bytes().saturating_mul(self.passes.into())
    }

    pub(crate) fn check(&self, limits: &Limits) -> Result<(), TooCostly> {
        at_most(Cost::Memory, self.memory_bytes(), limits.argon2_memory)?;
        at_most(Cost::Passes, self.passes, limits.argon2_passes)?;
        at_most(Cost::Lanes, self.lanes, limits.argon2_lanes)?;
        at_most(Cost::MemoryPasses, self.work_bytes(), limits.argon2_work)
    }

    pub(crate) fn compute(
        &self,
        password: &[u8],
        secret: Option<&SecretBytes>,
        workspace: &mut Workspace,
        out: &mut [u8],
    ) -> Result<(), NoMemory> {
        workspace.fill(
            &Fill {
                scheme: self.scheme,
                version: self.version,
                memory_kib: self.memory_kib,
                passes: self.passes,
                lanes: self.lanes,
                password,
                salt: self.salt.as_slice(),
                secret: secret.map_or(&[], SecretBytes::expose_secret),
                data: self.data.as_slice(),
            },
            out,
        )
    }
}
