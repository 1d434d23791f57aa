//! Whether a presented key is good, and may be used here and now.

use std::sync::Arc;
use std::time::SystemTime;

use super::ApiKeys;
use crate::cache::Cached;
use crate::error::{Refused, RefusedOr};
use crate::key::PresentedKey;
use crate::store::KeyStore;
use crate::{Authenticated, KeyDigest, KeyRecord, KeyState, ServerId};

impl<S: KeyStore> ApiKeys<S> {
    /// Checks a presented key: format, checksum, digest, store, state, expiry.
    ///
    /// A key that is bound to a server is refused here: it needs
    /// [`authenticate_from`](Self::authenticate_from).
    ///
    /// # Errors
    ///
    /// [`Refused`]. Only [`Refused::Unavailable`] leaves open whether the key is good.
    pub async fn authenticate(
        &self,
        presented: &str,
        now: SystemTime,
    ) -> Result<Authenticated, Refused> {
        self.check(presented, None, now, |_| Ok(())).await
    }

    /// Checks a presented key as [`authenticate`](Self::authenticate) does, and where it is bound,
    /// that it is bound to the server that the request is from.
    ///
    /// # Errors
    ///
    /// [`Refused`]; [`Refused::WrongServer`] when the key is bound to another server.
    pub async fn authenticate_from(
        &self,
        presented: &str,
        server: &ServerId,
        now: SystemTime,
    ) -> Result<Authenticated, Refused> {
        self.check(presented, Some(server), now, |_| Ok(())).await
    }

