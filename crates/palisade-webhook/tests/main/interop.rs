//! The receivers of `docs/guides/webhooks.md` in Node, Python and Go, over signatures of ours and forgeries.
//!
//! The code is taken out of the guide as it stands. Where a language is missing, the test says so and passes.
//! The Python interpreter is `$PALISADE_PYTHON`, by default `python3`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime};

use palisade_webhook::{MessageId, Scheme, SharedSecret, Signer, Verifier};
use serde_json::{Value, json};
use tempfile::TempDir;

const WHSEC: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NOW: u64 = 1_700_000_000;
const JSON: &str =
    r#"{"type":"invoice.paid","data":{"id":"inv_123","amount":4200,"note":"café ✓ 😀"}}"#;

type Sent = BTreeMap<String, String>;

/// A request, and whether it is to be believed.
struct Case {
    what: &'static str,
    scheme: &'static str,
    headers: Sent,
    body: Vec<u8>,
    now: u64,
}

/// A process that answers a line of JSON with a line of JSON.
struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _folder: TempDir,
}

impl Peer {
    /// `None` when the program is missing or ends before its first line.
    fn start(mut command: Command, folder: TempDir) -> Option<Self> {
        let mut child = command
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut peer = Self { child, input, output: BufReader::new(output), _folder: folder };
        peer.read().map(|_| peer)
    }

    fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).ok()
    }

    fn verdict(&mut self, case: &Case) -> bool {
        let body = base16ct::lower::encode_string(&case.body);
        let request = json!({
            "scheme": case.scheme, "secret": WHSEC, "headers": case.headers, "body": body, "now": case.now,
        });
        writeln!(self.input, "{request}").unwrap();
        self.read().expect("an answer")["verdict"].as_bool().expect("a verdict")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with the test's own driver, and the guide's code block of a language under a name.
fn folder(driver: &str, language: &str, block: &str) -> TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("../../docs/guides/webhooks.md")).unwrap();
    let (_, code) =
        guide.split_once(&format!("```{language}\n")).expect("the guide has the language");
    let (code, _) = code.split_once("```\n").expect("the block has an end");
    let folder = tempfile::tempdir().unwrap();
    // The guide's Go is a package for a service; a program is needed to run it.
    std::fs::write(folder.path().join(block), code.replace("package receiver", "package main"))
        .unwrap();
    std::fs::copy(root.join("tests/interop").join(driver), folder.path().join(driver)).unwrap();
    folder
}

