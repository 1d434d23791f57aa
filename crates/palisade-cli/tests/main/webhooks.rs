//! `palisade webhook sign`, `verify` and `headers`.

use serde_json::{Value, json};

use crate::command::{Answer, palisade, palisade_in};
use crate::lists::Files;

/// From GitHub's documentation.
const GITHUB_SECRET: &str = "It's a Secret to Everybody";
const GITHUB_HEADER: &str =
    "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

const BODY: &str =
    r#"{"type":"invoice.paid","data":{"id":"inv_123","amount":4200,"note":"café ✓ 😀"}}"#;
const WHSEC: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// From the specification of Standard Webhooks, with its public half.
const WHSK: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const WHPK: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const STANDARD: &str = "\
webhook-id: msg_2KWPBgLlAfxdpx2AI54pPJ85f4W
webhook-timestamp: 1700000000
webhook-signature: v1,NVFpKUr6AW3lBrHwRHP5EgYgi0OTlYoVBFMzBUNQal8= v1a,j32fyIw1/4LdArwmFW9a6FHJkspDO37/EwHH1OWGbQDSm6NHMOODIc8Uerbowegpizz3XFUCjx8/APkRoLk3AQ==
";

fn files() -> Files {
    Files::new(&[
        ("body.json", BODY.as_bytes()),
        ("hello.txt", b"Hello, World!"),
        ("github.txt", format!("{GITHUB_SECRET}\n").as_bytes()),
        ("github.headers", GITHUB_HEADER.as_bytes()),
        ("whsec.txt", format!("{WHSEC}\n").as_bytes()),
        ("whsk.txt", WHSK.as_bytes()),
        ("whpk.txt", format!("{WHPK}\r\n").as_bytes()),
        ("standard.headers", STANDARD.as_bytes()),
        ("other.txt", b"another secret\n"),
    ])
}

/// Runs `palisade webhook` on files of the folder, and sees that no secret is told.
fn run(files: &Files, line: &str, stdin: &[u8]) -> Answer {
    run_in(files, line, stdin, &[])
}

fn run_in(files: &Files, line: &str, stdin: &[u8], env: &[(&str, &str)]) -> Answer {
    let args: Vec<String> = line
        .split_whitespace()
        .map(|word| {
            let path = files.path(word);
            if path.is_file() { path.display().to_string() } else { word.to_owned() }
        })
        .collect();
    let args: Vec<&str> = ["webhook"].into_iter().chain(args.iter().map(String::as_str)).collect();
    let answer = palisade_in(&args, stdin, env);
    for secret in [GITHUB_SECRET, &WHSEC[6..], &WHSK[5..40], "another secret"] {
        assert!(!answer.stdout.contains(secret) && !answer.stderr.contains(secret), "{answer:?}");
    }
    answer
}

#[test]
fn what_is_signed_is_what_the_documents_publish() {
    let files = files();
    let github = run(&files, "sign --scheme github --secret-file github.txt hello.txt", b"");
    assert_eq!((github.code, github.stdout), (0, format!("{GITHUB_HEADER}\n")));

    let line = "sign --scheme standard --secret-file whsec.txt --secret-file whsk.txt \
                --id msg_2KWPBgLlAfxdpx2AI54pPJ85f4W --time 1700000000";
    let standard = run(&files, &format!("{line} body.json"), b"");
    assert_eq!((standard.code, standard.stdout.as_str()), (0, STANDARD));
    assert_eq!(run(&files, &format!("{line} -"), BODY.as_bytes()).stdout, STANDARD);
    let line = line.replace("1700000000", "2023-11-14T22:13:20Z");
    assert_eq!(run(&files, &format!("{line} body.json"), b"").stdout, STANDARD);

    let line = "sign --scheme stripe --secret-env B --secret-env A --time 1700000000 body.json";
    let stripe = run_in(&files, line, b"", &[("A", "whsec_b"), ("B", "whsec_a")]);
    assert!(
        stripe.stdout.starts_with("Stripe-Signature: t=1700000000,v1=68f804f69f8"),
        "{stripe:?}"
    );
}

