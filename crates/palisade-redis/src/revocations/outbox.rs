//! Notices on their way to the handler.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Notice;

/// A queue of notices that never grows beyond [`LIMIT`].
#[derive(Debug, Default)]
pub(super) struct Outbox {
    notices: Mutex<VecDeque<Notice>>,
    filled: Notify,
}

/// How many notices wait at most. More of them are [`Notice::Everything`].
const LIMIT: usize = 1024;

impl Outbox {
    /// Puts a notice behind the others.
    pub(super) fn push(&self, notice: Notice) {
        let mut notices = self.lock();
        let is_full = notices.len() >= LIMIT;
        if is_full || notice == Notice::Everything {
            collapse(&mut notices);
            notices.push_back(Notice::Everything);
        }
        if matches!(notice, Notice::Connected | Notice::Disconnected)
            || !is_full && notice != Notice::Everything
        {
            notices.push_back(notice);
        }
        drop(notices);
        self.filled.notify_one();
    }

    /// Takes the first notice, as soon as there is one.
    pub(super) async fn next(&self) -> Notice {
        loop {
            if let Some(notice) = self.lock().pop_front() {
                return notice;
            }
            self.filled.notified().await;
        }
    }

    /// Nothing in here panics half-way, so a poisoned lock holds sound data.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Notice>> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves only what is not part of everything: the last word on the connection.
fn collapse(notices: &mut VecDeque<Notice>) {
    let last = notices
        .iter()
        .rfind(|notice| matches!(notice, Notice::Connected | Notice::Disconnected))
        .cloned();
    notices.clear();
    notices.extend(last);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Revocation;

    fn revoked(number: usize) -> Notice {
        Notice::Revoked(Revocation::Key(format!("k{number}").parse().unwrap()))
    }

    fn drained(outbox: &Outbox) -> Vec<Notice> {
        outbox.lock().drain(..).collect()
    }

    #[tokio::test]
    async fn notices_come_in_order() {
        let outbox = Outbox::default();
        for number in 0..LIMIT {
            outbox.push(revoked(number));
        }
        for number in 0..LIMIT {
            assert_eq!(outbox.next().await, revoked(number));
        }
    }

    #[test]
    fn too_many_are_everything() {
        let outbox = Outbox::default();
        outbox.push(Notice::Connected);
        for number in 1..LIMIT {
            outbox.push(revoked(number));
        }
        assert_eq!(outbox.lock().len(), LIMIT);
        outbox.push(revoked(LIMIT));
        assert_eq!(drained(&outbox), [Notice::Connected, Notice::Everything]);
        for number in 0..100 * LIMIT {
            outbox.push(revoked(number));
            assert!(outbox.lock().len() <= LIMIT);
        }
        assert!(drained(&outbox).contains(&Notice::Everything));
    }

    #[test]
    fn the_last_word_on_the_connection_stays() {
        let outbox = Outbox::default();
        for notice in [
            Notice::Connected,
            revoked(1),
            Notice::Disconnected,
            revoked(2),
            Notice::Everything,
            Notice::Connected,
            revoked(3),
        ] {
            outbox.push(notice);
        }
        let expected = [Notice::Disconnected, Notice::Everything, Notice::Connected, revoked(3)];
        assert_eq!(drained(&outbox), expected);
        // A full queue takes a word on the connection too.
        for number in 0..LIMIT {
            outbox.push(revoked(number));
        }
        outbox.push(Notice::Disconnected);
        let left = drained(&outbox);
        assert!(
            left.contains(&Notice::Everything) && left.contains(&Notice::Disconnected),
            "{left:?}"
        );
    }
}
