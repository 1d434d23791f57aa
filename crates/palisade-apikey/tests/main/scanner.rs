use palisade_apikey::{Checksum, KeyFormat, Partner};
use regex::Regex;

fn all() -> [KeyFormat; 3] {
    [
        KeyFormat::new("gmk_acct_live").unwrap(),
        KeyFormat::new("gh_live").unwrap().checksum(Checksum::None),
        KeyFormat::new("ghp").unwrap().body_length(30).unwrap().checksum(Checksum::Crc32Body6),
    ]
}

/// The expression finds every digit of the alphabet: a peer's class left out `9`, `Z` and `z`.
#[test]
fn the_expression_finds_keys_in_text() {
    for format in all() {
        let regex = Regex::new(&format.regex()).unwrap();
        for _ in 0..200 {
            let key = format.mint().unwrap().reveal();
            let text = format!("export KEY=\"{key}\" # and so on");
            assert_eq!(regex.find(&text).unwrap().as_str(), key);
        }
    }
}

#[test]
fn the_gitleaks_rule_matches_what_it_should() {
    for format in all() {
        let rule = format.gitleaks_rule();
        let pattern = rule.split("'''").nth(1).unwrap();
        let regex = Regex::new(pattern).unwrap();
        let key = format.mint().unwrap().reveal();
        let text = format!("key: {key};");
        let found = regex.captures(&text).unwrap();
        assert_eq!(&found[1], key);
        assert!(!regex.is_match(&format!("{key}x")), "a longer word is no key");
        assert!(!regex.is_match(&format!("x{key}")), "a longer word is no key");
    }
}

#[test]
fn the_registration_says_all_that_is_asked() {
    let partner = Partner {
        service: "Glassmkr",
        endpoint: "https://glassmkr.example/leaks",
        contact: "security@glassmkr.example",
    };
    for format in all() {
        let text = format.partner_registration(&partner);
        for part in [partner.service, partner.endpoint, partner.contact, format.prefix()] {
            assert!(text.contains(part), "{text}");
        }
        assert!(text.contains(&format.regex()));
    }
    let text = all()[0].partner_registration(&partner);
    assert!(text.contains("62 characters") && text.contains("(256 bits)"), "{text}");
}
