// The front page's code needs API keys; without them it is left out rather than broken.
#![cfg_attr(feature = "apikey", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "apikey"), doc = "Palisade: security crates for a service's front door.")]

#[cfg(feature = "allowlist")]
pub use palisade_allowlist as allowlist;
#[cfg(feature = "apikey")]
pub use palisade_apikey as apikey;
#[cfg(feature = "password")]
pub use palisade_password as password;
#[cfg(feature = "ratelimit")]
pub use palisade_ratelimit as ratelimit;
pub use palisade_secret as secret;
#[cfg(feature = "session")]
pub use palisade_session as session;
#[cfg(feature = "webhook")]
pub use palisade_webhook as webhook;

/// Compiles and runs the code of the workspace's README, so that it stays true.
#[cfg(all(doctest, feature = "apikey"))]
#[doc = include_str!("../../../README.md")]
struct WorkspaceReadme;

/// The same for the guides.
#[cfg(all(doctest, feature = "allowlist"))]
#[doc = include_str!("../../../docs/guides/allowlists.md")]
struct AllowlistsGuide;

/// The same for the guides.
#[cfg(all(doctest, feature = "apikey"))]
#[doc = include_str!("../../../docs/guides/api-keys.md")]
struct ApiKeysGuide;

/// The same for the guides.
#[cfg(all(doctest, feature = "password"))]
#[doc = include_str!("../../../docs/guides/passwords.md")]
struct PasswordsGuide;

/// The same for the guides.
#[cfg(all(doctest, feature = "ratelimit"))]
#[doc = include_str!("../../../docs/guides/rate-limits.md")]
struct RateLimitsGuide;

/// The same for the guides.
#[cfg(all(doctest, feature = "apikey"))]
#[doc = include_str!("../../../docs/guides/secrets.md")]
struct SecretsGuide;

/// The same for the guides.
#[cfg(all(doctest, feature = "session"))]
#[doc = include_str!("../../../docs/guides/sessions.md")]
struct SessionsGuide;

/// The same for the guides.
#[cfg(all(doctest, feature = "webhook-full"))]
#[doc = include_str!("../../../docs/guides/webhooks.md")]
struct WebhooksGuide;
