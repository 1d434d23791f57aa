//! `palisade webhook` with Twilio's scheme, which signs the URL and the fields of the form.

use serde_json::json;

use crate::command::{Answer, palisade, palisade_in};

/// From Twilio's documentation.
const TOKEN: &str = "12345";
const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const BODY: &[u8] =
    b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309";
const HEADER: &str = "X-Twilio-Signature: RSOYDt4T1cUTdK1PDd93/VVr8B8=";

fn run(command: &str, more: &[&str], body: &[u8]) -> Answer {
    let args = ["--json", "webhook", command, "--scheme", "twilio", "--secret-env", "TOKEN", "-"];
    palisade_in(&[&args[..], more].concat(), body, &[("TOKEN", TOKEN), ("OTHER", "54321")])
}

#[test]
fn the_documented_signature() {
    let signed = run("sign", &["--url", URL], BODY).json();
    let header = &signed["headers"][0];
    let line =
        format!("{}: {}", header["name"].as_str().unwrap(), header["value"].as_str().unwrap());
    assert_eq!(line, HEADER);

    let good = run("verify", &["--url", URL, "--header", HEADER, "--secret-env", "OTHER"], BODY);
    let json = good.json();
    assert_eq!((good.code, &json["scheme"], &json["key"]), (0, &json!("twilio"), &json!("1")));
    assert_eq!(json["replay_key"].as_str().unwrap().len(), 64);
    for (url, header, body, reason) in [
        ("https://mycompany.com/", HEADER, BODY, "webhook_bad_signature"),
        (URL, HEADER, b"Digits=1", "webhook_bad_signature"),
        (URL, "a: b", BODY, "webhook_missing_header"),
        (URL, "X-Twilio-Signature: RSOY", BODY, "webhook_malformed_header"),
    ] {
        let refused = run("verify", &["--url", url, "--header", header], body);
        assert_eq!((refused.code, &refused.json()["reason"]), (1, &json!(reason)));
    }
}

#[test]
fn a_body_that_is_no_form_is_signed_by_its_digest() {
    let answer = run("sign", &["--url", URL], b"{\"a\":1}");
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    let member = message.split(' ').next_back().unwrap();
    assert!(answer.code == 2 && member.starts_with("bodySHA256="), "{message}");
    let url = format!("{URL}&{member}");
    let signed = run("sign", &["--url", &url], b"{\"a\":1}").json();
    let header = format!("X-Twilio-Signature: {}", signed["headers"][0]["value"].as_str().unwrap());
    let verify = |body| run("verify", &["--url", &url, "--header", &header], body).code;
    assert_eq!((verify(b"{\"a\":1}"), verify(b"{\"a\":2}")), (0, 1));
}

#[test]
fn what_has_no_effect_is_refused() {
    let url = ["--url", URL];
    for more in [
        &["--time", "1"][..],
        &["--id", "msg_1"],
        &["--curl", "https://x.example"],
        &["--beside", "github", "--beside-secret-env", "TOKEN"],
    ] {
        let answer = run("sign", &[&url, more].concat(), BODY);
        assert_eq!((answer.code, &answer.json()["error"]), (2, &json!("usage")), "{more:?}");
    }
    for more in [&["--any-age"][..], &["--tolerance", "1"], &["--explain"], &["--key", "/nowhere"]]
    {
        let answer = run("verify", &[&url, more, &["--header", HEADER]].concat(), BODY);
        assert_eq!((answer.code, &answer.json()["error"]), (2, &json!("usage")), "{more:?}");
    }
    assert_eq!(run("sign", &[], BODY).json()["error"], "policy", "without its URL");
    assert_eq!(run("verify", &["--header", HEADER], BODY).json()["error"], "policy");
    let bare = ["webhook", "sign", "--scheme", "twilio", "--url", URL, "-"];
    assert_eq!(palisade(&bare, BODY).code, 2, "without a token");
    let sheet = palisade(&["webhook", "headers", "--scheme", "twilio"], b"").stdout;
    assert!(sheet.contains("<url><sorted form>") && sheet.contains("HMAC-SHA1"), "{sheet}");
}
