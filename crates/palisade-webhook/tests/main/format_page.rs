//! The worked examples of `docs/formats/webhook-signature.md`, recomputed.

use std::process::Command;

use palisade_webhook::{PublicKey, Scheme, SharedSecret, Signer, Verifier, VerifyingKey};

use crate::kit::{NOW, URL, at, stream};

const PAGE: &str = include_str!("../../../../docs/formats/webhook-signature.md");

/// Which scheme a section is about, and the key of its example.
fn example(title: &str) -> Option<(Scheme, VerifyingKey)> {
    let text = |secret| VerifyingKey::from(SharedSecret::from_text(secret).unwrap());
    Some(match title {
        "GLACIS" => (Scheme::GLACIS, text("glacis_whk_51c0ffee")),
        "GitHub" => (Scheme::GITHUB, text("gh_whk_9f8e7d6c5b4a")),
        "Standard Webhooks" => {
            (Scheme::STANDARD, SharedSecret::from_whsec(quoted(title, "whsec_")).unwrap().into())
        }
        "Standard Webhooks, v1a" => {
            (Scheme::STANDARD, PublicKey::from_whpk(quoted(title, "whpk_")).unwrap().into())
        }
        "Stripe" => (Scheme::STRIPE, text("whsec_test_secret_8Zk3")),
        "Slack" => (Scheme::SLACK, text("8f742231b10e8888abcd99yyyzzz85a5")),
        "Shopify" => (Scheme::SHOPIFY, text("shpss_0123456789abcdef")),
        "Square" => (Scheme::SQUARE, text("signature-key")),
        "Paddle" => (Scheme::PADDLE, text("pdl_ntfset_0123")),
        "Linear" => (Scheme::LINEAR, text("lin_wh_abcdef0123")),
        "Discord" => {
            let key = section(title).split("public key here is `").nth(1).unwrap();
            let (key, _) = key.split_once('`').unwrap();
            (Scheme::DISCORD, PublicKey::from_ed25519_hex(key).unwrap().into())
        }
        "SendGrid" => {
            let command = block(section(title), "bash").replace("\\\n", "");
            let (_, key) = command.split_once("printf %s ").unwrap();
            let (key, _) = key.split_once(' ').unwrap();
            (Scheme::SENDGRID, PublicKey::from_spki_base64(key).unwrap().into())
        }
        "GitHub secret scanning" => {
            let command = block(section(title), "bash");
            let (_, pem) = command.split_once("<<'PEM'\n").unwrap();
            let (pem, _) = pem.split_once("PEM\n").unwrap();
            (Scheme::GITHUB_SECRET_SCANNING, PublicKey::from_pem(pem).unwrap().into())
        }
        _ => return None,
    })
}

fn titles() -> impl Iterator<Item = &'static str> {
    PAGE.lines().filter_map(|line| line.strip_prefix("## "))
}

/// The text below a title, up to the next one.
fn section(title: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("\n## {title}\n")).unwrap();
    rest.split("\n## ").next().unwrap()
}

/// The first code block of a language.
fn block(section: &str, language: &str) -> String {
    let (_, rest) = section.split_once(&format!("```{language}\n")).unwrap();
    rest.split("```").next().unwrap().to_owned()
}

/// The first text in backticks that begins like this.
fn quoted(title: &str, start: &str) -> &'static str {
    let quoted = section(title).split('`').skip(1).step_by(2);
    quoted.into_iter().find(|text| text.starts_with(start) && text.len() > start.len()).unwrap()
}

/// The headers and the body of a section's message.
fn message(title: &str) -> (Vec<(String, String)>, String) {
    let message = block(section(title), "http");
    let (head, body) = message.split_once("\n\n").unwrap();
    let fields = head.lines().map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    });
    (fields.collect(), body.strip_suffix('\n').unwrap().to_owned())
}

