//! How much is kept of what was received, so that no sender can fill the disk, or lock out another one.

use std::time::Duration;

use palisade::webhook::Scheme;

/// How long a message is known when it comes again.
///
/// Where the time is signed, an old copy is refused for its time, and only honest attempts come again, for three days
/// or so. Of the others this is the only protection that there is, and it is longer than any sender goes on trying.
pub(super) fn retention(scheme: &Scheme) -> Duration {
    let days = if scheme.has_time() { 7 } else { 90 };
    Duration::from_hours(days * 24)
}

/// How much there may be of each sender. Beyond that its messages are refused, and it comes again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptLimits {
    pub(crate) replays: i64,
    /// Of all its bodies.
    pub(crate) bytes: i64,
}

/// How much there is of a sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) replays: i64,
    pub(super) bytes: i64,
}

impl KeptLimits {
    pub(super) fn replays_are_full(self, usage: Usage) -> bool {
        usage.replays >= self.replays
    }

    pub(super) fn has_room_for(self, body: &[u8], usage: Usage) -> bool {
        let body = i64::try_from(body.len()).unwrap_or(i64::MAX);
        usage.bytes.saturating_add(body) <= self.bytes
    }

    /// Says it once when a sender comes near a limit.
    pub(super) fn warn_if_crossed(self, scheme: &str, before: Usage, after: Usage) {
        let (were, are) = (self.near(before), self.near(after));
        if (are.0 && !were.0) || (are.1 && !were.1) {
            self.warn_if_near(scheme, after);
        }
    }

    /// Says that a sender is near a limit, if it is.
    pub(super) fn warn_if_near(self, scheme: &str, usage: Usage) {
        let (replays, bytes) = self.near(usage);
        if replays {
            tracing::warn!(
                scheme,
                replays = usage.replays,
                limit = self.replays,
                "the replay keys of a sender come near their limit, beyond which its messages are refused; raise GATEHOUSE_INBOUND_MAX_REPLAYS"
            );
        }
        if bytes {
            tracing::warn!(
                scheme,
                bytes = usage.bytes,
                limit = self.bytes,
                "the kept bodies of a sender come near their limit, beyond which its messages are refused; raise GATEHOUSE_INBOUND_MAX_KEPT_BYTES"
            );
        }
    }

    fn near(self, usage: Usage) -> (bool, bool) {
        (is_near(usage.replays, self.replays), is_near(usage.bytes, self.bytes))
    }
}

/// From four fifths of the limit.
fn is_near(there: i64, limit: i64) -> bool {
    there >= limit.saturating_sub(limit / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_fifths_are_near() {
        for (there, limit, expected) in
            [(0, 1, false), (1, 1, true), (3, 4, false), (79, 100, false), (80, 100, true)]
        {
            assert_eq!(is_near(there, limit), expected, "{there} of {limit}");
        }
        assert!(is_near(i64::MAX, i64::MAX) && !is_near(0, i64::MAX));
    }

    #[test]
    fn a_signed_time_is_known_for_days() {
        let days = |scheme| retention(&scheme).as_secs() / 86_400;
        assert_eq!([Scheme::STANDARD, Scheme::STRIPE, Scheme::LINEAR].map(days), [7; 3]);
        assert_eq!([Scheme::GLACIS, Scheme::GITHUB, Scheme::SQUARE].map(days), [90; 3]);
    }
}
