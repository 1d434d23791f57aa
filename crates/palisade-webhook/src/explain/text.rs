//! What the sender may have signed instead of the body that arrived.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use super::SentForm;

/// The longest body that is rewritten, in bytes.
const MAX_BODY: usize = 1 << 20;

/// What the sender may have signed instead of `body`.
///
/// For development: whoever finds that a signature fits one of these knows what goes wrong. Taking all of
/// them costs some hundred times as much as the verification itself.
///
/// The candidates that differ from the body in one way come first, then those that differ in two. All are
/// different from each other and from the body. A body above 1 MiB has none. JSON is rewritten as text, so
/// numbers stay as they are written. What is no JSON in UTF-8, is nested deeper than 128, or would grow
/// above 8 MiB, is not rewritten as JSON.
///
/// # Security
///
/// A message whose signature fits a candidate is **not** verified: what arrived is not what was signed.
///
/// # Examples
///
/// ```
/// use palisade_webhook::explain::{SentForm, candidates};
///
/// let arrived = br#"{"a": 1}"#;
/// let signed = br#"{"a":1}"#;
/// let found = candidates(arrived).find(|candidate| candidate.bytes() == signed).unwrap();
/// assert_eq!(found.forms().collect::<Vec<_>>(), [SentForm::Compact]);
/// println!("{}", SentForm::Compact);
/// ```
#[must_use]
pub fn candidates(body: &[u8]) -> Candidates<'_> {
    let plan = if body.len() > MAX_BODY { Vec::new() } else { plan() };
    let hasher = RandomState::new();
    let seen = HashSet::from([hasher.hash_one(body)]);
    Candidates { body, plan: plan.into_iter(), half: None, seen, hasher }
}

/// Each form by itself, then each two that can be combined.
fn plan() -> Vec<(SentForm, Option<SentForm>)> {
    let alone = SentForm::ALL.into_iter().map(|form| (form, None));
    let two = SentForm::ALL.into_iter().enumerate().flat_map(|(index, first)| {
        let later = SentForm::ALL.into_iter().skip(index + 1);
        later.filter(move |second| first.combines_with(*second)).map(move |s| (first, Some(s)))
    });
    alone.chain(two).collect()
}

/// The iterator that [`candidates`] returns. Each is made when it is asked for.
pub struct Candidates<'a> {
    body: &'a [u8],
    plan: std::vec::IntoIter<(SentForm, Option<SentForm>)>,
    /// The body in one form, for all that add a second.
    half: Option<(SentForm, Option<Vec<u8>>)>,
    /// Hashes of what was returned. Two that collide by chance cost a candidate, once in 2^50 runs.
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Candidates<'_> {
    fn make(&mut self, first: SentForm, second: Option<SentForm>) -> Option<Vec<u8>> {
        let Some(second) = second else { return first.of(self.body) };
        let body = self.body;
        let half = match self.half.take() {
            Some((form, half)) if form == first => half,
            _ => first.of(body),
        };
        let whole = half.as_deref().and_then(|half| second.of(half));
        self.half = Some((first, half));
        whole
    }
}

impl Iterator for Candidates<'_> {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        loop {
            let (first, second) = self.plan.next()?;
            if let Some(bytes) = self.make(first, second)
                && self.seen.insert(self.hasher.hash_one(bytes.as_slice()))
            {
                return Some(Candidate { first, second, bytes });
            }
        }
    }
}

impl fmt::Debug for Candidates<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidates").field("body", &self.body.len()).finish_non_exhaustive()
    }
}

/// What the sender may have signed, and how it differs from what arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    first: SentForm,
    second: Option<SentForm>,
    bytes: Vec<u8>,
}

impl Candidate {
    /// The bytes that the sender may have signed as the body.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How they differ from what arrived: in one way or two.
    pub fn forms(&self) -> impl Iterator<Item = SentForm> + use<> {
        std::iter::once(self.first).chain(self.second)
    }
}

impl fmt::Debug for Candidate {
    /// Without the bytes: they are the customer's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("first", &self.first)
            .field("second", &self.second)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

#[cfg(test)]
mod tests;