#[test]
fn the_answer_in_json_has_headers_id_and_time() {
    let files = files();
    let line = "--json sign --scheme glacis --secret-file other.txt --beside standard \
                --beside-secret-file whsec.txt --time 1700000000 \
                --id msg_2KWPBgLlAfxdpx2AI54pPJ85f4W body.json";
    let signed = run(&files, line, b"").json();
    assert_eq!((&signed["scheme"], &signed["beside"]), (&json!("glacis"), &json!("standard")));
    assert_eq!(signed["timestamp"], 1_700_000_000);
    assert_eq!(signed["message_id"], "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W");
    let names: Vec<&Value> =
        signed["headers"].as_array().unwrap().iter().map(|header| &header["name"]).collect();
    assert_eq!(
        names,
        ["x-glacis-signature", "webhook-id", "webhook-timestamp", "webhook-signature"]
    );
    assert_eq!(signed["headers"][3]["value"], "v1,NVFpKUr6AW3lBrHwRHP5EgYgi0OTlYoVBFMzBUNQal8=");

    let github = run(&files, "--json sign --scheme github --secret-file github.txt hello.txt", b"");
    let github = github.json();
    assert_eq!((github.get("message_id"), github.get("timestamp")), (None, None));
}

#[test]
fn what_is_verified_is_told_with_its_key() {
    let files = files();
    let line = "verify --scheme standard --secret-env NO --secret-file whsec.txt \
                --headers standard.headers --now 1700000010 body.json";
    let env = [("NO", "whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB")];
    let answer = run_in(&files, line, b"", &env);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer:?}");
    for part in [
        "WAS NOT ASKED",
        "key         2\n",
        "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        "2023-11-14T22:13:20Z",
    ] {
        assert!(answer.stdout.contains(part), "{part}: {answer:?}");
    }
    let json = run_in(&files, &format!("--json {line}"), b"", &env).json();
    assert_eq!(json["replay_key"].as_str().unwrap().len(), 64);
    assert_eq!(
        (&json["valid"], &json["scheme"], &json["key"], &json["timestamp"], &json["body_bytes"]),
        (&json!(true), &json!("standard"), &json!("2"), &json!(1_700_000_000), &json!(BODY.len()))
    );

    let line = "verify --scheme standard --key whpk.txt --headers standard.headers --any-age";
    assert_eq!(run(&files, &format!("{line} body.json"), b"").code, 0);
    assert_eq!(run(&files, &format!("{line} -"), BODY.as_bytes()).code, 0);
    let line = "verify --scheme github --secret-file github.txt --headers - hello.txt";
    assert_eq!(run(&files, line, GITHUB_HEADER.as_bytes()).code, 0);
    let line = "verify --scheme github --secret-file - --headers github.headers hello.txt";
    assert_eq!(run(&files, line, GITHUB_SECRET.as_bytes()).code, 0);
}

