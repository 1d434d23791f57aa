//! The hops of a header, from the right.

use std::net::IpAddr;

use super::hop::{self, HopProblem, trim};
use super::{ForwardedHeader, forwarded};

/// The hops of the field lines, the last one first. Each is read when it is asked for, and none that stands further
/// left.
///
/// All lines are one list (RFC 9110, section 5.3). After an error there is no next hop that could be told.
pub(super) struct Hops<'a, I> {
    header: ForwardedHeader,
    lines: I,
    /// What is left of the line that is being read.
    rest: Option<&'a [u8]>,
}

impl<'a, I: DoubleEndedIterator<Item = &'a [u8]>> Hops<'a, I> {
    pub(super) fn new(header: ForwardedHeader, lines: I) -> Self {
        Self { header, lines, rest: None }
    }
}

impl<'a, I: DoubleEndedIterator<Item = &'a [u8]>> Iterator for Hops<'a, I> {
    type Item = Result<IpAddr, HopProblem>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let line = match self.rest.take() {
            Some(rest) => rest,
            None => self.lines.next_back()?,
        };
        Some(match self.header {
            ForwardedHeader::XForwardedFor => {
                let comma = line.iter().rposition(|byte| *byte == b',');
                let last = match comma.and_then(|at| line.split_at_checked(at)) {
                    Some((before, [_, last @ ..])) => {
                        self.rest = Some(before);
                        last
                    }
                    _ => line,
                };
                hop::parse(trim(last))
            }
            ForwardedHeader::Forwarded => forwarded::split_last(line).and_then(|(rest, last)| {
                self.rest = rest;
                forwarded::element(last)
            }),
        })
    }
}
