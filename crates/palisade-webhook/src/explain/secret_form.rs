//! The ways in which a secret is taken wrongly.

use std::fmt;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use palisade_secret::SecretBytes;

use crate::SharedSecret;

/// In which other form the secret would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretForm {
    /// Without the white space around it.
    Trimmed,
    /// With a newline at its end.
    WithNewline,
    /// Without the quotes around it.
    Unquoted,
    /// Decoded from base64, after `whsec_` where it begins with that.
    Decoded,
    /// Decoded from hex.
    FromHex,
    /// The text `whsec_…` as it stands, not decoded.
    WhsecText,
    /// The text in base64 as it stands, not decoded.
    Base64Text,
}

impl SecretForm {
    /// The secret in each form that it can have.
    pub(super) fn others(secret: &SharedSecret) -> Vec<(Self, SharedSecret)> {
        let bytes = secret.expose_secret();
        let base64 = BASE64_STANDARD.encode(bytes);
        let mut forms = vec![
            (Self::WhsecText, Some(format!("whsec_{base64}").into_bytes())),
            (Self::Base64Text, Some(base64.into_bytes())),
            (Self::WithNewline, Some([bytes, b"\n"].concat())),
        ];
        if let Ok(text) = std::str::from_utf8(bytes) {
            let trimmed = text.trim();
            let unquoted = ['"', '\''].into_iter().find_map(|quote| {
                trimmed
                    .strip_prefix(quote)?
                    .strip_suffix(quote)
                    .map(|text| text.as_bytes().to_vec())
            });
            let plain = trimmed.strip_prefix("whsec_").unwrap_or(trimmed);
            let decoded = [&BASE64_STANDARD, &BASE64_URL_SAFE, &BASE64_URL_SAFE_NO_PAD]
                .into_iter()
                .find_map(|engine| engine.decode(plain).ok());
            forms.extend([
                (Self::Trimmed, (trimmed != text).then(|| trimmed.as_bytes().to_vec())),
                (Self::Unquoted, unquoted),
                (Self::Decoded, decoded),
                (Self::FromHex, base16ct::mixed::decode_vec(plain).ok()),
            ]);
        }
        forms
            .into_iter()
            .filter_map(|(form, bytes)| {
                let secret =
                    SharedSecret::from_bytes(SecretBytes::dangerous_unchecked(bytes?)).ok()?;
                Some((form, secret))
            })
            .collect()
    }
}

impl fmt::Display for SecretForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trimmed => "the secret has white space around it: remove it",
            Self::WithNewline => {
                "the sender's secret ends with a newline: set it up again without, or keep it with \
                 `from_verbatim_text`"
            }
            Self::Unquoted => "the secret has quotes around it: remove them",
            Self::Decoded => {
                "the key is what the secret's base64 decodes to: use `from_whsec` or `from_base64`, not \
                 `from_text`"
            }
            Self::FromHex => {
                "the key is what the secret's hex decodes to: use `from_hex`, not `from_text`"
            }
            Self::WhsecText => "the key is the text `whsec_…` itself: use `from_text`, not `from_whsec`",
            Self::Base64Text => "the key is the base64 text itself: use `from_text`, not `from_base64`",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::explain::{Diagnosis, Finding};
    use crate::{MessageId, Scheme, Signer};

    const WHSEC: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn verbatim(text: &str) -> SharedSecret {
        SharedSecret::from_verbatim_text(text).unwrap()
    }

    /// What is found when the sender signs with one secret and the receiver holds the other.
    fn found(sender: &SharedSecret, receiver: &SharedSecret) -> Finding {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let signer =
            Signer::builder(Scheme::STRIPE).key("a".parse().unwrap(), sender).build().unwrap();
        let headers = signer.sign(&MessageId::generate().unwrap(), now, b"{}").unwrap();
        Diagnosis::new(Scheme::STRIPE, receiver).unwrap().explain(&headers, b"{}", now)
    }

    #[test]
    fn each_form_is_found() {
        let whsec = SharedSecret::from_whsec(WHSEC).unwrap();
        let hex = "00112233445566778899aabbccddeeff";
        for (sender, receiver, form) in [
            (verbatim("abc def"), verbatim(" abc def\n"), SecretForm::Trimmed),
            (verbatim("abc def\n"), verbatim("abc def"), SecretForm::WithNewline),
            (verbatim("abc def"), verbatim("\"abc def\""), SecretForm::Unquoted),
            (SharedSecret::from_whsec(WHSEC).unwrap(), verbatim(WHSEC), SecretForm::Decoded),
            (SharedSecret::from_hex(hex).unwrap(), verbatim(hex), SecretForm::FromHex),
            (verbatim(WHSEC), SharedSecret::from_whsec(WHSEC).unwrap(), SecretForm::WhsecText),
            (verbatim(&WHSEC[6..]), whsec, SecretForm::Base64Text),
        ] {
            assert_eq!(found(&sender, &receiver), Finding::Secret(form));
        }
    }

    #[test]
    fn what_nothing_explains_is_said_so_and_what_is_right_too() {
        let (one, other) = (verbatim("one secret"), verbatim("another secret"));
        assert_eq!(found(&one, &other), Finding::Unexplained);
        assert_eq!(found(&one, &one), Finding::Verifies);
    }

    #[test]
    fn a_wrong_clock_is_told_from_a_wrong_signature() {
        let secret = verbatim("one secret");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let signer =
            Signer::builder(Scheme::SLACK).key("a".parse().unwrap(), &secret).build().unwrap();
        let headers = signer.sign(&MessageId::generate().unwrap(), now, b"{}").unwrap();
        let diagnosis = Diagnosis::new(Scheme::SLACK, &secret).unwrap();
        let hour = Duration::from_hours(1);
        assert_eq!(
            diagnosis.explain(&headers, b"{}", now + hour),
            Finding::Time { by: hour, ahead: false }
        );
        assert_eq!(
            diagnosis.explain(&headers, b"{}", now - hour),
            Finding::Time { by: hour, ahead: true }
        );
        assert_eq!(diagnosis.explain(&headers, b"{}", now), Finding::Verifies);
    }
}
