//! A scheme for a reader: its headers and what is signed, with `<…>` for what changes.

use std::time::Duration;

use super::{Encoding, Header, Layout, Part, Scheme, TimeField};

/// A header of a [`Scheme`] and the form of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeaderForm {
    /// The name under which it is sent.
    pub name: &'static str,
    /// Another name under which it is read too.
    pub alias: Option<&'static str>,
    /// The value, such as `sha256=<hex>`. Where several signatures may stand, it shows one of each label.
    pub value: String,
}

impl Scheme {
    /// The headers with the form of their values, in the order of [`headers`](Self::headers).
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_webhook::Scheme;
    ///
    /// let forms = Scheme::STRIPE.header_forms();
    /// assert_eq!(forms[0].name, "Stripe-Signature");
    /// assert_eq!(forms[0].value, "t=<time>,v1=<hex>");
    /// ```
    #[must_use]
    pub fn header_forms(&self) -> Vec<HeaderForm> {
        let form = |header: Header, value: &str| HeaderForm {
            name: header.name,
            alias: header.alias,
            value: value.to_owned(),
        };
        let time = match self.time {
            TimeField::Header(header) => Some(form(header, "<time>")),
            _ => None,
        };
        let signature = form(self.signature, &self.signature_form());
        let id = self.id.map(|header| form(header, "<id>"));
        let key = self.key.map(|header| form(header, "<key>"));
        [id, time, key, Some(signature)].into_iter().flatten().collect()
    }

    /// What is signed, such as `<id>.<time>.<body>`.
    #[must_use]
    pub fn signed_form(&self) -> String {
        let before = self.signed.iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Id => "<id>",
            Part::Time => "<time>",
            Part::Url => "<url>",
        });
        before.chain(["<body>"]).collect()
    }

    /// How far the time of signing may be off, either way, when a verifier is told nothing else. `None` where
    /// no time is signed.
    #[must_use]
    pub const fn tolerance(&self) -> Option<Duration> {
        if self.has_time() { Some(self.tolerance) } else { None }
    }

    /// The member of the JSON body that tells the time, where no header does.
    #[must_use]
    pub const fn time_member(&self) -> Option<&'static str> {
        if let TimeField::Body(member) = self.time { Some(member) } else { None }
    }

    fn signature_form(&self) -> String {
        let encoded = match self.encoding {
            Encoding::LowerHex => "<hex>",
            Encoding::UpperHex => "<HEX>",
            Encoding::Base64 => "<base64>",
            Encoding::Base64Url => "<base64url>",
        };
        match self.layout {
            Layout::Single { prefix, .. } => format!("{prefix}{encoded}"),
            Layout::Labelled { separator, assign, labels } => {
                let assign = char::from(assign);
                let time = if let TimeField::Label(label) = self.time {
                    Some(format!("{label}{assign}<time>"))
                } else {
                    None
                };
                let signatures =
                    labels.iter().map(|(label, _)| format!("{label}{assign}{encoded}"));
                let entries: Vec<_> = time.into_iter().chain(signatures).collect();
                entries.join(&String::from(char::from(separator)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(scheme: Scheme) -> Vec<String> {
        scheme.header_forms().iter().map(|form| format!("{}: {}", form.name, form.value)).collect()
    }

    #[test]
    fn the_forms_are_those_of_the_documented_wire_formats() {
        for (scheme, headers, signed) in [
            (Scheme::GITHUB, &["X-Hub-Signature-256: sha256=<hex>"][..], "<body>"),
            (
                Scheme::STANDARD,
                &[
                    "webhook-id: <id>",
                    "webhook-timestamp: <time>",
                    "webhook-signature: v1,<base64> v1a,<base64>",
                ],
                "<id>.<time>.<body>",
            ),
            (
                Scheme::SLACK,
                &["X-Slack-Request-Timestamp: <time>", "X-Slack-Signature: v0=<hex>"],
                "v0:<time>:<body>",
            ),
            (Scheme::SQUARE, &["x-square-hmacsha256-signature: <base64>"], "<url><body>"),
            (Scheme::PADDLE, &["Paddle-Signature: ts=<time>;h1=<hex>"], "<time>:<body>"),
            (
                Scheme::GITHUB_SECRET_SCANNING,
                &["Github-Public-Key-Identifier: <key>", "Github-Public-Key-Signature: <base64>"],
                "<body>",
            ),
        ] {
            assert_eq!(forms(scheme), headers);
            assert_eq!(scheme.signed_form(), signed);
        }
    }

    #[test]
    fn every_header_has_a_form_and_every_time_a_tolerance() {
        for scheme in Scheme::ALL {
            let forms = scheme.header_forms();
            assert!(scheme.headers().eq(forms.iter().map(|form| form.name)));
            assert_eq!(scheme.tolerance().is_some(), scheme.has_time());
        }
        assert_eq!(Scheme::STANDARD.header_forms()[0].alias, Some("svix-id"));
        assert_eq!(Scheme::LINEAR.time_member(), Some("webhookTimestamp"));
        assert_eq!(Scheme::SLACK.time_member(), None);
        assert_eq!(Scheme::PADDLE.tolerance(), Some(Duration::from_secs(5)));
    }
}