fn sign(scheme: Scheme, secrets: &[&SharedSecret], body: &[u8]) -> Sent {
    let mut signer = Signer::builder(scheme);
    for (at, secret) in secrets.iter().enumerate() {
        signer = signer.key(format!("k{at}").parse().unwrap(), *secret);
    }
    let id: MessageId = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W".parse().unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    signer
        .build()
        .unwrap()
        .sign(&id, now, body)
        .unwrap()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The text is the secret of GLACIS, and what it decodes to that of Standard Webhooks.
fn secrets() -> (SharedSecret, SharedSecret) {
    (SharedSecret::from_text(WHSEC).unwrap(), SharedSecret::from_whsec(WHSEC).unwrap())
}

fn cases() -> Vec<Case> {
    let (text, decoded) = secrets();
    let other =
        SharedSecret::from_bytes(palisade_secret::SecretBytes::dangerous_unchecked(vec![7; 32]))
            .unwrap();
    let mut cases = Vec::new();
    for (scheme, name, secret) in
        [(Scheme::GLACIS, "glacis", &text), (Scheme::STANDARD, "standard", &decoded)]
    {
        let header = if name == "glacis" { "x-glacis-signature" } else { "webhook-signature" };
        let mut add = |what, headers: Sent, body: &[u8], now| {
            cases.push(Case { what, scheme: name, headers, body: body.to_vec(), now });
        };
        for (what, body) in [
            ("JSON", JSON.as_bytes()),
            ("empty", b""),
            ("a byte that is no UTF-8", b"\xff"),
            ("NUL", b"\0"),
            ("a newline", b"{}\r\n"),
        ] {
            add(what, sign(scheme, &[secret], body), body, NOW);
        }
        let good = sign(scheme, &[secret], b"{}");
        add("another body", good.clone(), b"{ }", NOW);
        add("a newline more", good.clone(), b"{}\n", NOW);
        add("U+FFFD for a byte", sign(scheme, &[secret], "\u{fffd}".as_bytes()), b"\xff", NOW);
        add("another key", sign(scheme, &[&other], b"{}"), b"{}", NOW);
        add("no header", Sent::new(), b"{}", NOW);
        for (what, change) in [
            ("upper case", str::to_uppercase as fn(&str) -> String),
            ("truncated", |value| value[..value.len() - 1].to_owned()),
            ("longer", |value| format!("{value}0")),
            ("a newline after it", |value| format!("{value}\n")),
            ("not ASCII", |value| value.replace('=', "＝")),
            ("full-width", |value| value.replace('1', "１").replace('2', "２")),
            ("empty", |_| String::new()),
            ("nothing but its prefix", |value| value[..3].to_owned()),
            ("garbage between", |value| value.replacen(|c: char| c.is_ascii_digit(), "g!", 9)),
        ] {
            let mut headers = good.clone();
            headers.insert(header.into(), change(&good[header]));
            add(what, headers, b"{}", NOW);
        }
        if name == "standard" {
            for (what, now) in [
                ("300 s old", NOW + 300),
                ("301 s old", NOW + 301),
                ("300 s ahead", NOW - 300),
                ("301 s ahead", NOW - 301),
            ] {
                add(what, good.clone(), b"{}", now);
            }
            add("a rotation", sign(scheme, &[&other, secret], b"{}"), b"{}", NOW);
            for (what, field, value) in [
                ("full-width time", "webhook-timestamp", "１７００００００００"),
                ("fraction", "webhook-timestamp", "1700000000.0"),
                ("sign", "webhook-timestamp", "+1700000000"),
                ("i64::MIN", "webhook-timestamp", "-9223372036854775808"),
                ("huge", "webhook-timestamp", "99999999999999999999999999"),
                ("a dot in the id", "webhook-id", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W.1"),
                ("no id", "webhook-id", ""),
                ("another id", "webhook-id", "msg_1"),
            ] {
                let mut headers = good.clone();
                headers.insert(field.into(), value.into());
                add(what, headers, b"{}", NOW);
            }
        }
    }
    cases
}

/// What our own verifier says.
fn ours(case: &Case) -> bool {
    let (text, decoded) = secrets();
    let (scheme, secret) =
        if case.scheme == "glacis" { (Scheme::GLACIS, text) } else { (Scheme::STANDARD, decoded) };
    let verifier = Verifier::builder(scheme).key("k".parse().unwrap(), secret).build().unwrap();
    let headers: Vec<(&str, &str)> =
        case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(case.now);
    verifier.verify(&headers, &case.body, now).is_ok()
}

fn agrees(test: &str, peer: Option<Peer>) {
    let Some(mut peer) = peer else {
        // Straight to stderr, which the test runner does not keep to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: the language is not installed");
        return;
    };
    let cases = cases();
    assert!(cases.iter().any(ours) && !cases.iter().all(ours));
    for case in cases {
        assert_eq!(peer.verdict(&case), ours(&case), "{}: {}", case.scheme, case.what);
    }
}

#[test]
fn the_guide_in_node() {
    let mut command = Command::new("node");
    command.arg("receiver.mjs");
    agrees("the_guide_in_node", Peer::start(command, folder("receiver.mjs", "js", "guide.mjs")));
}

#[test]
fn the_guide_in_python() {
    let mut command =
        Command::new(std::env::var("PALISADE_PYTHON").unwrap_or_else(|_| "python3".into()));
    command.arg("receiver.py");
    agrees(
        "the_guide_in_python",
        Peer::start(command, folder("receiver.py", "python", "guide.py")),
    );
}

#[test]
fn the_guide_in_go() {
    let mut command = Command::new("go");
    // No module, no network: two files and the standard library.
    command.args(["run", "receiver.go", "guide.go"]).env("GO111MODULE", "off").env("GOFLAGS", "");
    agrees("the_guide_in_go", Peer::start(command, folder("receiver.go", "go", "guide.go")));
}

#[test]
fn the_snippet_of_glacis_verifies_what_we_sign() {
    let mut command = Command::new("node");
    command.arg("glacis_snippet.mjs");
    let Some(mut peer) = Peer::start(command, folder("glacis_snippet.mjs", "js", "guide.mjs"))
    else {
        let _ = writeln!(std::io::stderr(), "SKIPPED the_snippet_of_glacis: there is no node");
        return;
    };
    let (text, _) = secrets();
    for body in [JSON, "{}", r#"{"a":[1,2.5,null,true],"b":"\n\"\\"}"#] {
        let headers = sign(Scheme::GLACIS, &[&text], body.as_bytes());
        let case = Case { what: "", scheme: "glacis", headers, body: body.into(), now: NOW };
        assert!(peer.verdict(&case), "{body}");
        let forged =
            Case { body: body.replace('}', r#","x":1}"#).replace("{,", "{").into(), ..case };
        assert!(!peer.verdict(&forged), "{body}");
    }
}
