//! Retiring a pepper: which keys are still under it, wrapping them, or giving them up.

use std::time::SystemTime;

use palisade_secret::KeyId;

use crate::record::storable;
use crate::store::{KeyStore, SchemeTally, StoreError};
use crate::{
    ApiKeyId, ApiKeys, DigestScheme, KeyDigest, Revocation, RevocationReason, SchemeStanding,
};

/// How many digests are read from the store at once.
const PAGE: usize = 500;

/// How many stored keys have digests of one scheme, and what that means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeReport {
    /// The scheme.
    pub scheme: DigestScheme,
    /// How many keys on it are active: as long as there is one, the peppers it names are needed.
    pub live: u64,
    /// How many keys on it are revoked or expired. They need nothing any more.
    pub dead: u64,
    /// How the scheme stands with the ring.
    pub standing: SchemeStanding,
}

/// What [`ApiKeys::wrap_old_digests`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrapReport {
    /// How many digests now have the primary pepper around them.
    pub wrapped: u64,
    /// How many changed while they were being wrapped, because the key was used.
    pub overtaken: u64,
    /// How many were left alone: wrapped before, or under a pepper that is not in the ring.
    pub left: u64,
}

impl<S: KeyStore> ApiKeys<S> {
    /// How many stored keys are on each scheme: what tells whether a pepper can go.
    ///
    /// A scheme with live keys that is [unusable](SchemeStanding::Unusable) means keys that nobody
    /// can use; a service had better not start with one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn digest_report(&self, now: SystemTime) -> Result<Vec<SchemeReport>, StoreError> {
        let tallies = self.store.count_schemes(now).await?;
        Ok(tallies
            .into_iter()
            .map(|SchemeTally { scheme, live, dead }| {
                let standing = self.digests.standing(&scheme, now);
                SchemeReport { scheme, live, dead, standing }
            })
            .collect())
    }

    /// The live keys on one scheme of the report, in the order of their ids, those after `after`
    /// where it is given, 500 at most: to see whose they are.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn keys_on_scheme(
        &self,
        scheme: &DigestScheme,
        after: Option<&ApiKeyId>,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<ApiKeyId>, StoreError> {
        let page = self.store.digests_of(scheme, after, limit.min(PAGE), now).await?;
        Ok(page.into_iter().map(|(id, _)| id).collect())
    }

    /// Puts the primary pepper around every old digest of a live key, so that keys that nobody uses
    /// no longer depend on their old pepper alone. Safe while the service runs, and safe to run again
    /// after an interruption. `progress` is told how many digests are done.
    ///
    /// The old pepper stays in the ring until the report shows no live key on it: it is still needed
    /// inside the wrapping.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails; what was wrapped until then stays wrapped.
    pub async fn wrap_old_digests(
        &self,
        now: SystemTime,
        mut progress: impl FnMut(u64),
    ) -> Result<WrapReport, StoreError> {
        let mut report = WrapReport::default();
        for SchemeTally { scheme, .. } in self.store.count_schemes(now).await? {
            if self.digests.is_current(&scheme) {
                continue;
            }
            let mut pages = self.pages(&scheme, now);
            while let Some(page) = pages.next().await? {
                for (id, stored) in page {
                    match self.digests.wrap(&stored, now) {
                        Err(_) => report.left += 1,
                        Ok(wrapped) => {
                            if self.store.replace_digest(&id, &stored, &wrapped).await? {
                                report.wrapped += 1;
                            } else {
                                report.overtaken += 1;
                            }
                        }
                    }
                    progress(report.wrapped + report.overtaken + report.left);
                }
            }
        }
        Ok(report)
    }

    /// Gives up a pepper: revokes every live key whose digest needs it, whoever owns the key, and
    /// returns how many. For a pepper that leaked, or was lost, and for what is left on an old one.
    ///
    /// The ring need not hold the pepper. Safe to run again after an interruption; run it again as well
    /// if a process went on issuing keys under the pepper meanwhile. `progress` is told how many keys are
    /// done.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails; what was revoked until then stays revoked.
    pub async fn revoke_under_pepper(
        &self,
        pepper: &KeyId,
        reason: RevocationReason,
        now: SystemTime,
        mut progress: impl FnMut(u64),
    ) -> Result<u64, StoreError> {
        let at = storable(now).unwrap_or(SystemTime::UNIX_EPOCH);
        let _ends = self.cache.ends_generation();
        let mut done = 0;
        // Until a round finds nothing: keys may be issued, moved or wrapped while one goes on.
        loop {
            let before = done;
            for SchemeTally { scheme, .. } in self.store.count_schemes(now).await? {
                if !scheme.needs(pepper) {
                    continue;
                }
                let mut pages = self.pages(&scheme, now);
                while let Some(page) = pages.next().await? {
                    for (id, _) in page {
                        self.store.revoke(&id, Revocation { at, reason }).await?;
                        done += 1;
                        progress(done);
                    }
                }
            }
            if done == before {
                return Ok(done);
            }
        }
    }

    fn pages<'a>(&'a self, scheme: &'a DigestScheme, now: SystemTime) -> Pages<'a, S> {
        Pages { store: &self.store, scheme, now, after: None }
    }
}

/// The live digests of one scheme, page by page in the order of their ids.
struct Pages<'a, S> {
    store: &'a S,
    scheme: &'a DigestScheme,
    now: SystemTime,
    after: Option<ApiKeyId>,
}

impl<S: KeyStore> Pages<'_, S> {
    /// The next page, or nothing after the last.
    async fn next(&mut self) -> Result<Option<Vec<(ApiKeyId, KeyDigest)>>, StoreError> {
        let page = self.store.digests_of(self.scheme, self.after.as_ref(), PAGE, self.now).await?;
        let Some((last, _)) = page.last() else { return Ok(None) };
        self.after = Some(last.clone());
        Ok(Some(page))
    }
}
