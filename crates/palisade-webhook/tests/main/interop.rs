//! The receivers of `docs/guides/webhooks.md` in Node, Python and Go, over signatures of ours and forgeries.
//!
//! The code is taken out of the guide as it stands. Where a language is missing, the test says so and passes.
//! The Python interpreter is `$PALISADE_PYTHON`, by default `python3`.

mod cases;
mod peer;

use std::io::Write as _;
use std::process::Command;

use palisade_webhook::Scheme;

use cases::{Case, JSON, NOW, cases, no_secrets, ours, secrets, sign};
use peer::{Answer, Peer, folder};

const SCHEMES: [&str; 2] = ["glacis", "standard"];

/// The forms in which a language's framework may hand over what a stranger sent, and those that are a mistake
/// of the service.
struct Odd {
    /// Of each header.
    header: &'static [&'static str],
    /// Of `body` or `now`.
    refused: &'static [(&'static str, &'static str)],
    /// Of the body.
    thrown: &'static [&'static str],
}

fn agrees(test: &str, peer: Option<Peer>, odd: &Odd) {
    let Some(mut peer) = peer else {
        // Straight to stderr, which the test runner does not keep to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: the language is not installed");
        return;
    };
    let cases = cases();
    assert!(cases.iter().any(ours) && !cases.iter().all(ours));
    for case in cases {
        assert_eq!(peer.ask(&case), Answer::Verdict(ours(&case)), "{}: {}", case.scheme, case.what);
    }
    for good in SCHEMES.map(Case::good) {
        let scheme = good.scheme;
        assert_eq!(peer.ask(&good), Answer::Verdict(true), "{scheme}");
        for secret in no_secrets(scheme) {
            let case = Case { secret, ..good.clone() };
            let answer = peer.ask(&case);
            assert_eq!(answer, Answer::Error("secret".into()), "{scheme}: {:?}", case.secret);
        }
        let mut ask =
            |part: &str, kind| peer.ask(&Case { odd: (part.into(), kind), ..good.clone() });
        for name in good.headers.keys() {
            for kind in odd.header {
                assert_eq!(ask(name, kind), Answer::Verdict(false), "{scheme}: {name}, {kind}");
            }
        }
        for (part, kind) in odd.refused {
            if *part != "now" || scheme == "standard" {
                assert_eq!(ask(part, kind), Answer::Verdict(false), "{scheme}: {part}, {kind}");
            }
        }
        for kind in odd.thrown {
            assert_eq!(ask("body", kind), Answer::Error("body".into()), "{scheme}: {kind}");
        }
    }
}

#[test]
fn the_guide_in_node() {
    let mut command = Command::new("node");
    command.arg("receiver.mjs");
    let peer = Peer::start(command, folder("receiver.mjs", "js", "guide.mjs"));
    let odd = Odd {
        header: &["an array", "an array of two", "an object", "undefined", "null"],
        refused: &[
            ("body", "an object"),
            ("body", "undefined"),
            ("body", "null"),
            ("body", "an array"),
            ("now", "NaN"),
            ("now", "null"),
        ],
        thrown: &["a text"],
    };
    agrees("the_guide_in_node", peer, &odd);
}

#[test]
fn the_guide_in_python() {
    let python = std::env::var("PALISADE_PYTHON").unwrap_or_else(|_| "python3".into());
    let mut command = Command::new(&python);
    command.arg("receiver.py");
    // The guide writes types as Python does since 3.10.
    let recent = "import sys; sys.exit(sys.version_info < (3, 10))";
    let recent =
        Command::new(&python).args(["-c", recent]).status().is_ok_and(|status| status.success());
    let peer =
        recent.then(|| Peer::start(command, folder("receiver.py", "python", "guide.py"))).flatten();
    let odd = Odd {
        header: &["None", "a list", "bytes", "escaped bytes", "escaped bytes alone", "a number"],
        refused: &[],
        thrown: &["a text", "None"],
    };
    agrees("the_guide_in_python", peer, &odd);
}

#[test]
fn the_guide_in_go() {
    let mut command = Command::new("go");
    // No module, no network: two files and the standard library.
    command.args(["run", "receiver.go", "guide.go"]).env("GO111MODULE", "off").env("GOFLAGS", "");
    let peer = Peer::start(command, folder("receiver.go", "go", "guide.go"));
    let odd =
        Odd { header: &["twice", "two", "no values"], refused: &[("body", "nil")], thrown: &[] };
    agrees("the_guide_in_go", peer, &odd);
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
        let case = Case::new("", "glacis", headers, body.as_bytes(), NOW);
        assert_eq!(peer.ask(&case), Answer::Verdict(true), "{body}");
        let forged =
            Case { body: body.replace('}', r#","x":1}"#).replace("{,", "{").into(), ..case };
        assert_eq!(peer.ask(&forged), Answer::Verdict(false), "{body}");
    }
}
