//! What a request costs.

use axum::http::Method;

/// A password is hashed: some ten milliseconds of a processor, and 19 MiB.
const PASSWORD: u32 = 10;

/// Something is made that stays, or all allowlists are built anew.
const LASTING: u32 = 5;

const USUAL: u32 = 1;

/// What a request costs, in each limit that it is counted by, given the template of its route.
pub(super) fn weight(method: &Method, route: &str) -> u32 {
    match (method.as_str(), route) {
        (
            "POST",
            "/api/v1/auth/register"
            | "/api/v1/auth/login"
            | "/api/v1/auth/reauthenticate"
            | "/api/v1/auth/password",
        ) => PASSWORD,
        ("POST", "/api/v1/keys" | "/api/v1/keys/{id}/rotate" | "/api/v1/webhooks/endpoints")
        | ("PUT", "/api/v1/allowlist") => LASTING,
        _ => USUAL,
    }
}
