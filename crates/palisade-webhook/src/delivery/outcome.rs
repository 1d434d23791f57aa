//! What came of an attempt, and what follows from it.

use std::time::SystemTime;

use super::RetryAfter;

/// What came of one attempt.
///
/// What it leads to:
///
/// | outcome | the sender |
/// |---|---|
/// | 200 to 299 | is done |
/// | 410 | stops, and disables the endpoint: the receiver wants no more |
/// | 429, 502, 503, 504 | tries again, and sends less to this endpoint; see [`is_overload`](Self::is_overload) |
/// | 300 to 399 | tries again at the same URL, and never follows the redirect |
/// | 400 to 499 otherwise | tries again |
/// | every other status | tries again |
/// | no answer | tries again |
///
/// This follows the Standard Webhooks specification, "Delivery success and failure"; the 503 among the
/// codes of overload is our addition (RFC 9110 section 15.6.4). Svix and Stripe try again after every
/// answer but a 2xx, too; GitHub tries nothing again by itself.
///
/// Some senders drop a message at most 4xx codes, as though the request were at fault. Here they are tried
/// again. A 401, 403 or 404 mostly comes from a deployment, a firewall or a rotated secret that somebody
/// mends within hours; a 408 or 425 is passing by its nature; and a dropped message is lost for good. A
/// receiver that wants no more says so with 410.
///
/// A redirect is not followed because the address behind it was checked by nobody, and because a body and
/// its signature would go to whoever the receiver names.
///
/// # Examples
///
/// ```
/// use palisade_webhook::{Outcome, RetryAfter};
/// use std::time::SystemTime;
///
/// let done = Outcome::Status(204);
/// let busy = Outcome::Status(503).with_retry_after(RetryAfter::parse(b"30", SystemTime::now()).ok());
/// assert!(busy.is_overload() && !done.is_overload());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The receiver answered with this status.
    Status(u16),
    /// The receiver answered with this status, and asked for a pause.
    Pause(u16, RetryAfter),
    /// No answer: the connection failed, was refused or timed out, or the sender did not want to connect.
    NoAnswer,
}

impl Outcome {
    /// Adds what the receiver said of the next attempt; nothing for [`NoAnswer`](Self::NoAnswer).
    #[must_use]
    pub fn with_retry_after(self, after: Option<RetryAfter>) -> Self {
        match (self, after) {
            (Self::Status(code) | Self::Pause(code, _), Some(after)) => Self::Pause(code, after),
            (Self::Pause(code, _), None) => Self::Status(code),
            (outcome, _) => outcome,
        }
    }

    /// The status, where there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status(code) | Self::Pause(code, _) => Some(*code),
            Self::NoAnswer => None,
        }
    }

    /// Whether the receiver has more to do than it can: 429, 502, 503 or 504. A sender then holds back
    /// other messages for the same endpoint as well.
    #[must_use]
    pub fn is_overload(&self) -> bool {
        matches!(self.status(), Some(429 | 502..=504))
    }

    pub(super) fn retry_after(&self) -> Option<RetryAfter> {
        match self {
            Self::Pause(_, after) => Some(*after),
            Self::Status(_) | Self::NoAnswer => None,
        }
    }
}

/// What the sender does after an attempt was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Next {
    /// Nothing: the receiver has the message.
    Delivered,
    /// Try again, not before this time: with the same message id, a new timestamp and so a new signature.
    Retry {
        /// When.
        at: SystemTime,
    },
    /// Nothing more by itself. The operator or the customer is told that a message was not delivered.
    GiveUp {
        /// Why.
        why: GiveUp,
    },
    /// The receiver wants no more messages, ever: disable the endpoint.
    EndpointGone,
}

/// Why a sender gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum GiveUp {
    /// All attempts of the policy were made.
    Attempts,
    /// The next attempt would be after the horizon of the policy.
    Horizon,
}

impl GiveUp {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Attempts => "delivery_attempts_exhausted",
            Self::Horizon => "delivery_horizon_passed",
        }
    }
}
