//! Which code computes Argon2.

/// Which code computes Argon2. The digests are the same to the bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// The `argon2` crate.
    #[default]
    Portable,
    /// The `argon2-rust` crate: SIMD written by hand and chosen at run time, two to three times as fast.
    ///
    /// # Security
    ///
    /// That crate holds much `unsafe` code and, by its own words, has **not been audited**. Our tests
    /// compare its digests with those of the default over random parameters, which says nothing of
    /// memory safety.
    #[cfg(feature = "simd")]
    Simd,
}
