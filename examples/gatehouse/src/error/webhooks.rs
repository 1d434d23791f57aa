//! How what happens to webhooks, sent and received, becomes a response.

use std::borrow::Cow;

use axum::http::StatusCode;
use palisade::webhook::{Refused, ReplayError};

use super::{ApiError, Challenge};
use crate::egress::{Egress, InvalidTarget, Loopback};
use crate::webhooks::{BY_HAND, MAX_ENDPOINTS, WebhooksError};

/// How many of the open ports a refusal names at most.
const PORTS_SHOWN: usize = 20;

impl ApiError {
    /// 403 for a key that speaks for less than the workspace.
    pub(crate) fn webhooks_beyond_reach() -> Self {
        Self::beyond_reach(
            "a key that is for tests or bound to a server does not manage webhooks",
            "use a live key of an account, or sign in",
        )
    }

    /// 422 for a URL that nothing is sent to.
    pub(crate) fn webhook_url(error: InvalidTarget, egress: &Egress) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let hint = url_hint(error, egress);
        Self::new(status, "WEBHOOK_URL_REFUSED", error.to_string(), hint, error.reason())
    }

    /// 409 for more endpoints than a workspace has.
    pub(crate) fn too_many_endpoints() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "TOO_MANY_ENDPOINTS",
            format!("a workspace has at most {MAX_ENDPOINTS} endpoints"),
            "delete one that you do not need",
            "too_many_endpoints",
        )
    }

    /// 409 for a message to an endpoint that nothing is sent to.
    pub(crate) fn endpoint_disabled() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "ENDPOINT_DISABLED",
            "the endpoint is disabled",
            "enable it again first",
            "endpoint_disabled",
        )
    }

    /// 409 for one message more to an endpoint for which too many wait.
    pub(crate) fn backlog_full() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "BACKLOG_FULL",
            "too many messages wait for this endpoint",
            "mend the endpoint, and let them arrive first",
            "backlog_full",
        )
    }

    /// 429 for more than is sent to an endpoint by hand.
    pub(crate) fn too_often_by_hand() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TOO_MANY_REQUESTS",
            format!("no more than {BY_HAND} messages a minute are sent to an endpoint by hand"),
            "wait a minute",
            "webhooks_by_hand",
        )
    }

    /// 409 for a message that the receiver has.
    pub(crate) fn already_delivered() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "ALREADY_DELIVERED",
            "the receiver has this message",
            "nothing is sent again after it arrived; POST …/test sends a new message",
            "already_delivered",
        )
    }

    /// 404 for a message of a scheme that is known, and whose keys are not given.
    pub(crate) fn sender_not_set_up() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "this sender is not set up",
            "the operator gives its keys in GATEHOUSE_INBOUND_ and the name of the scheme",
            "webhook_sender_not_set_up",
        )
    }

    /// 503 where no room is left for what is on its way in.
    pub(crate) fn no_room_for_a_body() -> Self {
        Self::unavailable("too many messages at the moment", "webhook_no_room")
    }

    /// 413 for a message that is longer than is received.
    pub(crate) fn webhook_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "BODY_TOO_LARGE",
            "the body is too large",
            "the operator sets how large a message may be",
            Refused::BodyTooLarge.reason(),
        )
    }
}

/// What to do about a URL that is refused, by what is wrong with it.
fn url_hint(error: InvalidTarget, egress: &Egress) -> Cow<'static, str> {
    let is_closed = egress.loopback() == Loopback::Refuse;
    let hint = match error {
        InvalidTarget::Scheme | InvalidTarget::Address | InvalidTarget::SingleLabel
            if is_closed =>
        {
            "to try webhooks on this machine, by plain HTTP too, the operator starts the service \
             with GATEHOUSE_WEBHOOK_LOOPBACK=allow"
        }
        InvalidTarget::PlainHttp => {
            "this machine is localhost, a name that ends in .localhost, 127.0.0.0/8 and ::1"
        }
        InvalidTarget::ClosedPort => return open_ports(egress).into(),
        _ => "\"url\" is where the messages are sent to, by HTTPS",
    };
    hint.into()
}

/// The hint of a port that is not open.
fn open_ports(egress: &Egress) -> String {
    let shown = egress.ports().take(PORTS_SHOWN).map(|port| port.to_string());
    let mut open: Vec<_> = shown.collect();
    if egress.ports().nth(PORTS_SHOWN).is_some() {
        open.push("and more".to_owned());
    }
    let open = open.join(", ");
    format!(
        "the ports that are open: {open}; the operator opens others with GATEHOUSE_WEBHOOK_PORTS"
    )
}

/// What is wrong with the form is a 400. Whatever was signed by nobody that is known is one and the same 401: which
/// keys there are is for nobody to find out. The log has the reason.
impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let reason = refused.reason();
        let hint = "sign the raw body with the secret that was agreed on";
        match refused {
            Refused::BodyTooLarge => Self::webhook_too_large(),
            Refused::UnknownKey | Refused::BadSignature => {
                let message = Refused::BadSignature.to_string();
                Self::unsigned(message, hint, reason)
            }
            Refused::TooOld | Refused::TooNew => {
                let hint = "compare the clocks, and sign each attempt anew";
                Self::unsigned(refused.to_string(), hint, reason)
            }
            // The form, and whatever may be added to it.
            _ => Self::new(
                StatusCode::BAD_REQUEST,
                "INVALID_REQUEST",
                refused.to_string(),
                hint,
                reason,
            ),
        }
    }
}

impl ApiError {
    fn unsigned(message: String, hint: &'static str, reason: &'static str) -> Self {
        let status = StatusCode::UNAUTHORIZED;
        Self::new(status, "UNAUTHENTICATED", message, hint, reason).challenge(Challenge::Signature)
    }
}

/// Of an error that is no duplicate: nobody knows whether the message came before, so its sender comes again.
impl From<ReplayError> for ApiError {
    fn from(error: ReplayError) -> Self {
        let cause = std::error::Error::source(&error)
            .and_then(std::error::Error::source)
            .map(ToString::to_string);
        tracing::error!(cause, reason = error.reason(), "a message could not be kept");
        Self::unavailable(error.to_string(), error.reason())
    }
}

impl From<WebhooksError> for ApiError {
    fn from(error: WebhooksError) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(cause, "the store of webhooks failed");
        Self::unavailable(error.to_string(), "webhook_store_unavailable")
    }
}
