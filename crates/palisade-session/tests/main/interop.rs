//! Tokens of ours in `PyJWT` and in the `jose` package of node, and theirs in ours.
//!
//! The Python interpreter is `$PALISADE_PYTHON`, by default `python3`; `jose` is looked for where node
//! looks, `$NODE_PATH` included. Where one of them is missing, the test says so and passes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::SystemTime;

use palisade_secret::{Keyring, MacKey};
use palisade_session::{NewClaims, SessionId, SessionTokens, SigningKeys};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::support::{AUDIENCE, ISSUER, SECOND, hex, profile, seconds};

/// A process that answers a line of JSON with a line of JSON.
struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts it; `None` when it ends before its first line.
    fn start(program: &str, script: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
        let mut child = Command::new(program)
            .arg(folder.join(script))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut peer = Self { child, input, output: BufReader::new(output) };
        let Some(greeting) = peer.read() else {
            peer.child.wait().unwrap();
            return None;
        };
        println!("{script}: {}", greeting["version"]);
        Some(peer)
    }

    fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).ok()
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.input, "{request}").unwrap();
        self.read().expect("an answer")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn skipped(test: &str, why: &str) {
    // Straight to stderr, which the test runner does not keep to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

#[test]
fn pyjwt_reads_ours_and_we_read_theirs() {
    let python = std::env::var("PALISADE_PYTHON").unwrap_or_else(|_| "python3".into());
    match Peer::start(&python, "pyjwt.py") {
        Some(peer) => both_ways(peer),
        None => skipped(
            "pyjwt_reads_ours_and_we_read_theirs",
            "there is no python3 with PyJWT; name one in PALISADE_PYTHON",
        ),
    }
}

#[test]
fn jose_reads_ours_and_we_read_theirs() {
    match Peer::start("node", "jose.mjs") {
        Some(peer) => both_ways(peer),
        None => skipped(
            "jose_reads_ours_and_we_read_theirs",
            "there is no node with the package jose; name its folder in NODE_PATH",
        ),
    }
}

fn both_ways(mut peer: Peer) {
    let mut random = StdRng::seed_from_u64(4);
    let now = SystemTime::now();
    for _ in 0..300 {
        let key: Vec<u8> = (0..random.random_range(32..100)).map(|_| random.random()).collect();
        let hex = hex(&key);
        let ring = Keyring::new("a".parse().unwrap(), MacKey::dangerous_any_length(&key));
        let tokens = SessionTokens::new(SigningKeys::hs256(ring), profile());

        let user: String = (0..random.random_range(1..=128))
            .map(|_| char::from(random.random_range(b'!'..=b'~')))
            .collect();
        let session = SessionId::generate().unwrap();
        let claims = NewClaims {
            user: &user.parse().unwrap(),
            session: &session,
            generation: random.random_range(0..1 << 53),
            issued: now - SECOND * random.random_range(0..100_000),
            expires: now + SECOND * random.random_range(60..500_000),
        };
        let ours = tokens.issue(&claims);
        let read = peer.ask(&json!({"verify": ours.expose_secret(), "key": hex}));
        let expected = json!({
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "sid": session.as_str(),
            "iat": seconds(claims.issued),
            "exp": seconds(claims.expires),
        });
        let generation = read["claims"]["gen"].as_u64().unwrap_or_else(|| panic!("{read}"));
        // Within what every reader of JSON holds exactly (RFC 8259 section 6).
        assert_eq!(generation, claims.generation, "gen");
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(read["claims"][name], *value, "{name}");
        }

        let theirs = peer.ask(&json!({"sign": expected, "key": hex, "kid": "a"}));
        let theirs = theirs["token"].as_str().unwrap_or_else(|| panic!("{theirs}"));
        let read = tokens.verify(theirs, now).unwrap();
        assert_eq!((read.user().as_str(), read.session()), (user.as_str(), &session));
        assert_eq!(read.generation(), None);
        assert_eq!(seconds(read.issued()), seconds(claims.issued));
        assert_eq!(seconds(read.expires()), seconds(claims.expires));

        // Under another key neither reads the other's.
        let wrong = peer.ask(&json!({"verify": theirs, "key": hex.replacen(&hex[..2], "0102", 1)}));
        assert!(wrong["error"].is_string(), "{wrong}");
    }
}
