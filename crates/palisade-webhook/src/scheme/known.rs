//! The schemes of known senders, by the wire formats that they document.

use std::time::Duration;

use super::{Algorithm, Encoding, Header, Part, Scheme, TimeField};

const FIVE_MINUTES: Duration = Duration::from_mins(5);

const STANDARD_LABELS: &[(&str, Algorithm)] =
    &[("v1", Algorithm::HmacSha256), ("v1a", Algorithm::Ed25519)];

impl Scheme {
    /// GLACIS: `x-glacis-signature: sha256=<hex>` over the body.
    ///
    /// No time is signed, so a captured message stays valid: keep a [`ReplayGuard`](crate::ReplayGuard).
    pub const GLACIS: Self = Self::hmac_sha256("glacis", "x-glacis-signature").prefix("sha256=");

    /// GitHub: `X-Hub-Signature-256: sha256=<hex>` over the body.
    ///
    /// No time is signed, and `X-GitHub-Delivery` is not signed either: see
    /// [`ReplayKey`](crate::ReplayKey).
    pub const GITHUB: Self = Self::hmac_sha256("github", "X-Hub-Signature-256").prefix("sha256=");

    /// Standard Webhooks: `webhook-signature: v1,<base64> v1a,<base64>` over `id.time.body`; 5 minutes.
    ///
    /// The same headers under their older names, `svix-id` and so on, are read too, but never a mixture of
    /// both, and never with two ids.
    pub const STANDARD: Self = Self::hmac_sha256("standard", "webhook-signature")
        .labelled(' ', ',', STANDARD_LABELS)
        .encoding(Encoding::Base64)
        .id_header("webhook-id")
        .time_header("webhook-timestamp", FIVE_MINUTES)
        .signs(&[Part::Id, Part::Text("."), Part::Time, Part::Text(".")])
        .aliases("svix-signature", "svix-id", "svix-timestamp");

    /// [`STANDARD`](Self::STANDARD) with the older names, `svix-id` and so on, for a sender whose receivers
    /// know those.
    pub const SVIX: Self = Self::hmac_sha256("svix", "svix-signature")
        .labelled(' ', ',', STANDARD_LABELS)
        .encoding(Encoding::Base64)
        .id_header("svix-id")
        .time_header("svix-timestamp", FIVE_MINUTES)
        .signs(&[Part::Id, Part::Text("."), Part::Time, Part::Text(".")])
        .aliases("webhook-signature", "webhook-id", "webhook-timestamp");

    /// Stripe: `Stripe-Signature: t=<time>,v1=<hex>` over `time.body`; 5 minutes, both ways.
    ///
    /// The secret is the text `whsec_…` as it stands, not decoded:
    /// [`SharedSecret::from_text`](crate::SharedSecret::from_text).
    pub const STRIPE: Self = Self::hmac_sha256("stripe", "Stripe-Signature")
        .labelled(',', '=', &[("v1", Algorithm::HmacSha256)])
        .time_label("t", FIVE_MINUTES)
        .signs(&[Part::Time, Part::Text(".")]);

    /// Slack: `X-Slack-Signature: v0=<hex>` over `v0:time:body`; 5 minutes.
    pub const SLACK: Self = Self::hmac_sha256("slack", "X-Slack-Signature")
        .prefix("v0=")
        .time_header("X-Slack-Request-Timestamp", FIVE_MINUTES)
        .signs(&[Part::Text("v0:"), Part::Time, Part::Text(":")]);

    /// Shopify: `X-Shopify-Hmac-SHA256: <base64>` over the body.
    pub const SHOPIFY: Self =
        Self::hmac_sha256("shopify", "X-Shopify-Hmac-SHA256").encoding(Encoding::Base64);

    /// Square: `x-square-hmacsha256-signature: <base64>` over the subscription's URL and the body.
    pub const SQUARE: Self = Self::hmac_sha256("square", "x-square-hmacsha256-signature")
        .encoding(Encoding::Base64)
        .signs(&[Part::Url]);

    /// Paddle: `Paddle-Signature: ts=<time>;h1=<hex>` over `time:body`; 5 seconds, as its own libraries say.
    pub const PADDLE: Self = Self::hmac_sha256("paddle", "Paddle-Signature")
        .labelled(';', '=', &[("h1", Algorithm::HmacSha256)])
        .time_label("ts", Duration::from_secs(5))
        .signs(&[Part::Time, Part::Text(":")]);

    /// Linear: `Linear-Signature: <hex>` over the body, whose member `webhookTimestamp` may be 60 seconds
    /// off.
    pub const LINEAR: Self = Self::hmac_sha256("linear", "Linear-Signature")
        .time_in_body("webhookTimestamp", Duration::from_mins(1));

    /// Discord's interactions: `X-Signature-Ed25519: <hex>` over the time and the body; 5 minutes, a rule of
    /// ours.
    pub const DISCORD: Self = Self::ed25519("discord", "X-Signature-Ed25519")
        .time_header("X-Signature-Timestamp", FIVE_MINUTES)
        .signs(&[Part::Time]);

    /// `SendGrid`'s event webhook: ECDSA over the time and the body; 5 minutes, a rule of ours.
    pub const SENDGRID: Self =
        Self::ecdsa_p256("sendgrid", "X-Twilio-Email-Event-Webhook-Signature")
            .time_header("X-Twilio-Email-Event-Webhook-Timestamp", FIVE_MINUTES)
            .signs(&[Part::Time]);

    /// GitHub's secret scanning partner programme: ECDSA over the body, by the key that
    /// `Github-Public-Key-Identifier` names with its [fingerprint](crate::PublicKey::fingerprint).
    pub const GITHUB_SECRET_SCANNING: Self =
        Self::ecdsa_p256("github-secret-scanning", "Github-Public-Key-Signature")
            .key_header("Github-Public-Key-Identifier");

    /// Every scheme of this crate that is data.
    pub const ALL: [Self; 13] = [
        Self::GLACIS,
        Self::GITHUB,
        Self::STANDARD,
        Self::SVIX,
        Self::STRIPE,
        Self::SLACK,
        Self::SHOPIFY,
        Self::SQUARE,
        Self::PADDLE,
        Self::LINEAR,
        Self::DISCORD,
        Self::SENDGRID,
        Self::GITHUB_SECRET_SCANNING,
    ];

    /// The scheme of this crate with this [`name`](Self::name).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name == name)
    }

    const fn aliases(
        mut self,
        signature: &'static str,
        id: &'static str,
        time: &'static str,
    ) -> Self {
        self.signature.alias = Some(signature);
        if let Some(header) = self.id {
            self.id = Some(Header { alias: Some(id), ..header });
        }
        if let TimeField::Header(header) = self.time {
            self.time = TimeField::Header(Header { alias: Some(time), ..header });
        }
        self
    }
}
