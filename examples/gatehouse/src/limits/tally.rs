//! What was decided about one request, and the headers that tell of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use palisade::ratelimit::{Decision, HeaderStyle, Verdict};

use crate::trail::Trail;

/// The header that lists every limit by which a request was counted.
const POLICIES: &str = "ratelimit-policy";

/// What was decided about one request, in the order in which it was.
#[derive(Debug)]
pub(crate) struct Tally {
    weight: u32,
    trail: Option<Arc<Trail>>,
    told: Mutex<Vec<Told>>,
}

/// What a client is told of one decision.
#[derive(Debug)]
struct Told {
    tightness: Tightness,
    fields: Vec<(&'static str, String)>,
}

/// Grows with how much a decision is in the client's way: whether it refuses and for how long, then how few are left.
type Tightness = (bool, Duration, u32);

impl Tally {
    /// Of a request that costs so much.
    pub(super) fn new(weight: u32, trail: Option<Arc<Trail>>) -> Self {
        Self { weight, trail, told: Mutex::default() }
    }

    pub(super) fn weight(&self) -> u32 {
        self.weight
    }

    pub(super) fn add(&self, decision: &Decision<'_>, style: HeaderStyle, now: SystemTime) {
        // Nobody decided, so there is nothing to tell.
        let Some(tightest) = decision.tightest() else { return };
        let (is_refused, wait) = match decision.verdict() {
            Verdict::Allowed => (false, Duration::ZERO),
            Verdict::Denied { retry_after } => (true, retry_after),
            Verdict::Never => (true, Duration::MAX),
        };
        if let (true, Some(trail)) = (is_refused, &self.trail) {
            trail.limited_by(tightest.policy().name());
        }
        let tightness = (is_refused, wait, u32::MAX - tightest.remaining());
        // The answer itself says when to come again, also where nobody decided.
        let fields = decision.headers(style, now).filter(|(name, _)| *name != RETRY_AFTER.as_str());
        let told = Told { tightness, fields: fields.collect() };
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    }

    /// Writes the headers of the decision that is tightest; of two equal ones, the last. The limits are listed all.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let policies: Vec<&str> = told
            .iter()
            .flat_map(|told| &told.fields)
            .filter(|(name, _)| *name == POLICIES)
            .map(|(_, value)| value.as_str())
            .collect();
        let all = policies.join(", ");
        let Some(tightest) = told.iter().max_by_key(|told| told.tightness) else { return };
        for (name, value) in &tightest.fields {
            let value = if *name == POLICIES { &all } else { value };
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}
