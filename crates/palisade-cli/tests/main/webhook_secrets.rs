//! `palisade webhook secret`, and the forms in which secrets are read.

use palisade::webhook::{PrivateKey, SharedSecret};
use serde_json::{Value, json};

use crate::command::{Answer, palisade, palisade_in};
use crate::lists::Files;

const WHSEC: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const WHPK: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

/// The key of RFC 6979 section A.2.5.
const PEM: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX
Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth
+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ
-----END PRIVATE KEY-----
";

fn generate(form: &str) -> Value {
    palisade(&["--json", "webhook", "secret", "generate", "--form", form], b"").json()
}

/// What is said of a text, which itself is never repeated.
fn inspect(text: &str) -> Answer {
    let answer = palisade(&["--json", "webhook", "secret", "inspect"], text.as_bytes());
    let plain = palisade(&["webhook", "secret", "inspect"], text.as_bytes());
    assert_eq!(plain.code, answer.code);
    let is_public = text.contains("PUBLIC KEY") || text.starts_with("whpk_");
    for said in [&answer.stdout, &plain.stdout, &plain.stderr] {
        assert!(is_public || text.trim().len() < 4 || !said.contains(text.trim()), "{said}");
    }
    answer
}

#[test]
fn a_generated_secret_is_one_that_the_library_takes() {
    let secret = |form: &str| generate(form)["secret"].as_str().unwrap().to_owned();
    let lengths = [
        SharedSecret::from_whsec(&secret("whsec")).unwrap(),
        SharedSecret::from_hex(&secret("hex")).unwrap(),
        SharedSecret::from_base64(&secret("base64")).unwrap(),
    ];
    assert!(lengths.iter().all(|secret| secret.expose_secret().len() == 32));
    assert_ne!(secret("whsec"), secret("whsec"));

    let pair = generate("ed25519");
    let key = PrivateKey::from_whsk(pair["secret"].as_str().unwrap()).unwrap();
    assert_eq!(pair["public_key"], key.public_key().to_string());

    let plain = palisade(&["webhook", "secret", "generate"], b"");
    assert_eq!((plain.code, plain.stderr.as_str()), (0, ""));
    assert!(SharedSecret::from_whsec(plain.stdout.trim_end()).is_ok());
    let plain = palisade(&["webhook", "secret", "generate", "--form", "ed25519"], b"");
    assert!(plain.stderr.contains("whpk_") && plain.stdout.starts_with("whsk_"), "{plain:?}");
}

#[test]
fn a_secret_in_a_file_is_for_its_owner_and_never_replaced() {
    let files = Files::new(&[]);
    for form in ["whsec", "ed25519"] {
        let path = files.path(form);
        let out = path.display().to_string();
        let args = ["webhook", "secret", "generate", "--form", form, "--out", &out];
        let answer = palisade(&args, b"");
        assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer:?}");
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written.starts_with("whs") && written.ends_with('\n'));
        assert_eq!(answer.stdout.is_empty(), form == "whsec");
        assert!(!answer.stdout.contains("whsk_"), "only the public half is told");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }

        let again = palisade(&[&["--json"], &args[..]].concat(), b"");
        assert_eq!((again.code, &again.json()["error"]), (2, &json!("output")));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    }
    let left = std::fs::read_dir(files.path("")).unwrap().count();
    assert_eq!(left, 2, "no draft is left");
    let nowhere = ["webhook", "secret", "generate", "--out", "/nowhere/at/all"];
    assert_eq!(palisade(&nowhere, b"").code, 2);
}

#[test]
fn what_a_text_is() {
    let pair = generate("ed25519");
    let whsk = pair["secret"].as_str().unwrap();
    for (text, code, kind, forms) in [
        (WHSEC, 0, "shared_secret", &["text", "whsec"][..]),
        ("plain text, with blanks", 0, "shared_secret", &["text"]),
        ("0123456789abcdef0", 0, "shared_secret", &["text"]),
        ("00ff", 0, "shared_secret", &["text", "base64", "hex"]),
        (whsk, 0, "private_key", &["whsk"]),
        (WHPK, 0, "public_key", &["public"]),
        ("whsec_!!!", 0, "shared_secret", &["text"]),
        ("whsk_AAAA", 1, "private_key", &[]),
        ("whpk_AAAA", 1, "public_key", &[]),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
            1,
            "private_key",
            &[],
        ),
        ("", 1, "none", &[]),
        ("\n", 1, "none", &[]),
    ] {
        let answer = inspect(text);
        assert_eq!(answer.code, code, "{text} {answer:?}");
        let json = answer.json();
        assert_eq!((&json["kind"], &json["usable"]), (&json!(kind), &json!(code == 0)), "{text}");
        let found: Vec<&str> = json["readings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["form"].as_str().unwrap())
            .collect();
        assert_eq!(found, forms, "{text}");
    }
    assert_eq!(inspect(whsk).json()["public_key"], pair["public_key"]);
    let whsec = inspect(&format!("{WHSEC}\n")).json();
    assert_eq!(
        (&whsec["text_bytes"], &whsec["readings"][1]["key_bytes"]),
        (&json!(38), &json!(24))
    );
    assert_eq!(whsec["readings"][1]["schemes"], json!(["standard", "svix"]));
    assert_eq!(whsec["white_space"], Value::Null, "one line break ends every file");
}