#[test]
fn keys_are_read_in_the_forms_that_their_senders_show() {
    let hex = "b0b252c8b44e7bda4d9c14a200e6baa2b6e26f1e2a707ee6a58f6470f17f0a73";
    let discord = "X-Signature-Ed25519: 737add06f30443704052ecf19416617a59c84fe30c84a43a13913af107d95be4ce0073efe3d0a3a4fc6e25ddbb7b2c8acb1b42e39bacff9e8edc555a93f3780c\nX-Signature-Timestamp: 1700000000\n";
    let files = Files::new(&[
        ("key.txt", hex.as_bytes()),
        ("headers.txt", discord.as_bytes()),
        ("body.json", br#"{"type":1}"#),
    ]);
    let line = "verify --scheme discord --key key.txt --headers headers.txt --now 1700000000";
    assert_eq!(run(&files, &format!("{line} body.json"), b"").code, 0);
    assert_eq!(run(&files, &format!("{line} -"), br#"{"type":2}"#).code, 1);

    let spki = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    let sendgrid = "X-Twilio-Email-Event-Webhook-Timestamp: 1600112502\nX-Twilio-Email-Event-Webhook-Signature: MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=\n";
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n",
        &spki[..64],
        &spki[64..]
    );
    for key in [spki, &pem] {
        let files =
            Files::new(&[("key.txt", key.as_bytes()), ("headers.txt", sendgrid.as_bytes())]);
        let line =
            "verify --scheme sendgrid --key key.txt --headers headers.txt --now 1600112502 -";
        let answer = run(&files, line, b"payload");
        assert_eq!(answer.code, 1, "{answer:?}");
        assert!(answer.stderr.contains("webhook_bad_signature"), "{answer:?}");
    }
}

#[test]
fn a_refusal_has_a_reason_and_the_status_one() {
    let files = files();
    let line = "verify --scheme standard --secret-file whsec.txt --headers standard.headers";
    for (more, body, reason) in [
        ("--now 1700000000", "{}", "webhook_bad_signature"),
        ("--now 1700000301", BODY, "webhook_too_old"),
        ("--now 1699999699", BODY, "webhook_too_new"),
        ("--now 1700000011 --tolerance 10", BODY, "webhook_too_old"),
        ("--now 1700000000 --header webhook-id:x", BODY, "webhook_duplicate_header"),
        ("--now 1700000000 --max-body 1KiB", &"x".repeat(1025), "webhook_body_too_large"),
    ] {
        let answer = run(&files, &format!("{line} {more} -"), body.as_bytes());
        assert_eq!((answer.code, answer.stdout.as_str()), (1, ""), "{more}");
        assert!(
            answer.stderr.starts_with("not good: ") && answer.stderr.contains(reason),
            "{answer:?}"
        );
        let json = run(&files, &format!("--json {line} {more} -"), body.as_bytes());
        assert_eq!((json.code, &json.json()["reason"]), (1, &json!(reason)));
        assert_eq!(json.json()["valid"], false);
    }
    let line = "verify --scheme slack --secret-file other.txt --headers standard.headers body.json";
    assert!(run(&files, line, b"").stderr.contains("webhook_missing_header"));
    let good = "verify --scheme standard --secret-file whsec.txt --headers standard.headers \
                --now 1700000010 --tolerance 10s --max-body 1KiB body.json";
    assert_eq!(run(&files, good, b"").code, 0);
}

#[test]
fn the_url_is_that_of_the_command_line() {
    let header = "x-square-hmacsha256-signature: Cxt7+aTi4rKgcA0bC4g9EHdVtLSDWdqccmL5MvihU4U=";
    let files = Files::new(&[("key.txt", b"signature-key\n"), ("headers.txt", header.as_bytes())]);
    let line = "verify --scheme square --secret-file key.txt --headers headers.txt";
    let body = br#"{"data":{"type":"webhooks","id":">id<"}}"#;
    let url = "--url https://webhook.site/webhooks";
    assert_eq!(run(&files, &format!("{line} {url} -"), body).code, 0);
    assert_eq!(run(&files, &format!("{line} {url}/x -"), body).code, 1);
    assert_eq!(run(&files, &format!("{line} -"), body).code, 2, "without a URL nobody knows");
    let signed = run(&files, &format!("sign --scheme square --secret-file key.txt {url} -"), body);
    assert_eq!(signed.stdout, format!("{header}\n"));
}

#[test]
fn a_command_of_curl_quotes_all() {
    let files = files();
    let line = "sign --scheme standard --secret-file whsec.txt --time 1700000000 --id msg_it's \
                --curl http://localhost/a?b=$(c)&d='e' hello.txt";
    let answer = run(&files, line, b"");
    assert_eq!(answer.code, 0, "{answer:?}");
    for part in [
        "curl --globoff ",
        r" --header 'webhook-id: msg_it'\''s' ",
        "hello.txt' --url ",
        r" --url 'http://localhost/a?b=$(c)&d='\''e'\'''",
    ] {
        assert!(answer.stdout.contains(part), "{part}: {answer:?}");
    }
    assert_eq!(answer.stdout.lines().count(), 1);

    let args =
        ["webhook", "sign", "--scheme", "glacis", "--secret-env", "S", "--curl", "a\nb", "-"];
    assert_eq!(palisade_in(&args, b"", &[("S", "secret")]).code, 2);
    // What came through a pipe is gone when the command is run.
    let pipe = "sign --scheme glacis --secret-file key.txt --curl http://localhost/ -";
    assert_eq!(run(&files, pipe, b"{}").code, 2);
}

#[test]
fn the_schemes_are_listed_and_described() {
    let all = palisade(&["webhook", "headers"], b"");
    assert_eq!((all.code, all.stderr.as_str()), (0, ""));
    assert!(all.stdout.contains(
        "stripe                  <time>.<body>       300 s  Stripe-Signature: t=<time>,v1=<hex>"
    ));
    assert_eq!(all.stdout.lines().count(), 15, "a heading and 14 schemes");

    let one = palisade(&["webhook", "headers", "--scheme", "standard"], b"").stdout;
    for part in
        ["webhook-id: <id>  (also read as svix-id)", "<id>.<time>.<body>", "300 s both ways"]
    {
        assert!(one.contains(part), "{part}: {one}");
    }
    let json = palisade(&["--json", "webhook", "headers"], b"").json();
    let schemes = json["schemes"].as_array().unwrap();
    assert_eq!(schemes.len(), 14);
    let linear = schemes.iter().find(|one| one["scheme"] == "linear").unwrap();
    assert_eq!(
        (&linear["time"], &linear["time_member"]),
        (&json!("body"), &json!("webhookTimestamp"))
    );
    let glacis = &schemes[0];
    assert_eq!((&glacis["time"], &glacis["tolerance_seconds"]), (&Value::Null, &Value::Null));
    assert_eq!(
        glacis["headers"][0],
        json!({ "name": "x-glacis-signature", "alias": null, "value": "sha256=<hex>" })
    );
}
