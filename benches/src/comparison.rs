//! One row of the table, and how it is measured.

use std::error::Error;
use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::statistics::{Summary, median};

/// How many rounds a comparison of times takes: odd, so that the median is one of them.
const ROUNDS: usize = 41;

/// How many rounds it takes where one call is slow: enough for a median, and done in seconds.
const SLOW_ROUNDS: usize = 11;

/// From how many nanoseconds on a call is slow.
const SLOW: f64 = 50e6;

/// How many rounds a comparison of bytes takes: they hardly vary.
const BYTE_ROUNDS: usize = 5;

/// How long one side runs at a stretch: far above the clock's resolution, and short enough that both
/// sides of a round see the same machine.
const BATCH: Duration = Duration::from_millis(2);

/// An operation of ours beside that of a peer.
pub struct Comparison {
    name: &'static str,
    peer: &'static str,
    sides: Box<dyn FnOnce() -> Sides>,
}

/// Ours and the peer's, or why they could not be set up.
type Sides = Result<[Side; 2], Box<dyn Error>>;

/// One side of a comparison. Each closure runs the operation the given number of times, so that the
/// operation itself is inlined into its loop.
enum Side {
    Time(Box<dyn FnMut(u64) -> Duration>),
    Bytes(Box<dyn FnMut() -> u64>),
}

impl Comparison {
    /// Compares how long one call of each closure takes.
    ///
    /// `name` is `<crate>/<operation>`, and `peer` says in a few words what stands on the other side.
    /// What a closure returns is kept from the optimiser; what it reads from outside it should take
    /// through [`black_box`].
    pub fn time<A, B>(
        name: &'static str,
        ours: impl FnMut() -> A + 'static,
        peer: &'static str,
        theirs: impl FnMut() -> B + 'static,
    ) -> Self {
        Self::time_prepared(name, peer, move || Ok((ours, theirs)))
    }

    /// The same where there is much to prepare: that happens when the row is measured, and not for a row that
    /// nobody asked for.
    pub fn time_prepared<F, G, A, B>(
        name: &'static str,
        peer: &'static str,
        prepare: impl FnOnce() -> Result<(F, G), Box<dyn Error>> + 'static,
    ) -> Self
    where
        F: FnMut() -> A + 'static,
        G: FnMut() -> B + 'static,
    {
        let sides = move || prepare().map(|(ours, theirs)| [timed(ours), timed(theirs)]);
        Self { name, peer, sides: Box::new(sides) }
    }

    /// Compares numbers of bytes that the closures return, such as peaks of memory.
    pub fn bytes(
        name: &'static str,
        ours: impl FnMut() -> u64 + 'static,
        peer: &'static str,
        theirs: impl FnMut() -> u64 + 'static,
    ) -> Self {
        Self::bytes_prepared(name, peer, move || Ok((ours, theirs)))
    }

    /// The same where there is much to prepare.
    pub fn bytes_prepared<F, G>(
        name: &'static str,
        peer: &'static str,
        prepare: impl FnOnce() -> Result<(F, G), Box<dyn Error>> + 'static,
    ) -> Self
    where
        F: FnMut() -> u64 + 'static,
        G: FnMut() -> u64 + 'static,
    {
        let sides = move || {
            let (ours, theirs) = prepare()?;
            Ok([Side::Bytes(Box::new(ours)), Side::Bytes(Box::new(theirs))])
        };
        Self { name, peer, sides: Box::new(sides) }
    }

    /// The name of the row.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Measures both sides by turns.
    ///
    /// # Errors
    ///
    /// When a side could not be set up.
    pub fn measure(self) -> Result<Measured, Box<dyn Error>> {
        let [mut our_side, mut their_side] = (self.sides)()?;
        let (ours_calls, their_calls) = (our_side.calibrate(), their_side.calibrate());
        let (unit, rounds) = match our_side {
            Side::Time(_) if their_side.cost(their_calls) < SLOW => ("ns", ROUNDS),
            Side::Time(_) => ("ns", SLOW_ROUNDS),
            Side::Bytes(_) => ("bytes", BYTE_ROUNDS),
        };
        let mut ours = Vec::with_capacity(rounds);
        let mut theirs = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            // Ours, theirs, theirs, ours: a steady drift weighs on both alike.
            let first = our_side.cost(ours_calls);
            let second = their_side.cost(their_calls);
            let third = their_side.cost(their_calls);
            let fourth = our_side.cost(ours_calls);
            ours.push(f64::midpoint(first, fourth));
            theirs.push(f64::midpoint(second, third));
        }
        let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
        Ok(Measured {
            name: self.name,
            peer: self.peer,
            unit,
            ours: median(ours),
            theirs: median(theirs),
            ratio: Summary::of(ratios),
        })
    }
}

impl fmt::Debug for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Comparison({} against {})", self.name, self.peer)
    }
}

fn timed<T>(mut operation: impl FnMut() -> T + 'static) -> Side {
    Side::Time(Box::new(move |calls| {
        let start = Instant::now();
        for _ in 0..calls {
            black_box(operation());
        }
        start.elapsed()
    }))
}

impl Side {
    /// How many calls fill a batch. Finding out warms the caches too.
    fn calibrate(&mut self) -> u64 {
        let Self::Time(run) = self else { return 1 };
        let mut calls = 1;
        loop {
            let elapsed = run(calls);
            if elapsed >= BATCH {
                return calls;
            }
            let wanted = BATCH.as_nanos() / elapsed.as_nanos().max(1) + 1;
            // At most tenfold at a step: the first calls are slow and mislead.
            calls = calls.saturating_mul(u64::try_from(wanted.min(10)).unwrap_or(10));
        }
    }

    /// What one call costs.
    #[expect(clippy::cast_precision_loss, reason = "2^53 ns is a hundred days")]
    fn cost(&mut self, calls: u64) -> f64 {
        match self {
            Self::Time(run) => run(calls).as_nanos() as f64 / calls as f64,
            Self::Bytes(count) => count() as f64,
        }
    }
}

/// A comparison with its figures.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The name of the row, `<crate>/<operation>`.
    pub name: &'static str,
    /// What stands on the other side.
    pub peer: &'static str,
    /// What is counted for each call: `ns` or `bytes`.
    pub unit: &'static str,
    /// Ours: the median of the rounds, in units a call.
    pub ours: f64,
    /// The peer's: the median of the rounds, in units a call.
    pub theirs: f64,
    /// Ours divided by the peer's, over the rounds; below 1 is better.
    pub ratio: Summary,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_run_and_are_timed() {
        let work = |count: u64| move || (0..count).fold(0, |sum: u64, n| black_box(sum ^ n));
        let measured = Comparison::time("a/b", work(2000), "half", work(1000)).measure().unwrap();
        assert_eq!(measured.unit, "ns");
        assert!(measured.ours > 0.0 && measured.theirs > 0.0);
    }

    #[test]
    fn bytes_are_exact() {
        let measured = Comparison::bytes("a/b", || 300, "peer", || 200).measure().unwrap();
        assert_eq!((measured.ours, measured.theirs, measured.unit), (300.0, 200.0, "bytes"));
        let Summary { lower, median, upper } = measured.ratio;
        assert_eq!((lower, median, upper), (1.5, 1.5, 1.5));
    }
}