#[test]
fn every_scheme_has_a_section_whose_message_verifies() {
    let mut shown = Vec::new();
    for title in titles() {
        let Some((scheme, key)) = example(title) else { continue };
        let (fields, body) = message(title);
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, scheme.headers().collect::<Vec<_>>(), "{title}");
        let builder = Verifier::builder(scheme).key("a".parse().unwrap(), key);
        let builder = if scheme.signs_url() { builder.url(URL) } else { builder };
        let verifier = builder.build().unwrap();
        let verdict = verifier.verify(&fields, body.as_bytes(), at(NOW)).map(drop);
        assert_eq!(verdict, Ok(()), "{title}");
        assert!(stream(&verifier, &fields, body.as_bytes(), 3, at(NOW)).is_ok(), "{title}");
        shown.push(scheme.name());
    }
    shown.dedup();
    let all = Scheme::ALL.map(|scheme| scheme.name());
    // Svix is Standard Webhooks under other names, of which its section tells.
    let all: Vec<&str> = all.into_iter().filter(|name| *name != "svix").collect();
    let section_order = |name: &&str| shown.iter().position(|shown| shown == name);
    assert!(all.iter().all(|name| section_order(name).is_some()), "{shown:?}");
    assert_eq!(shown.len(), all.len());
}

/// What a signer writes is what the page shows, where there is one way to write it.
#[test]
fn the_signatures_are_those_that_a_signer_writes() {
    let mut signed = 0;
    for title in titles() {
        let Some((scheme, _)) = example(title) else { continue };
        let command = block(section(title), "bash");
        let secret = if title == "Standard Webhooks" {
            SharedSecret::from_whsec(quoted(title, "whsec_"))
        } else {
            let Some((_, key)) = command.split_once("-hmac ") else { continue };
            SharedSecret::from_text(key.split_whitespace().next().unwrap())
        };
        let signer = Signer::builder(scheme).key("a".parse().unwrap(), secret.unwrap());
        let signer = if scheme.signs_url() { signer.url(URL) } else { signer };
        let (fields, body) = message(title);
        let id = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W".parse().unwrap();
        let written = signer.build().unwrap().sign(&id, at(NOW), body.as_bytes()).unwrap();
        let written: Vec<(String, String)> =
            written.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(written, fields, "{title}");
        // What the command prints stands in the header.
        let printed = command.lines().find_map(|line| line.strip_prefix("# ")).unwrap();
        assert!(fields.last().unwrap().1.ends_with(printed), "{title}");
        signed += 1;
    }
    assert_eq!(signed, 9);
}

#[cfg(feature = "twilio")]
#[test]
fn twilio_signs_the_url_and_the_sorted_form() {
    use palisade_webhook::{TwilioSigner, TwilioVerifier};

    let (url, token) = (quoted("Twilio", "https://"), quoted("Twilio", "0123"));
    let token = SharedSecret::from_text(token).unwrap();
    let (fields, body) = message("Twilio");
    let written = TwilioSigner::new(&token).sign(url, body.as_bytes()).unwrap();
    assert_eq!(fields, [("X-Twilio-Signature".to_owned(), written.clone())]);
    let verifier = TwilioVerifier::builder().key("a".parse().unwrap(), &token).build().unwrap();
    let verified = verifier.verify_form(&fields, url, body.as_bytes(), at(NOW)).unwrap();
    let signed: Vec<u8> = verified.fields().flat_map(|(n, v)| [n, v].concat()).collect();
    let command = block(section("Twilio"), "bash");
    let shown = command.split('\'').nth(1).unwrap();
    assert_eq!(shown, format!("{url}{}", String::from_utf8(signed).unwrap()));
    assert_eq!(command.lines().find_map(|line| line.strip_prefix("# ")), Some(&*written));
}

/// Each command prints what the page says, where there is an `openssl` to ask.
#[test]
fn the_commands_print_what_the_page_says() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("SKIPPED: there is no openssl");
        return;
    }
    for title in titles().filter(|title| *title == "Twilio" || example(title).is_some()) {
        let command = block(section(title), "bash");
        let expected: Vec<&str> =
            command.lines().filter_map(|line| line.strip_prefix("# ")).collect();
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("format-page-{}", title.replace([' ', ','], "-")));
        std::fs::create_dir_all(&folder).unwrap();
        let output = Command::new("bash")
            .args(["-euc", &command])
            .current_dir(&folder)
            .output()
            .unwrap_or_else(|error| panic!("bash: {error}"));
        let printed = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{title}: {errors}");
        // Versions of openssl differ in what they print before a digest.
        let printed: Vec<&str> = printed
            .lines()
            .map(|line| line.rsplit_once("= ").map_or(line, |(_, digest)| digest))
            .collect();
        assert_eq!(printed, expected, "{title}");
    }
}
