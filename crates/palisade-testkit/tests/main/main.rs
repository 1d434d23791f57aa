//! The suite on the memory store, and on stores that are broken on purpose.

mod faulty;

use palisade_apikey::MemoryStore;

palisade_testkit::key_store_suite!(async { (MemoryStore::new(), ()) });
