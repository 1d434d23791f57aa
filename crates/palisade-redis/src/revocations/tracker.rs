//! Whether an announcement was missed.

use super::message::{Mark, Message};
use super::{Notice, Revocation};

/// The last announcement that is known, and what a new one means beside it.
#[derive(Debug, Default)]
pub(super) struct Tracker {
    last: Option<Mark>,
    /// While the connection is new and the last announcement is being asked for: what was heard meanwhile.
    joining: Option<Heard>,
    /// Where this stood when the server last said that it was further.
    behind: Option<Mark>,
}

/// What was heard while joining. It may come before or after the answer in the order of all, so its text
/// says too little.
#[derive(Debug, Default)]
struct Heard {
    any: bool,
    last: Option<Mark>,
}

impl Tracker {
    /// A new connection begins to listen.
    pub(super) fn join(&mut self) {
        self.joining = Some(Heard::default());
    }

    /// The new connection listens, and after that the server said which announcement was the last.
    pub(super) fn joined(&mut self, now: Mark) -> Option<Notice> {
        let heard = self.joining.take().unwrap_or_default();
        let missed = heard.any || now.is_unnumbered() || self.last != Some(now);
        self.last = Some(heard.last.filter(|heard| heard.number > now.number).unwrap_or(now));
        self.behind = None;
        missed.then_some(Notice::Everything)
    }

    /// A message came.
    pub(super) fn heard(&mut self, text: &[u8]) -> Option<Notice> {
        let message = Message::read(text);
        if let Some(heard) = &mut self.joining {
            heard.any = true;
            heard.last = message.map(|message| message.mark).or(heard.last);
            return None;
        }
        let Some(Message { mark, revocation }) = message else { return Some(Notice::Everything) };
        if self.last == Some(mark) && !mark.is_unnumbered() {
            return None;
        }
        let in_order = self.last.is_some_and(|last| mark.follows(last));
        self.last = Some(mark);
        Some(match revocation {
            Revocation::Everything => Notice::Everything,
            revocation if in_order => Notice::Revoked(revocation),
            _ => Notice::Everything,
        })
    }

    /// The server said again which announcement was the last, as it does from time to time. Where nothing
    /// came since the last time, and yet the server is elsewhere, a message got lost.
    pub(super) fn compare(&mut self, now: Mark) -> Option<Notice> {
        if self.last == Some(now) {
            self.behind = None;
            return None;
        }
        // What was announced a moment ago may still be on its way.
        if self.behind != self.last {
            self.behind = self.last;
            return None;
        }
        self.last = Some(now);
        self.behind = None;
        Some(Notice::Everything)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u64) -> Mark {
        Mark { number, id: number.wrapping_add(1000) }
    }

    fn text(number: u64) -> Vec<u8> {
        format!("{number} {:x} key k{number}", number.wrapping_add(1000)).into_bytes()
    }

    fn revoked(number: u64) -> Notice {
        Notice::Revoked(Revocation::Key(format!("k{number}").parse().unwrap()))
    }

    /// A tracker that has joined when this announcement was the last.
    fn joined(number: u64) -> Tracker {
        let mut tracker = Tracker::default();
        tracker.join();
        assert_eq!(tracker.joined(mark(number)), Some(Notice::Everything));
        tracker
    }

    #[test]
    fn announcements_in_order_are_told_one_by_one() {
        let mut tracker = joined(5);
        for number in 6..20 {
            assert_eq!(tracker.heard(&text(number)), Some(revoked(number)));
            assert_eq!(tracker.heard(&text(number)), None, "twice");
        }
    }

    #[test]
    fn the_first_of_all_is_everything() {
        let mut tracker = Tracker::default();
        tracker.join();
        assert_eq!(tracker.joined(Mark::NONE), Some(Notice::Everything));
        assert_eq!(
            tracker.heard(&text(1)),
            Some(Notice::Everything),
            "nobody knows what was before"
        );
        assert_eq!(tracker.heard(&text(2)), Some(revoked(2)));
    }

