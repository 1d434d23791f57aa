//! The memory that Argon2 fills, kept from one hash to the next.

use argon2::Block;
use zeroize::Zeroize;

use crate::{Argon2Version, Backend, Scheme};

/// The system gave no memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoMemory;

/// One computation of Argon2.
pub(crate) struct Fill<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) version: Argon2Version,
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
    pub(crate) password: &'a [u8],
    pub(crate) salt: &'a [u8],
    pub(crate) secret: &'a [u8],
    pub(crate) data: &'a [u8],
}

/// Memory for one hash at a time. It grows to the largest hash that it was used for, is wiped by
/// [`wipe`](Self::wipe) and when it is dropped, and is given back when it is dropped.
pub(crate) struct Workspace {
    blocks: Blocks,
    /// Whether it may hold what came of a password.
    used: bool,
}

enum Blocks {
    Portable(Vec<Block>),
    #[cfg(feature = "simd")]
    Simd(Box<argon2_rust::Hasher>),
}

impl Workspace {
    pub(crate) fn new(backend: Backend) -> Self {
        let blocks = match backend {
            Backend::Portable => Blocks::Portable(Vec::new()),
            #[cfg(feature = "simd")]
            Backend::Simd => {
                let any = argon2_rust::Params::default();
                let (algorithm, version) =
                    (argon2_rust::Algorithm::Argon2id, argon2_rust::Version::V0x13);
                Blocks::Simd(Box::new(argon2_rust::Argon2::new(algorithm, version, any).hasher()))
            }
        };
        Self { blocks, used: false }
    }

    /// How many bytes it holds on to.
    pub(crate) fn held(&self) -> u64 {
        let blocks = match &self.blocks {
            Blocks::Portable(blocks) => blocks.len(),
            #[cfg(feature = "simd")]
            Blocks::Simd(hasher) => hasher.reserved_blocks(),
        };
        blocks as u64 * Block::SIZE as u64
    }

    /// Whether it may hold what came of a password.
    pub(crate) fn is_used(&self) -> bool {
        self.used
    }

    /// Overwrites what came of passwords. `argon2` itself wipes the first and the last block only.
    pub(crate) fn wipe(&mut self) {
        if !std::mem::take(&mut self.used) {
            return;
        }
        match &mut self.blocks {
            Blocks::Portable(blocks) => wipe(blocks),
            // That crate wipes its arena at the end of each hash.
            #[cfg(feature = "simd")]
            Blocks::Simd(_) => {}
        }
    }

