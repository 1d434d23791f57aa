//! The worked example of the format page, recomputed.

use std::time::{Duration, SystemTime};

use palisade_secret::{Keyring, MacKey};
use palisade_session::{EpochGrant, EpochIssuer, EpochVerifier, SigningKeys, TokenProfile};
use serde_json::Value;

const PAGE: &str = include_str!("../../../../../docs/formats/epoch-token.md");

fn after(start: &str) -> &'static str {
    PAGE.lines().find_map(|line| line.strip_prefix(start)).unwrap()
}

/// The command and the library make the same token, and the page shows it.
#[test]
fn the_format_page_is_right() {
    let hex = after("SECRET=").as_bytes();
    let digit = |byte: u8| u8::try_from((byte as char).to_digit(16).unwrap()).unwrap();
    let secret: Vec<u8> = hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
    let header: Value = serde_json::from_str(after("HEADER='").trim_end_matches('\'')).unwrap();
    let claims: Value = serde_json::from_str(after("CLAIMS='").trim_end_matches('\'')).unwrap();
    let text = |name: &str| claims[name].as_str().unwrap();

    let id = header["kid"].as_str().unwrap().parse().unwrap();
    let keys = SigningKeys::hs256(Keyring::new(id, MacKey::dangerous_any_length(&secret)));
    let profile = TokenProfile::new(text("iss"), text("aud")).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(claims["iat"].as_u64().unwrap());
    let grant = EpochGrant {
        subject: &text("sub").parse().unwrap(),
        sidecar: &text("sidecar").parse().unwrap(),
        scopes: &text("scope").parse().unwrap(),
    };
    let issuer = EpochIssuer::new(keys.clone(), profile.clone()).unwrap();
    let token = issuer.issue(&grant, now).unwrap().current;
    let shown = PAGE.lines().find(|line| line.starts_with("wt_eyJ")).unwrap();
    assert_eq!(token.expose_secret(), shown);

    let verifier = EpochVerifier::new(keys, profile).unwrap();
    let accepted = verifier.verify(shown, now).unwrap();
    let terms = token.terms(accepted.scopes());
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let answer: Value =
        serde_json::from_str(PAGE.lines().find(|line| line.starts_with("{\"epoch\"")).unwrap())
            .unwrap();
    assert_eq!(answer["epoch"], terms.epoch().to_string());
    assert_eq!(answer["scope"], terms.scopes().as_str());
    for (name, time) in [
        ("starts_at", terms.starts_at()),
        ("refresh_from", terms.refresh_from()),
        ("expires_at", terms.expires_at()),
    ] {
        assert_eq!(answer[name], seconds(time));
        assert!(PAGE.contains(&format!("| {}, 1", seconds(time))), "{name}");
    }
    #[cfg(feature = "serde")]
    assert_eq!(serde_json::to_value(&terms).unwrap(), answer);
}

/// What the page says, where the tool is there.
#[cfg(unix)]
#[test]
fn the_commands_of_the_format_page_print_the_token() {
    let commands = PAGE.split("```bash\n").nth(1).unwrap().split("```").next().unwrap();
    let is_there = |tool: &str| std::process::Command::new(tool).arg("version").output().is_ok();
    if !is_there("openssl") || !is_there("bash") {
        println!("skipped: openssl or bash is not installed");
        return;
    }
    let output = std::process::Command::new("bash").args(["-ec", commands]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(PAGE.contains(&format!("```text\n{printed}```")), "{printed}");
}
