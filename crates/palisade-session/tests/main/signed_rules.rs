//! The rules for signed tokens, one test each, with tokens that are well signed and wrong otherwise.

use std::time::Duration;

use palisade_secret::{MacKey, SecretBytes};
use palisade_session::{
    InvalidProfile, NewClaims, SessionId, SessionTokens, SigningKeys, TokenProfile, TokenRefused,
};

use crate::support::{
    DAY, HEADER, HOUR, SECOND, encode, mac_key, part, payload, ring, seconds, sign, sign_encoded,
    start, tokens, user,
};

/// What becomes of this header and this payload under a good signature.
fn judge(header: &str, payload: &str) -> Result<(), TokenRefused> {
    let token = sign(header, payload, &mac_key("a"));
    tokens(&["a", "b"]).verify(&token, start()).map(drop)
}

fn judge_header(header: &str) -> Result<(), TokenRefused> {
    judge(header, &payload(&[]))
}

fn judge_claim(name: &str, value: &str) -> Result<(), TokenRefused> {
    judge(HEADER, &payload(&[(name, value)]))
}

#[test]
fn the_token_of_these_tests_is_good() {
    assert_eq!(judge(HEADER, &payload(&[])), Ok(()));
}

#[test]
fn rule_1_the_length_is_bounded_before_anything_is_decoded() {
    let of_length = |header: &str, wanted: usize| {
        let filled = |len| payload(&[("pad", &format!("\"{}\"", "x".repeat(len)))]);
        let tokens = (2500..3200).map(|len| sign(header, &filled(len), &mac_key("a")));
        tokens.into_iter().find(|token| token.len() == wanted).unwrap()
    };
    let tokens = tokens(&["a"]);
    tokens.verify(&of_length(&HEADER.replace('}', " }"), 4096), start()).unwrap();
    assert_eq!(
        tokens.verify(&of_length(HEADER, 4097), start()).unwrap_err(),
        TokenRefused::TooLong
    );
    for huge in ["x", ".", "é", "\0"].map(|text| text.repeat(1 << 20)) {
        assert_eq!(tokens.verify(&huge, start()).unwrap_err(), TokenRefused::TooLong);
    }
    let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"a","pad":"{}"}}"#, "x".repeat(800));
    assert_eq!(judge_header(&header), Err(TokenRefused::TooLong));
}

#[test]
fn rule_2_three_parts_of_canonical_base64url() {
    let (tokens, key) = (tokens(&["a"]), mac_key("a"));
    let good = sign(HEADER, &payload(&[]), &key);
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    for wrong in [
        String::new(),
        ".".into(),
        "..".into(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}.{signature}."),
        format!(".{header}.{claims}.{signature}"),
        format!("{header}..{claims}.{signature}"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!(".{claims}.{signature}"),
        format!("{header}..{signature}"),
    ] {
        assert!(tokens.verify(&wrong, start()).is_err(), "{wrong}");
    }
    // Padding, the other alphabet, and bits that are left over, each with a good signature over it.
    let mut judged = 0;
    for pad in 0..3 {
        let claims = encode(&payload(&[("pad", &format!("\"{}ÿÿÿ?>\"", "x".repeat(pad)))]));
        assert!(tokens.verify(&sign_encoded(&format!("{header}.{claims}"), &key), start()).is_ok());
        let mut spelled = vec![format!("{claims}="), format!("{claims}==")];
        spelled.push(claims.replace('-', "+").replace('_', "/"));
        let but_last = &claims[..claims.len() - 1];
        spelled.extend(ALPHABET.chars().map(|c| format!("{but_last}{c}")));
        for other in spelled.into_iter().filter(|other| *other != claims) {
            let token = sign_encoded(&format!("{header}.{other}"), &key);
            assert!(tokens.verify(&token, start()).is_err(), "{other}");
            judged += 1;
        }
    }
    assert!(judged > 150);
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[test]
fn rule_3_the_algorithm_belongs_to_the_key() {
    for alg in ["none", "hs256", "HS384", "HS512", "RS256", "ES256", "EdDSA", "", "HS256\\u0000"] {
        let header = format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"a"}}"#);
        assert_eq!(judge_header(&header), Err(TokenRefused::Algorithm), "{alg}");
    }
    assert_eq!(judge_header(r#"{"typ":"JWT","kid":"a"}"#), Err(TokenRefused::Algorithm));
    for alg in ["null", "256", "[\"HS256\"]", "{\"HS256\":1}", "true"] {
        let header = format!(r#"{{"alg":{alg},"typ":"JWT","kid":"a"}}"#);
        assert_eq!(judge_header(&header), Err(TokenRefused::Malformed), "{alg}");
    }
}

#[test]
fn rule_4_an_unknown_or_missing_key_id_is_an_error_and_a_token_brings_no_key() {
    for kid in ["", "A", "c", "../a", "a ", "a\\u0000", "b' OR '1'='1"] {
        let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#);
        assert_eq!(judge_header(&header), Err(TokenRefused::UnknownKey), "{kid}");
    }
    assert_eq!(judge_header(r#"{"alg":"HS256","typ":"JWT"}"#), Err(TokenRefused::UnknownKey));
    // The right key under the id of another one of the ring: no key is tried that was not named.
    let header = r#"{"alg":"HS256","typ":"JWT","kid":"b"}"#;
    assert_eq!(judge_header(header), Err(TokenRefused::Signature));
    // A key in the token is neither used nor an error.
    for member in [
        r#""jwk":{"kty":"oct","k":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"}"#,
        r#""jku":"https://evil.example/keys""#,
        r#""x5u":"https://evil.example/cert""#,
        r#""x5c":["MIIB"]"#,
    ] {
        let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"a",{member}}}"#);
        assert_eq!(judge_header(&header), Ok(()), "{member}");
        let theirs = MacKey::dangerous_any_length(&[b'a'; 32]);
        let forged = sign(&header, &payload(&[]), &theirs);
        let refused = tokens(&["a"]).verify(&forged, start()).unwrap_err();
        assert_eq!(refused, TokenRefused::Signature, "{member}");
    }
}

#[test]
fn rule_5_extensions_are_refused() {
    for member in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""cty":"JWT""#,
        r#""\u0063rit":["exp"]"#,
    ] {
        let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"a",{member}}}"#);
        assert_eq!(judge_header(&header), Err(TokenRefused::Extension), "{member}");
    }
}