#[test]
fn a_private_key_in_pem_signs_and_its_public_half_verifies() {
    let json = inspect(PEM).json();
    assert_eq!(json["readings"][0]["schemes"], json!(["sendgrid", "github-secret-scanning"]));
    let public = json["public_key"].as_str().unwrap();
    let again = inspect(public).json();
    assert_eq!(
        (&again["kind"], &again["fingerprint"]),
        (&json!("public_key"), &json["fingerprint"])
    );
    let text = palisade(&["webhook", "secret", "inspect"], PEM.as_bytes()).stdout;
    assert!(text.ends_with(public) && !text.contains("ya+p2EW6"), "{text}");

    let other = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n\
        AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n\
        -----END PUBLIC KEY-----\n";
    let files = Files::new(&[
        ("private.pem", PEM.as_bytes()),
        ("public.pem", public.as_bytes()),
        ("other.pem", other.as_bytes()),
    ]);
    let path = |name: &str| files.path(name).display().to_string();
    let scheme = ["--scheme", "github-secret-scanning"];
    let sign = [&["webhook", "sign"], &scheme[..], &["--secret-file", &path("private.pem"), "-"]];
    let headers = palisade(&sign.concat(), b"[]").stdout;
    assert!(headers.contains(json["fingerprint"].as_str().unwrap()), "{headers}");
    let headers: Vec<&str> = headers.lines().flat_map(|line| ["--header", line]).collect();
    let verify = |keys: &[&str], body: &[u8]| {
        let args = [&["--json", "webhook", "verify", "--explain"], &scheme[..], &headers];
        palisade(&[&args.concat()[..], keys, &["-"]].concat(), body)
    };
    let (public, other) = (path("public.pem"), path("other.pem"));
    let both = ["--key", &other, "--key", &public];
    let good = verify(&both, b"[]");
    assert_eq!((good.code, &good.json()["key"]), (0, &json!("2")));
    assert_eq!(verify(&both, b"[1]").json()["finding"]["kind"], "unexplained");
    assert_eq!(verify(&["--key", &other], b"[]").json()["finding"]["kind"], "unknown_key");
}

#[test]
fn white_space_is_told_of() {
    for (text, place) in [
        (" abc", "before"),
        ("abc ", "after"),
        ("abc\n\n", "after"),
        ("\tabc\r\n\n", "around"),
        ("\u{a0}abc", "before"),
    ] {
        let answer = inspect(text);
        assert_eq!((answer.code, &answer.json()["white_space"]), (1, &json!(place)), "{text:?}");
    }
    let env = [("S", "abc\n"), ("GOOD", WHSEC)];
    let args = ["--json", "webhook", "secret", "inspect", "--env"];
    let inspect = |name| palisade_in(&[&args[..], &[name]].concat(), b"", &env);
    assert_eq!(inspect("S").json()["white_space"], "after", "a variable ends with no line break");
    assert_eq!(inspect("GOOD").code, 0);
    assert_eq!(inspect("NOT_SET").code, 2);
}

#[test]
fn strange_texts_are_errors() {
    for text in [&b"\xff\xfe"[..], &[b'a'; 5000]] {
        let answer = palisade(&["--json", "webhook", "secret", "inspect"], text);
        assert_eq!((answer.code, &answer.json()["error"]), (2, &json!("secret")));
    }
}

/// The signature of an empty body, or the error.
fn sign(secret: &[u8], form: Option<&str>) -> Result<String, String> {
    let files = Files::new(&[("secret", secret)]);
    let path = files.path("secret").display().to_string();
    let mut args =
        vec!["--json", "webhook", "sign", "--scheme", "github", "--secret-file", &path, "-"];
    args.extend(form.iter().flat_map(|form| ["--secret-form", form]));
    let answer = palisade(&args, b"").json();
    match answer["headers"][0]["value"].as_str() {
        Some(value) => Ok(value.to_owned()),
        None => Err(answer["message"].as_str().unwrap().to_owned()),
    }
}

#[test]
fn a_file_loses_one_line_break_and_nothing_else() {
    let plain = sign(b"abc", None).unwrap();
    assert_eq!(sign(b"abc\n", None).unwrap(), plain);
    assert_eq!(sign(b"abc\r\n", Some("text")).unwrap(), plain);
    for text in [&b"abc\n\n"[..], b" abc", b"abc \n", b"\xc2\xa0abc"] {
        assert!(sign(text, None).unwrap_err().contains("--secret-form verbatim"), "{text:?}");
        assert_ne!(sign(text, Some("verbatim")).unwrap(), plain);
    }
    assert_eq!(sign(b"abc", Some("verbatim")).unwrap(), plain);
    assert_ne!(sign(b"abc\n", Some("verbatim")).unwrap(), plain, "verbatim keeps it");
    assert!(sign(b"", None).is_err() && sign(b"\n", None).is_err());

    let same = sign(b"616263\n", Some("hex")).unwrap();
    assert_eq!(same, plain);
    assert_eq!(sign(b"YWJj\n", Some("base64")).unwrap(), plain);
    assert!(sign(b"YWJj", Some("hex")).is_err());
    assert!(sign(b"YWJjZA", Some("base64")).is_err(), "without its padding");
}
