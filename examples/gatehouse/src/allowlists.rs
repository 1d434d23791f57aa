//! From where each workspace may be reached: the lists in memory, as every request asks them.
//!
//! A workspace is the owner of keys: an organisation, or a person by the user's id.

mod store;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use palisade::allowlist::{Allowlist, BuildError, Builder, Denied, EmptyList, Entry, Match};
use tokio::sync::Mutex;

pub use store::{AllowlistStore, AllowlistsError, Replacement, StoredEntry, StoredList};

/// The most entries of one workspace.
pub(crate) const MAX_ENTRIES: u32 = 1000;

/// The broadest networks that a list takes, as prefix lengths of IPv4 and IPv6. Whoever wants more wants
/// everyone, and says so with an empty list.
pub(crate) const BROADEST: (u8, u8) = (8, 16);

/// A list with the rules of this service, still without entries.
pub(crate) fn builder() -> Builder {
    Allowlist::builder()
        .when_empty(EmptyList::AllowsEveryone)
        .refuse_broader_than(BROADEST.0, BROADEST.1)
        .max_entries(MAX_ENTRIES)
}

/// The allowlists of all workspaces.
///
/// They are built once and swapped as a whole. A change through this value is seen at once, and one by another
/// process within the staleness, like a key that was revoked there.
#[derive(Debug)]
pub struct Allowlists {
    store: AllowlistStore,
    staleness: Duration,
    lists: ArcSwap<Lists>,
    /// Held while the store is read, so that of many requests at once one reads, and an older reading never
    /// replaces a newer one.
    reading: Mutex<()>,
}

impl Allowlists {
    /// Reads all lists. What was read decides for at most `staleness`.
    ///
    /// # Errors
    ///
    /// [`AllowlistsError`].
    pub async fn open(
        store: AllowlistStore,
        staleness: Duration,
        now: SystemTime,
    ) -> Result<Self, AllowlistsError> {
        let lists = Lists::default().read_on(&store, Some(now)).await?;
        Ok(Self {
            store,
            staleness,
            lists: ArcSwap::from_pointee(lists),
            reading: Mutex::default(),
        })
    }

    /// The lists as they are stored.
    #[must_use]
    pub fn store(&self) -> &AllowlistStore {
        &self.store
    }

    /// The lists, read again where they are too old to decide.
    ///
    /// # Errors
    ///
    /// [`AllowlistsError`]: nobody knows what they are by now, so nobody is let in.
    pub async fn fresh(&self, now: SystemTime) -> Result<Arc<Lists>, AllowlistsError> {
        let lists = self.lists.load_full();
        if lists.are_fresh(self.staleness, now) {
            return Ok(lists);
        }
        let _reading = self.reading.lock().await;
        let lists = self.lists.load_full();
        if lists.are_fresh(self.staleness, now) {
            return Ok(lists);
        }
        let lists = Arc::new(lists.read_on(&self.store, Some(now)).await?);
        self.lists.store(Arc::clone(&lists));
        Ok(lists)
    }

    /// Asks the list that is stored now, before something is made that outlasts the request: what is in memory may
    /// be as old as the staleness, and a request can be older still by its slow body.
    ///
    /// # Errors
    ///
    /// [`AllowlistsError`]; [`Denied`] within.
    pub async fn confirm(
        &self,
        workspace: &str,
        address: IpAddr,
    ) -> Result<Result<(), Denied>, AllowlistsError> {
        let stored = self.store.load(workspace).await?;
        decided(&stored, address)
    }

