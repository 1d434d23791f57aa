//! Lists that are replaced while they are in use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use palisade_allowlist::{Allowlist, Live, LiveFile, Loaded};
use static_assertions::assert_impl_all;

use crate::support::ip;

assert_impl_all!(Live: Send, Sync);
assert_impl_all!(LiveFile: Send, Sync);
assert_impl_all!(Loaded: Send, Sync);

/// Two networks with one label.
fn list(label: &str) -> Allowlist {
    let builder = Allowlist::builder().push("192.0.2.0/24", label).push("2001:db8::/32", label);
    builder.build().unwrap().0
}

#[test]
fn what_was_loaded_stays() {
    let live = Live::new(list("first"));
    let loaded = live.load();
    let kept: Allowlist = live.load().clone();
    assert_eq!(live.swap(list("second")), list("first"));
    assert_eq!(*loaded, list("first"));
    assert_eq!(kept, list("first"));
    assert_eq!(*live.load(), list("second"));
}

#[test]
fn each_request_sees_one_list() {
    let live = Live::new(list("0"));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut newest = 0;
                    while !done.load(Ordering::Relaxed) {
                        let loaded = live.load();
                        let v4 = loaded.check(ip("192.0.2.1")).entry().unwrap();
                        let v6 = loaded.check(ip("2001:db8::1")).entry().unwrap();
                        assert_eq!(v4.label(), v6.label());
                        let number: u32 = v4.label().parse().unwrap();
                        assert!(number >= newest);
                        newest = number;
                    }
                })
            })
            .collect();
        for number in 1..2_000 {
            let before = live.swap(list(&number.to_string()));
            assert_eq!(before, list(&(number - 1).to_string()));
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

#[test]
fn many_loads_at_once_are_fine() {
    let live = Live::new(list("a"));
    let loaded: Vec<Loaded> = (0..100).map(|_| live.load()).collect();
    live.swap(list("b"));
    assert!(loaded.iter().all(|loaded| **loaded == list("a")));
}

#[test]
fn loading_allocates_nothing() {
    let live = Live::new(list("a"));
    // The first load of a thread makes a place for it.
    let _ = live.load().contains(ip("192.0.2.1"));
    let counted = allocation_counter::measure(|| {
        assert!(live.load().contains(ip("192.0.2.1")));
    });
    assert_eq!(counted.count_total, 0);
}
