//! What a secret scanner needs to know of a format, written from the format itself.

use std::fmt::Write;

use crate::format::{Checksum, KeyFormat};

/// Who answers for the keys, for the registration with a secret-scanning partner programme.
#[derive(Clone, Debug)]
pub struct Partner<'a> {
    /// The name of the service, as its users know it.
    pub service: &'a str,
    /// The address that receives reports of leaked keys.
    pub endpoint: &'a str,
    /// Where the programme reaches the team.
    pub contact: &'a str,
}

impl KeyFormat {
    /// A regular expression for a key of this format anywhere in a text.
    ///
    /// It uses nothing beyond character classes and counts, so every engine reads it alike.
    #[must_use]
    pub fn regex(&self) -> String {
        let prefix = self.prefix();
        let body = self.body_digits();
        match self.checksum_kind() {
            Checksum::None => format!("{prefix}_[0-9A-Za-z]{{{body}}}"),
            Checksum::Crc32Prefixed4 => format!("{prefix}_[0-9A-Za-z]{{{body}}}_[0-9A-Za-z]{{4}}"),
            Checksum::Crc32Body6 => format!("{prefix}_[0-9A-Za-z]{{{}}}", body + 6),
        }
    }

    /// A rule for a gitleaks configuration file (TOML).
    ///
    /// # Examples
    ///
    /// ```
    /// let rule = palisade_apikey::KeyFormat::new("glc_live")?.gitleaks_rule();
    /// assert!(rule.contains(r#"id = "glc-live""#));
    /// assert!(rule.contains(r#"keywords = ["glc_live_"]"#));
    /// # Ok::<(), palisade_apikey::FormatError>(())
    /// ```
    #[must_use]
    pub fn gitleaks_rule(&self) -> String {
        let prefix = self.prefix();
        format!(
            "[[rules]]\n\
             id = \"{id}\"\n\
             description = \"API key with the prefix {prefix}\"\n\
             regex = '''\\b({regex})\\b'''\n\
             secretGroup = 1\n\
             entropy = 3\n\
             keywords = [\"{prefix}_\"]\n",
            id = prefix.replace('_', "-"),
            regex = self.regex(),
        )
    }

    /// The text of a registration with a secret-scanning partner programme: what the programme
    /// asks for, filled in.
    #[must_use]
    pub fn partner_registration(&self, partner: &Partner<'_>) -> String {
        let Partner { service, endpoint, contact } = partner;
        let mut text = format!(
            "Service: {service}\n\
             Contact: {contact}\n\
             Token type: {token_type}\n\
             Report endpoint: {endpoint}\n\
             Regular expression: {regex}\n\
             Length: {length} characters, always\n\
             Format: {self}\n\
             Body: {body} characters, each drawn uniformly from 0-9 A-Z a-z ({bits} bits)\n",
            token_type = self.prefix(),
            regex = self.regex(),
            length = self.key_length(),
            body = self.body_digits(),
            bits = self.body_digits() * 5954 / 1000,
        );
        // Writing to a String does not fail.
        let _ = writeln!(text, "Offline check: {}", self.offline_check());
        text
    }

    fn offline_check(&self) -> &'static str {
        match self.checksum_kind() {
            Checksum::None => "none; every match is worth a report",
            Checksum::Crc32Prefixed4 => {
                "the last 4 characters are CRC-32 (ISO-HDLC) of everything before the last `_`, \
                 modulo 62^4, in base62 (0-9A-Za-z), padded with 0 on the left"
            }
            Checksum::Crc32Body6 => {
                "the last 6 characters are CRC-32 (ISO-HDLC) of the characters between the prefix \
                 and them, in base62 (0-9A-Za-z), padded with 0 on the left"
            }
        }
    }
}