    /// Checks a presented key as [`authenticate`](Self::authenticate) does, and then by a rule of the
    /// service: an allowlist of the owner, or whether the owner still pays.
    ///
    /// The rule is asked about a key that is good in every other way, and about no other. It comes before
    /// the use is noted: a key that it denies is not counted as used, and does not move to the newest
    /// pepper. It is asked once, on the path of the request, so it must be quick. It sees the record as
    /// old as the [staleness](crate::MaxStaleness) allows.
    ///
    /// # Errors
    ///
    /// [`RefusedOr::Refused`] as `authenticate`; [`RefusedOr::Denied`] with what the rule says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use palisade_apikey::{ApiKeys, DigestRing, Formats, KeyFormat, MemoryStore, NewKey, Policy};
    /// # use palisade_secret::{Keyring, MacKey, SecretBytes};
    /// # use std::time::SystemTime;
    /// use palisade_apikey::{KeyRecord, RefusedOr};
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("the organisation is suspended")]
    /// struct Suspended;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let now = SystemTime::now();
    /// # let account = KeyFormat::new("acme_live")?;
    /// # let pepper = MacKey::new(SecretBytes::generate(32)?)?;
    /// # let keys = ApiKeys::new(
    /// #     Formats::new([account.clone()])?,
    /// #     DigestRing::new(Keyring::new("2026a".parse()?, pepper)),
    /// #     MemoryStore::new(),
    /// #     Policy::default(),
    /// # );
    /// # let new = NewKey::new("org_1".parse()?, &account, "deploy".parse()?, "read".parse()?);
    /// # let text = keys.issue(new, now).await?.key.reveal();
    /// let suspended = ["org_1"];
    /// let rule = |key: &KeyRecord| {
    ///     if suspended.contains(&key.owner.as_str()) { Err(Suspended) } else { Ok(()) }
    /// };
    /// match keys.authenticate_if(&text, now, rule).await {
    ///     Ok(caller) => println!("200, {}", caller.owner()),
    ///     Err(RefusedOr::Denied(suspended)) => println!("403, {suspended}"),
    ///     Err(RefusedOr::Refused(refused)) => println!("401 or 503, {refused}"),
    /// }
    /// assert_eq!(keys.flush().await?.used, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn authenticate_if<E>(
        &self,
        presented: &str,
        now: SystemTime,
        rule: impl FnOnce(&KeyRecord) -> Result<(), E>,
    ) -> Result<Authenticated, RefusedOr<E>> {
        let rule = |key: &KeyRecord| rule(key).map_err(RefusedOr::Denied);
        self.check(presented, None, now, rule).await
    }

    /// Checks a presented key as [`authenticate_from`](Self::authenticate_from) does, and then by a rule of
    /// the service, as [`authenticate_if`](Self::authenticate_if) does.
    ///
    /// # Errors
    ///
    /// [`RefusedOr::Refused`] as `authenticate_from`; [`RefusedOr::Denied`] with what the rule says.
    pub async fn authenticate_from_if<E>(
        &self,
        presented: &str,
        server: &ServerId,
        now: SystemTime,
        rule: impl FnOnce(&KeyRecord) -> Result<(), E>,
    ) -> Result<Authenticated, RefusedOr<E>> {
        let rule = |key: &KeyRecord| rule(key).map_err(RefusedOr::Denied);
        self.check(presented, Some(server), now, rule).await
    }

    async fn check<E: From<Refused>>(
        &self,
        presented: &str,
        server: Option<&ServerId>,
        now: SystemTime,
        rule: impl FnOnce(&KeyRecord) -> Result<(), E>,
    ) -> Result<Authenticated, E> {
        let found = self.find_good(presented, server, now).await?;
        rule(&found.record)?;
        // The first trace that is left.
        if found.takes_move() {
            self.moves.note(&found.record.id, &found.record.digest, &found.digest);
        }
        found.uses.add_one(now);
        Ok(Authenticated::new(Arc::clone(&found.record)))
    }

    /// Finds a key that is good for a request from this server, and notes nothing.
    async fn find_good(
        &self,
        presented: &str,
        server: Option<&ServerId>,
        now: SystemTime,
    ) -> Result<Arc<Cached>, Refused> {
        let key = self.formats.parse(presented)?;
        let digest = self.digests.digest(&key);
        let found = match self.cache.fresh(&digest, now) {
            Some(cached) => cached,
            None => self.read(&key, digest.clone(), now).await?,
        };
        found.digest.verify(&digest).map_err(|_| Refused::Unknown)?;
        refuse_inactive(&found.record, now)?;
        let id = || found.record.id.clone();
        match (&found.record.server, server) {
            // A row that lost its binding must not turn into a key that works from anywhere.
            (None, _) if key.format().is_server_bound() => Err(Refused::WrongServer(id())),
            (Some(_), None) => Err(Refused::ServerRequired(id())),
            (Some(bound), Some(server)) if bound != server => Err(Refused::WrongServer(id())),
            _ => Ok(found),
        }
    }

    /// Reads a key from the store and keeps it in the cache.
    async fn read(
        &self,
        key: &PresentedKey<'_, '_>,
        current: KeyDigest,
        now: SystemTime,
    ) -> Result<Arc<Cached>, Refused> {
        let generation = self.cache.generation();
        let candidates = self.digests.candidates(key, now);
        let record = self.store.find(&candidates).await?.ok_or(Refused::Unknown)?;
        // The store looked for bytes. This compares them in constant time, and the scheme with them.
        candidates
            .iter()
            .find(|candidate| candidate.verify(&record.digest).is_ok())
            // A record under another format would give the key another environment.
            .filter(|_| record.format == key.format().prefix())
            .ok_or(Refused::Unknown)?;
        let moves = !self.digests.is_current(record.digest.scheme());
        let uses = self.usage.counter(&record.id);
        Ok(self.cache.keep(Cached::new(record, current, moves, uses, now, generation)))
    }

    /// Looks at the store once more: for what must not be done with a key that was revoked a moment ago,
    /// here while the request was under way or in another process.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the key does not work any more, or nobody knows.
    pub async fn confirm(&self, caller: &Authenticated, now: SystemTime) -> Result<(), Refused> {
        let id = caller.key_id();
        let record = self.store.load(id).await?.ok_or(Refused::Unknown)?;
        refuse_inactive(&record, now)
    }
}

fn refuse_inactive(record: &KeyRecord, now: SystemTime) -> Result<(), Refused> {
    match record.state(now) {
        KeyState::Active => Ok(()),
        KeyState::Expired => Err(Refused::Expired(record.id.clone())),
        KeyState::Replaced => Err(Refused::Replaced(record.id.clone())),
        KeyState::Revoked => Err(Refused::Revoked(record.id.clone())),
    }
}