#[test]
fn rule_6_the_type_is_there_and_is_that_of_sessions() {
    for typ in ["jwt", "at+jwt", "application/jwt", "wt+jwt", "epoch+jwt", "", "JWT "] {
        let header = format!(r#"{{"alg":"HS256","typ":"{typ}","kid":"a"}}"#);
        assert_eq!(judge_header(&header), Err(TokenRefused::Type), "{typ}");
    }
    assert_eq!(judge_header(r#"{"alg":"HS256","kid":"a"}"#), Err(TokenRefused::Type));
}

#[test]
fn rule_7_a_key_has_32_bytes_or_more() {
    for len in [0, 1, 16, 31] {
        let bytes: Vec<u8> = (0..len).map(|n: u8| n.wrapping_mul(37)).collect();
        assert!(MacKey::new(SecretBytes::dangerous_unchecked(bytes)).is_err(), "{len}");
    }
    let enough = (0..32_u8).map(|n| n.wrapping_mul(37)).collect();
    assert!(MacKey::new(SecretBytes::dangerous_unchecked(enough)).is_ok());
}

#[test]
fn rule_8_the_signature_comes_before_the_claims() {
    let tokens = tokens(&["a"]);
    for claims in
        ["", "{", "[]", "null", r#"{"exp":1}"#, r#"{"exp":"x"}"#, &payload(&[("exp", "1")])]
    {
        let forged = sign(HEADER, claims, &mac_key("z"));
        assert_eq!(tokens.verify(&forged, start()).unwrap_err(), TokenRefused::Signature);
        let not_text = format!("{}.{}.{}", encode(HEADER), "!", "x");
        assert_eq!(tokens.verify(&not_text, start()).unwrap_err(), TokenRefused::Signature);
    }
}

#[test]
fn rule_9_a_member_stands_once() {
    let claims = payload(&[]);
    for member in ["iss", "aud", "sub", "sid", "gen", "iat", "exp", "\\u0065xp", "s\\u0075b"] {
        let twice = claims.replacen('{', &format!("{{\"{member}\":1,"), 1);
        assert_eq!(judge(HEADER, &twice), Err(TokenRefused::Malformed), "{member}");
    }
    for member in [r#""x":1,"x":1"#, r#""x":{"y":1,"y":1}"#, r#""x":[{"y":1,"\u0079":2}]"#] {
        let twice = claims.replacen('{', &format!("{{{member},"), 1);
        assert_eq!(judge(HEADER, &twice), Err(TokenRefused::Malformed), "{member}");
    }
    // The same member, the same value: still twice.
    let same = claims.replacen('{', "{\"sub\":\"usr_01\",", 1);
    assert_eq!(judge(HEADER, &same), Err(TokenRefused::Malformed));
    for member in ["alg\":\"HS256", "typ\":\"JWT", "kid\":\"a", "k\\u0069d\":\"a"] {
        let header = HEADER.replacen('{', &format!("{{\"{member}\","), 1);
        assert_eq!(judge_header(&header), Err(TokenRefused::Malformed), "{member}");
    }
    let header = HEADER.replacen('{', r#"{"x":1,"x":2,"#, 1);
    assert_eq!(judge_header(&header), Err(TokenRefused::Malformed));
}

#[test]
fn rule_10_times_are_numbers() {
    let exp = seconds(start() + HOUR);
    for time in ["exp", "iat", "nbf"] {
        let text = format!("\"{exp}\"");
        for value in [
            &text, "null", "true", "[]", "{}", "-1", "-0", "-0.0", "-0e9", "1e400", "NaN",
            "Infinity", "1e30", "0x10", "+1", "01", "1_0",
        ] {
            assert_eq!(judge_claim(time, value), Err(TokenRefused::Malformed), "{time} {value}");
        }
    }
    assert_eq!(judge_claim("exp", &format!("{exp}.5")), Ok(()));
    assert_eq!(judge_claim("exp", &format!("{exp}.0e0")), Ok(()));
    assert_eq!(judge_claim("exp", "18446744073709551615"), Err(TokenRefused::Claim("exp")));
    assert_eq!(judge_claim("exp", "18446744073709551616"), Err(TokenRefused::Malformed));
}

#[test]
fn rule_10_the_claims_are_there_and_of_their_kind() {
    assert_eq!(judge_claim("iss", ""), Err(TokenRefused::Issuer));
    assert_eq!(judge_claim("iss", "\"https://auth.glassmkr.com/\""), Err(TokenRefused::Issuer));
    assert_eq!(judge_claim("aud", ""), Err(TokenRefused::Audience));
    assert_eq!(judge_claim("aud", "\"Guardian\""), Err(TokenRefused::Audience));
    assert_eq!(judge_claim("aud", "[]"), Err(TokenRefused::Audience));
    assert_eq!(judge_claim("aud", "[\"a\",\"guardian\"]"), Ok(()));
    for claim in ["sub", "sid", "iat", "exp"] {
        assert_eq!(judge_claim(claim, ""), Err(TokenRefused::Claim(claim)), "{claim}");
    }
    for claim in ["iss", "aud", "sub", "sid"] {
        for value in ["7", "null", "true", "{}", "{\"a\":1}", "[7]", "[[\"guardian\"]]"] {
            assert_eq!(judge_claim(claim, value), Err(TokenRefused::Malformed), "{claim} {value}");
        }
    }
    let long = format!("\"{}\"", "u".repeat(129));
    for sub in ["\"\"", "\"a b\"", "\"é\"", "\"a\\u0000\"", "\"\\n\"", &long] {
        assert_eq!(judge_claim("sub", sub), Err(TokenRefused::Claim("sub")), "{sub}");
    }
    let long = format!("\"{}\"", "s".repeat(33));
    for sid in ["\"\"", "\"a.b\"", "\"a/b\"", "\"é\"", &long] {
        assert_eq!(judge_claim("sid", sid), Err(TokenRefused::Claim("sid")), "{sid}");
    }
    for generation in ["-1", "1.5", "\"1\"", "null", "18446744073709551616"] {
        assert_eq!(judge_claim("gen", generation), Err(TokenRefused::Malformed), "{generation}");
    }
    assert_eq!(judge_claim("gen", ""), Ok(()));
}

#[test]
fn rule_10_lifetime_and_leeway_have_bounds() {
    let issued = seconds(start());
    let week = 7 * 24 * 3600;
    assert_eq!(judge_claim("exp", &(issued + week).to_string()), Ok(()));
    for exp in [issued + week + 1, issued - 1] {
        assert_eq!(judge_claim("exp", &exp.to_string()), Err(TokenRefused::Claim("exp")));
    }
    let week_and_a_bit = format!("{}.001", issued + week);
    assert_eq!(judge_claim("exp", &week_and_a_bit), Err(TokenRefused::Claim("exp")));

    let profile = || TokenProfile::new("i", "a").unwrap();
    assert!(profile().leeway(Duration::from_mins(1)).is_ok());
    let longer = Duration::from_mins(1) + Duration::from_nanos(1);
    assert_eq!(profile().leeway(longer).unwrap_err(), InvalidProfile::Leeway);
    assert!(profile().max_lifetime(7 * DAY).is_ok());
    for lifetime in [Duration::ZERO, 7 * DAY + Duration::from_nanos(1)] {
        assert_eq!(profile().max_lifetime(lifetime).unwrap_err(), InvalidProfile::Lifetime);
    }
    for name in ["", "a b", "é", "a\n", &"x".repeat(257)] {
        assert_eq!(TokenProfile::new(name, "a").unwrap_err(), InvalidProfile::Name, "{name}");
        assert_eq!(TokenProfile::new("i", name).unwrap_err(), InvalidProfile::Name, "{name}");
    }
}

#[test]
fn rule_11_expired_when_the_time_less_the_leeway_reaches_exp() {
    let token = sign(HEADER, &payload(&[]), &mac_key("a"));
    let tokens = tokens(&["a"]);
    let end = start() + HOUR + 30 * SECOND;
    tokens.verify(&token, end - Duration::from_nanos(1)).unwrap();
    assert_eq!(tokens.verify(&token, end).unwrap_err(), TokenRefused::Expired);
    let early = start() - 30 * SECOND;
    tokens.verify(&token, early).unwrap();
    let refused = tokens.verify(&token, early - Duration::from_nanos(1)).unwrap_err();
    assert_eq!(refused, TokenRefused::NotYetValid);
    assert_eq!(judge_claim("nbf", &seconds(start() + 30 * SECOND).to_string()), Ok(()));
    let later = seconds(start() + 31 * SECOND).to_string();
    assert_eq!(judge_claim("nbf", &later), Err(TokenRefused::NotYetValid));
}

#[test]
fn the_payload_is_one_object_of_sound_text() {
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    for claims in ["", "{", "{}{}", "[]", "null", "\"x\"", "{} x", "{'a':1}", "{\"a\":1,}", &deep] {
        assert_eq!(judge(HEADER, claims), Err(TokenRefused::Malformed), "{claims}");
    }
    assert_eq!(judge(HEADER, &payload(&[("x", "\"\\ud800\"")])), Err(TokenRefused::Malformed));
    assert_eq!(judge(HEADER, &format!("\u{feff}{}", payload(&[]))), Err(TokenRefused::Malformed));
    assert_eq!(judge(HEADER, &payload(&[("x", r#"{"y":[1,-2,3.5,true,null,"z"]}"#)])), Ok(()));
}

#[test]
fn what_is_issued_verifies_and_says_what_was_asked() {
    let tokens = tokens(&["a"]);
    let session = SessionId::generate().unwrap();
    let claims = NewClaims {
        user: &user(),
        session: &session,
        generation: u64::MAX,
        issued: start(),
        expires: start() + HOUR,
    };
    let token = tokens.issue(&claims);
    let token = token.expose_secret();
    assert_eq!(part(token, 0), HEADER);
    let read = tokens.verify(token, start()).unwrap();
    assert_eq!((read.user(), read.session()), (&user(), &session));
    assert_eq!(read.generation(), Some(u64::MAX));
    assert_eq!((read.issued(), read.expires()), (start(), start() + HOUR));
    assert_eq!(read.key_id().as_str(), "a");
}

/// The longest names of all, each character of which JSON escapes.
#[test]
fn the_longest_names_make_a_token_that_verifies() {
    let (name, longest) = ("\"".repeat(256), "\\".repeat(128));
    let profile = TokenProfile::new(&name, &name).unwrap();
    let tokens = SessionTokens::new(SigningKeys::hs256(ring(&["a"])), profile);
    let claims = NewClaims {
        user: &longest.parse().unwrap(),
        session: &"x".repeat(32).parse().unwrap(),
        generation: u64::MAX,
        issued: start(),
        expires: start() + HOUR,
    };
    let token = tokens.issue(&claims);
    let read = tokens.verify(token.expose_secret(), start()).unwrap();
    assert_eq!(read.user().as_str(), longest);
}
