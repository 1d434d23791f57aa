//! Retiring a pepper: which keys are still under it, and wrapping them without a login.

use std::time::SystemTime;

use crate::store::{KeyStore, StoreError};
use crate::{ApiKeyId, ApiKeys, DigestScheme, SchemeStanding};

/// How many digests are read from the store at once.
const PAGE: usize = 500;

/// How many stored keys have digests of one scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeCount {
    /// The scheme.
    pub scheme: DigestScheme,
    /// How many keys, revoked ones included.
    pub keys: u64,
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
    /// A scheme that is [unusable](SchemeStanding::Unusable) means keys that nobody can use; a
    /// service had better not start with one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn digest_report(&self, now: SystemTime) -> Result<Vec<SchemeCount>, StoreError> {
        let counts = self.store.count_schemes().await?;
        Ok(counts
            .into_iter()
            .map(|(scheme, keys)| {
                let standing = self.digests.standing(&scheme, now);
                SchemeCount { scheme, keys, standing }
            })
            .collect())
    }

    /// The keys on one scheme of the report, in the order of their ids, those after `after` where it is
    /// given: to see whose they are, and to revoke those that keep an old pepper in the ring.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn keys_on_scheme(
        &self,
        scheme: &DigestScheme,
        after: Option<&ApiKeyId>,
        limit: usize,
    ) -> Result<Vec<ApiKeyId>, StoreError> {
        let page = self.store.digests_of(scheme, after, limit.min(PAGE)).await?;
        Ok(page.into_iter().map(|(id, _)| id).collect())
    }

    /// Puts the primary pepper around every old digest, so that keys that nobody uses leave their
    /// old pepper without waiting for it. Safe while the service runs, and safe to run again after
    /// an interruption. `progress` is told how many digests are done.
    ///
    /// The old pepper stays in the ring until the report shows no key on it: it is still needed
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
        for (scheme, _) in self.store.count_schemes().await? {
            if self.digests.is_current(&scheme) {
                continue;
            }
            let mut after = None;
            loop {
                let page = self.store.digests_of(&scheme, after.as_ref(), PAGE).await?;
                for (id, stored) in &page {
                    match self.digests.wrap(stored, now) {
                        Err(_) => report.left += 1,
                        Ok(wrapped) => {
                            if self.store.replace_digest(id, stored, &wrapped).await? {
                                report.wrapped += 1;
                            } else {
                                report.overtaken += 1;
                            }
                        }
                    }
                    progress(report.wrapped + report.overtaken + report.left);
                }
                match page.into_iter().next_back() {
                    None => break,
                    Some((last, _)) => after = Some(last),
                }
            }
        }
        Ok(report)
    }
}