    /// Replaces the list of a workspace, if it is meant for the version that is stored now, and if that list lets
    /// this address change it.
    ///
    /// # Errors
    ///
    /// [`AllowlistsError`]; nothing was changed then.
    pub async fn replace(
        &self,
        workspace: &str,
        entries: &[Entry],
        address: IpAddr,
        is_meant_for: impl Fn(i64) -> bool + Send + Sync,
        now: SystemTime,
    ) -> Result<Replacement, AllowlistsError> {
        let objection = |stored: &StoredList| match decided(stored, address) {
            Ok(Err(denied)) => Some(Replacement::Denied(denied)),
            _ => (!is_meant_for(stored.version)).then_some(Replacement::Overtaken),
        };
        let replaced = self.store.replace(workspace, entries, objection, now).await?;
        if let Replacement::Done { .. } = replaced {
            let _reading = self.reading.lock().await;
            let lists = self.lists.load_full();
            let read = lists.read_on(&self.store, Some(now)).await;
            // The change is stored. Where it cannot be read back, the next request reads.
            self.lists.store(Arc::new(read.unwrap_or_else(|_| lists.outdated())));
        }
        Ok(replaced)
    }
}

/// The lists as they were at one moment.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// Of the workspaces that are restricted, and of no others.
    restricted: Arc<HashMap<String, Allowlist>>,
    /// The last change that is in them.
    change: i64,
    read_at: Option<SystemTime>,
}

impl Lists {
    /// Decides whether a workspace may be reached from this address, and by which entry; none where everyone may
    /// reach it.
    ///
    /// # Errors
    ///
    /// [`Denied`].
    pub fn check(&self, workspace: &str, address: IpAddr) -> Result<Option<Match<'_>>, Denied> {
        self.restricted.get(workspace).map_or(Ok(None), |list| list.check(address).require())
    }

    /// Whether they are young enough to decide. After a clock stepped back nobody knows.
    fn are_fresh(&self, staleness: Duration, now: SystemTime) -> bool {
        let age = self.read_at.and_then(|read_at| now.duration_since(read_at).ok());
        age.is_some_and(|age| age < staleness)
    }

    /// The same lists, to be read again before they decide.
    fn outdated(&self) -> Self {
        Self { read_at: None, ..self.clone() }
    }

    /// These lists and what was changed since.
    async fn read_on(
        &self,
        store: &AllowlistStore,
        now: Option<SystemTime>,
    ) -> Result<Self, AllowlistsError> {
        let changed = store.changed_after(self.change).await?;
        let Some(last) = changed.last() else { return Ok(Self { read_at: now, ..self.clone() }) };
        let change = last.change;
        let mut restricted = HashMap::clone(&self.restricted);
        for list in changed {
            match restriction(&list)? {
                Some(built) => restricted.insert(list.workspace, built),
                None => restricted.remove(&list.workspace),
            };
        }
        Ok(Self { restricted: Arc::new(restricted), change, read_at: now })
    }
}

/// What a stored list says about an address.
fn decided(stored: &StoredList, address: IpAddr) -> Result<Result<(), Denied>, AllowlistsError> {
    let list = restriction(stored)?;
    Ok(list.map_or(Ok(()), |list| list.check(address).require().map(drop)))
}

/// The list that is stored; none where it restricts nothing. What was put was checked, so one that cannot be built, or
/// has not all of its entries, was damaged since: it lets nobody in, and the other workspaces go on.
fn restriction(stored: &StoredList) -> Result<Option<Allowlist>, AllowlistsError> {
    if stored.entries.is_empty() && stored.is_whole() {
        return Ok(None);
    }
    let entries = stored.entries.iter();
    let built =
        entries.fold(builder(), |list, entry| list.push(&entry.network, &entry.label)).build();
    let cause = match built {
        Ok((list, _)) if stored.is_whole() => return Ok(Some(list)),
        Ok(_) => "entries are missing".to_owned(),
        Err(error) => error.to_string(),
    };
    let workspace = stored.workspace.as_str();
    tracing::error!(
        workspace,
        cause,
        "a stored allowlist is damaged, so nobody reaches the workspace; `gatehouse allowlist clear` removes it"
    );
    let nobody = Allowlist::builder().when_empty(EmptyList::DeniesEveryone).build();
    let (nobody, _) = nobody.map_err(|error: BuildError| sqlx::Error::Decode(error.into()))?;
    Ok(Some(nobody))
}
