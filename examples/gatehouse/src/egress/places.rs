//! Places for lookups of names, which nobody can take for himself alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many names are looked up at once, for all customers and for one of them. A lookup of the system cannot be
/// called off and keeps a thread until it ends, which with servers of names that never answer is half a minute.
const AT_ONCE: usize = 64;
const OF_CUSTOMER: usize = 4;

/// The places of all customers.
#[derive(Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    /// Those who have a place or wait for one.
    customers: Mutex<HashMap<Box<str>, Weak<Semaphore>>>,
}

/// A place for one lookup. Whoever looks up keeps it until the lookup is really over, also where nobody waits for its
/// result any more.
#[derive(Debug)]
pub struct Place {
    _of_customer: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), customers: Mutex::default() }
    }
}

impl Places {
    /// Waits for a place. That of the customer comes first, so who has all of his own waits in nobody else's way.
    pub(super) async fn take(&self, customer: &str) -> Option<Place> {
        let of_customer = self.of(customer).acquire_owned().await.ok()?;
        let of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Place { _of_customer: of_customer, _of_all: of_all })
    }

    fn of(&self, customer: &str) -> Arc<Semaphore> {
        let mut customers = self.customers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = customers.get(customer).and_then(Weak::upgrade) {
            return places;
        }
        customers.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(OF_CUSTOMER));
        customers.insert(customer.into(), Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_is_gone_is_forgotten() {
        let places = Places::default();
        let kept = places.take("a").await;
        for customer in 0..100 {
            assert!(places.take(&customer.to_string()).await.is_some());
        }
        assert!(places.customers.lock().unwrap().len() <= 2);
        drop(kept);
        assert_eq!(places.all.available_permits(), AT_ONCE);
    }
}
