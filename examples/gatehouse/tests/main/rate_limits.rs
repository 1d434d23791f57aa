//! How often one may come: counted in this process by a clock that the tests move, and on Redis by the program itself.

pub(crate) mod answer;
mod callers;
mod guesses;
mod outages;
mod shared;
mod strangers;

use std::time::Duration;

use crate::gate::{Gate, Reply};

const WHOAMI: &str = "/api/v1/whoami";

/// A small limit in which the dearest request has room.
const TEN: &str = "10 + 1/s";

const SECOND: Duration = Duration::from_secs(1);

/// A service with this limit and no other that is met.
async fn limited(variable: &str, limit: &str) -> Gate {
    Gate::with_vars(&[(variable, limit)]).await
}

/// The rate-limit headers, as far as they are there.
fn told(reply: &Reply) -> Vec<(&str, &str)> {
    let names = reply.headers.keys().map(axum::http::HeaderName::as_str);
    let names = names.filter(|name| name.contains("ratelimit") || *name == "retry-after");
    let mut told: Vec<_> =
        names.map(|name| (name, reply.headers[name].to_str().unwrap())).collect();
    told.sort_unstable();
    told
}

/// What is left of which limit.
fn left(reply: &Reply) -> &str {
    let field = reply.headers["ratelimit"].to_str().unwrap();
    field.rsplit_once(";t=").unwrap().0
}

fn is_limited(reply: &Reply, policy: &str, retry_after: &str) {
    let status = (reply.status.as_u16(), reply.code());
    assert_eq!(status, (429, "RATE_LIMITED"), "{}", reply.text);
    assert_eq!(reply.headers["retry-after"], retry_after);
    assert_eq!(left(reply), format!("\"{policy}\";r=0"));
}
