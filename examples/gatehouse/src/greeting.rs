//! What gatehouse says on stdout when it starts: where it is, and lines to paste.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// The first words after a start.
pub(crate) struct Greeting<'a> {
    /// Where it listens.
    pub(crate) addr: SocketAddr,
    /// The first admin key, at a start that found no keys.
    pub(crate) first_key: Option<&'a str>,
    /// Whose key that is.
    pub(crate) owner: &'a str,
}

impl fmt::Display for Greeting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gate = reachable(self.addr);
        writeln!(f, "gatehouse listens at http://{}", self.addr)?;
        match self.first_key {
            None => {
                writeln!(f)?;
                writeln!(f, "  curl http://{gate}/healthz")?;
                writeln!(f)?;
                writeln!(
                    f,
                    "Its keys are those of earlier starts. If no admin key is left, issue one:"
                )?;
                writeln!(f)?;
                writeln!(f, "  cargo run -p gatehouse -- issue-admin-key")
            }
            Some(key) => {
                writeln!(
                    f,
                    "The first admin key of {} is below. It is shown this once.",
                    self.owner
                )?;
                writeln!(f)?;
                writeln!(f, "Paste this into another shell:")?;
                writeln!(f)?;
                f.write_str(&tour(&gate, key, self.owner))
            }
        }
    }
}

/// The address for a client on this machine: one cannot connect to "every address".
fn reachable(addr: SocketAddr) -> SocketAddr {
    let mut addr = addr;
    if addr.ip().is_unspecified() {
        addr.set_ip(if addr.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        });
    }
    addr
}

/// The life of a key in lines of shell, and a person who signs in. They need `sed` and `curl`, of version
/// 7.79 or newer: before that, it kept no secure cookie of a service on this machine without TLS. The
/// comments hold nothing that a shell without comments at its prompt would trip over.
fn tour(gate: &SocketAddr, key: &str, owner: &str) -> String {
    format!(
        r#"GATE=http://{gate}
ADMIN={key}

# who the key is
curl -sS $GATE/api/v1/whoami -H "Authorization: Bearer $ADMIN"

# mint a key that may read controls
MINTED=$(curl -sS $GATE/api/v1/keys -H "Authorization: Bearer $ADMIN" -H "Content-Type: application/json" -d '{{"name":"first tour","scopes":["read:controls"]}}'); echo "$MINTED"
KEY=$(echo "$MINTED" | sed 's/.*"key":"\([^"]*\)".*/\1/'); ID=$(echo "$MINTED" | sed 's/.*"id":"\([^"]*\)".*/\1/')

# use it
curl -sS $GATE/api/v1/orgs/{owner}/controls -H "Authorization: Bearer $KEY"

# rotate it with an overlap of twenty seconds
ROTATED=$(curl -sS $GATE/api/v1/keys/$ID/rotate -H "Authorization: Bearer $ADMIN" -H "Content-Type: application/json" -d '{{"overlap_seconds":20}}'); echo "$ROTATED"
NEW=$(echo "$ROTATED" | sed 's/.*"key":"\([^"]*\)".*/\1/'); NEW_ID=$(echo "$ROTATED" | sed 's/.*"id":"\([^"]*\)".*/\1/')

# the old key works within the overlap and is refused after it
curl -sS $GATE/api/v1/whoami -H "Authorization: Bearer $KEY"
sleep 21; curl -sS $GATE/api/v1/whoami -H "Authorization: Bearer $KEY"

# revoke the new key and see it refused
curl -sS -X DELETE $GATE/api/v1/keys/$NEW_ID -H "Authorization: Bearer $ADMIN"
curl -sS -i $GATE/api/v1/whoami -H "Authorization: Bearer $NEW"

# let the organisation be reached from one network alone, which is refused since you are not in it
curl -sS -X PUT $GATE/api/v1/allowlist -H "Authorization: Bearer $ADMIN" -H "Content-Type: application/json" -d '{{"entries":[{{"network":"203.0.113.0/24","label":"Office"}}]}}'

# register a person, sign in, and mistype the password
JAR=$(mktemp)
curl -sS $GATE/api/v1/auth/register -H "Content-Type: application/json" -d '{{"login":"ann@example.com","password":"the tide table was wrong"}}'
curl -sS -i -c $JAR $GATE/api/v1/auth/login -H "Content-Type: application/json" -d '{{"login":"ann@example.com","password":"the tide table was wrong"}}'
curl -sS $GATE/api/v1/auth/login -H "Content-Type: application/json" -d '{{"login":"ann@example.com","password":"the tide table was right"}}'

# where the person is signed in
curl -sS -b $JAR $GATE/api/v1/sessions

# mint a key of the person, which is refused five minutes after the password was typed
curl -sS -b $JAR $GATE/api/v1/keys -H "Content-Type: application/json" -d '{{"name":"sidecar","scopes":["write:attestations"]}}'

# type the password once more, which renews the cookie, and send the same request again
curl -sS -b $JAR -c $JAR $GATE/api/v1/auth/reauthenticate -H "Content-Type: application/json" -d '{{"password":"the tide table was wrong"}}'
SIDECAR=$(curl -sS -b $JAR $GATE/api/v1/keys -H "Content-Type: application/json" -d '{{"name":"sidecar","scopes":["write:attestations"]}}' | sed 's/.*"key":"\([^"]*\)".*/\1/')

# exchange that key for the token of this hour, and deliver an attestation with it
TOKEN=$(curl -sS $GATE/api/v1/s3p/heartbeat -H "Authorization: Bearer $SIDECAR" -H "Content-Type: application/json" -d '{{"sidecar_id":"sc_1"}}' | sed 's/^{{"token":"\([^"]*\)".*/\1/')
curl -sS $GATE/api/v1/attestations -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{{"control":"AC-2","holds":true}}'

# sign out
curl -sS -i -b $JAR -X POST $GATE/api/v1/auth/logout -H "Content-Type: application/json"
rm $JAR
"#
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What the line of the tour that takes the token makes of this answer.
    fn token_taken_from(answer: &str) -> String {
        let tour = tour(&([127, 0, 0, 1], 8080).into(), "gate_acct_live_key", "org_demo");
        let line = tour.lines().find(|line| line.starts_with("TOKEN=")).unwrap();
        let (_, sed) = line.split_once(" | sed '").unwrap();
        let (script, end) = sed.split_once('\'').unwrap();
        assert_eq!(end, ")");
        let pipe = format!("printf '%s\\n' \"$1\" | sed '{script}'");
        let run = Command::new("sh").args(["-c", &pipe, "sh", answer]).output().unwrap();
        String::from_utf8(run.stdout).unwrap()
    }

    /// In the last five minutes of an hour the answer holds the token of the next one too, which is not
    /// good yet.
    #[test]
    fn the_token_of_this_hour_is_taken() {
        let rest = r#""epoch_id":"epoch_2026030112","scopes":["write:attestations"]"#;
        for next in ["null".to_owned(), format!(r#"{{"token":"wt_next.b-_",{rest}}}"#)] {
            let answer = format!(r#"{{"token":"wt_this.a-_",{rest},"next":{next}}}"#);
            assert_eq!(token_taken_from(&answer), "wt_this.a-_\n", "{answer}");
        }
    }
}