    pub(crate) fn fill(&mut self, fill: &Fill<'_>, out: &mut [u8]) -> Result<(), NoMemory> {
        self.used = true;
        match &mut self.blocks {
            Blocks::Portable(blocks) => fill_portable(blocks, fill, out),
            #[cfg(feature = "simd")]
            Blocks::Simd(hasher) => fill_simd(hasher, fill, out),
        }
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// The fewest blocks of address space that are reserved, one more than 32 MiB; of them only those that
/// are used become memory.
///
/// Above that size glibc maps each allocation by itself and gives it back when it is freed. Smaller ones
/// it keeps in the arenas of its threads, where a mix of sizes adds up to several times the budget.
const LEAST_RESERVED: usize = 32 * 1024 + 1;

fn wipe(blocks: &mut [Block]) {
    blocks.iter_mut().for_each(Zeroize::zeroize);
}

fn fill_portable(blocks: &mut Vec<Block>, fill: &Fill<'_>, out: &mut [u8]) -> Result<(), NoMemory> {
    let algorithm = match fill.scheme {
        Scheme::Argon2d => argon2::Algorithm::Argon2d,
        Scheme::Argon2i => argon2::Algorithm::Argon2i,
        _ => argon2::Algorithm::Argon2id,
    };
    let version = match fill.version {
        Argon2Version::V0x10 => argon2::Version::V0x10,
        Argon2Version::V0x13 => argon2::Version::V0x13,
    };
    let mut params = argon2::ParamsBuilder::new();
    params.m_cost(fill.memory_kib).t_cost(fill.passes).p_cost(fill.lanes).output_len(out.len());
    // The parser saw to all that can be wrong here; what is left is memory.
    if !fill.data.is_empty() {
        params.data(argon2::AssociatedData::new(fill.data).map_err(|_| NoMemory)?);
    }
    let params = params.build().map_err(|_| NoMemory)?;
    let needed = params.block_count();
    if blocks.len() < needed {
        // Given back before more is asked for: the two would add up.
        wipe(blocks);
        *blocks = Vec::new();
        blocks.try_reserve_exact(needed.max(LEAST_RESERVED)).map_err(|_| NoMemory)?;
        blocks.resize(needed, Block::new());
    }
    argon2::Argon2::new_with_secret(fill.secret, algorithm, version, params)
        .and_then(|argon2| {
            argon2.hash_password_into_with_memory(fill.password, fill.salt, out, blocks)
        })
        .map_err(|_| NoMemory)
}

#[cfg(feature = "simd")]
fn fill_simd(
    hasher: &mut argon2_rust::Hasher,
    fill: &Fill<'_>,
    out: &mut [u8],
) -> Result<(), NoMemory> {
    use argon2_rust::params::{Memory, TagLen};

    let algorithm = match fill.scheme {
        Scheme::Argon2d => argon2_rust::Algorithm::Argon2d,
        Scheme::Argon2i => argon2_rust::Algorithm::Argon2i,
        _ => argon2_rust::Algorithm::Argon2id,
    };
    let version = match fill.version {
        Argon2Version::V0x10 => argon2_rust::Version::V0x10,
        Argon2Version::V0x13 => argon2_rust::Version::V0x13,
    };
    let params = argon2_rust::Params::builder()
        .memory(Memory::kib(fill.memory_kib.into()))
        .passes(fill.passes)
        .lanes(fill.lanes)
        .threads(1)
        .tag_len(TagLen::bytes(out.len() as u64))
        .build()
        .map_err(|_| NoMemory)?;
    if hasher.reserved_blocks() < params.memory_blocks() as usize {
        hasher.clear();
    }
    hasher.set_argon2(argon2_rust::Argon2::new(algorithm, version, params));
    hasher
        .hash_into_with_ad(fill.password, fill.salt, fill.secret, fill.data, out)
        .map_err(|_| NoMemory)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn fill(workspace: &mut Workspace, memory_kib: u32) -> [u8; 32] {
        let fill = Fill {
            scheme: Scheme::Argon2id,
            version: Argon2Version::V0x13,
            memory_kib,
            passes: 1,
            lanes: 1,
            password: b"password",
            salt: b"somesalt",
            secret: &[],
            data: &[],
        };
        let mut out = [0; 32];
        workspace.fill(&fill, &mut out).unwrap();
        out
    }

    fn blocks(workspace: &Workspace) -> &[Block] {
        match &workspace.blocks {
            Blocks::Portable(blocks) => blocks,
            #[cfg(feature = "simd")]
            Blocks::Simd(_) => &[],
        }
    }

    fn is_zero(block: &Block) -> bool {
        block.as_ref().iter().all(|word| *word == 0)
    }

    /// `argon2` wipes the first and the last block; all of them came of the password.
    #[test]
    fn every_block_is_wiped() {
        let mut workspace = Workspace::new(Backend::Portable);
        fill(&mut workspace, 64);
        let inner = &blocks(&workspace)[1..63];
        assert!(workspace.is_used() && !inner.iter().any(is_zero));
        workspace.wipe();
        assert!(!workspace.is_used() && blocks(&workspace).iter().all(is_zero));
        assert_eq!(workspace.held(), 64 * 1024);
    }

    #[test]
    fn what_was_there_before_changes_nothing() {
        let fresh = fill(&mut Workspace::new(Backend::Portable), 32);
        let mut workspace = Workspace::new(Backend::Portable);
        for memory_kib in [256, 32, 8, 64] {
            fill(&mut workspace, memory_kib);
        }
        assert_eq!(fill(&mut workspace, 32), fresh);
        assert_eq!(workspace.held(), 256 * 1024, "it never shrinks");
    }
}