    #[test]
    fn what_has_no_number_is_everything_each_time() {
        let mut tracker = joined(5);
        for text in [text(0), text(0), b"0 0 key k0".to_vec(), b"0 0 key k0".to_vec()] {
            assert_eq!(tracker.heard(&text), Some(Notice::Everything));
        }
        assert_eq!(tracker.heard(&text(1)), Some(Notice::Everything), "0 is before nothing");
        assert_eq!(tracker.heard(&text(2)), Some(revoked(2)));
        // Without a number nobody can tell what was missed.
        for _ in 0..3 {
            tracker.join();
            assert_eq!(tracker.joined(Mark::NONE), Some(Notice::Everything));
        }
    }

    #[test]
    fn a_gap_a_step_back_and_garbage_are_everything() {
        for number in [0, 1, 4, 7, 100, u64::MAX] {
            let mut tracker = joined(5);
            assert_eq!(tracker.heard(&text(number)), Some(Notice::Everything), "{number}");
            if let Some(next) = number.checked_add(1) {
                let expected = if number == 0 { Notice::Everything } else { revoked(next) };
                assert_eq!(tracker.heard(&text(next)), Some(expected), "it goes on from there");
            }
        }
        let mut tracker = joined(5);
        assert_eq!(tracker.heard(b"5 0 key other"), Some(Notice::Everything), "the number anew");
        let mut tracker = joined(5);
        assert_eq!(tracker.heard(b"junk"), Some(Notice::Everything));
        assert_eq!(tracker.heard(&text(6)), Some(revoked(6)));
        assert_eq!(tracker.heard(b"7 0 everything"), Some(Notice::Everything));
        assert_eq!(tracker.heard(&text(8)), Some(revoked(8)));
    }

    #[test]
    fn who_comes_back_is_told_of_a_change_alone() {
        let mut tracker = joined(5);
        tracker.join();
        assert_eq!(tracker.joined(mark(5)), None);
        for other in [mark(6), mark(4), Mark::NONE, Mark { id: 1, ..mark(5) }] {
            let mut tracker = joined(5);
            tracker.join();
            assert_eq!(tracker.joined(other), Some(Notice::Everything), "{other:?}");
        }
    }

    #[test]
    fn what_is_heard_while_joining_is_everything() {
        // The message came before the answer or after it, in the order of all.
        for (answer, next) in [(5, 7), (6, 7), (7, 8)] {
            let mut tracker = joined(5);
            tracker.join();
            assert_eq!(tracker.heard(&text(6)), None);
            assert_eq!(tracker.joined(mark(answer)), Some(Notice::Everything), "{answer}");
            assert_eq!(tracker.heard(&text(next)), Some(revoked(next)), "{answer}");
        }
        let mut tracker = joined(5);
        tracker.join();
        assert_eq!(tracker.heard(b"junk"), None);
        assert_eq!(tracker.joined(mark(5)), Some(Notice::Everything));
    }

    #[test]
    fn a_message_that_got_lost_is_noticed_at_the_second_look() {
        let mut tracker = joined(5);
        assert_eq!(tracker.compare(mark(5)), None);
        assert_eq!(tracker.compare(mark(6)), None, "on its way");
        assert_eq!(tracker.heard(&text(6)), Some(revoked(6)));
        assert_eq!(tracker.compare(mark(7)), None, "another on its way");
        assert_eq!(tracker.compare(mark(8)), Some(Notice::Everything));
        assert_eq!(tracker.compare(mark(8)), None);
        assert_eq!(tracker.heard(&text(9)), Some(revoked(9)));
        // The server has lost its memory.
        assert_eq!(tracker.compare(Mark::NONE), None);
        assert_eq!(tracker.compare(Mark::NONE), Some(Notice::Everything));
        assert_eq!(tracker.compare(Mark::NONE), None);
        assert_eq!(tracker.heard(&text(1)), Some(Notice::Everything));
        assert_eq!(tracker.heard(&text(2)), Some(revoked(2)));
    }
}
