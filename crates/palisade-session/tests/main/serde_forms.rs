//! Records as JSON: what is written reads back, and what is not valid is refused.

use palisade_session::{
    Credential, DeviceLabel, EndReason, Factor, Factors, MemoryStore, NewSession, Origin,
    SecretDigest, SessionId, SessionRecord, UserAgent, UserId,
};
use serde_json::{Value, json};

use crate::support::{SECOND, both_kinds, policy, run, start, stored, user};

fn records() -> Vec<SessionRecord> {
    let made = both_kinds(&policy().build().unwrap(), MemoryStore::new).map(|sessions| {
        run(async {
            let begun = sessions.begin(&user()).await.unwrap();
            let origin = Origin::unknown()
                .user_agent("Firefox/1 Linux \"x\"")
                .address("2001:db8::1".parse().unwrap());
            let factors = vec![Factor::Password, Factor::Totp];
            let new = NewSession { origin, factors, ..NewSession::default() };
            let (_, session) = sessions.create(begun, new, start()).await.unwrap();
            let live = stored(&sessions, &session).await;
            sessions.sign_out(&session, start() + SECOND).await.unwrap();
            [live, stored(&sessions, &session).await]
        })
    });
    made.into_iter().flatten().collect()
}

#[test]
fn a_record_reads_back() {
    for record in records() {
        let json = serde_json::to_value(&record).unwrap();
        assert_eq!(json["user"], "usr_01");
        assert_eq!(json["id"], record.id.as_str());
        assert_eq!(json["factors"], record.factors.to_string());
        match &record.credential {
            Credential::Signed => assert_eq!(json["credential"], "signed"),
            Credential::Opaque(digest) => {
                assert_eq!(json["credential"]["opaque"], String::from(digest.clone()));
            }
        }
        if record.ended.is_some() {
            assert_eq!(json["ended"]["reason"], "signed_out");
        }
        let again: SessionRecord = serde_json::from_value(json).unwrap();
        assert_eq!(format!("{again:?}"), format!("{record:?}"));
        if let (Credential::Opaque(a), Credential::Opaque(b)) =
            (&again.credential, &record.credential)
        {
            a.verify(b).unwrap();
        }
    }
}

#[test]
fn a_record_with_a_member_that_cannot_be_is_refused() {
    let good = serde_json::to_value(&records()[1]).unwrap();
    assert!(serde_json::from_value::<SessionRecord>(good.clone()).is_ok());
    for (member, value) in [
        ("id", json!("")),
        ("id", json!("a.b")),
        ("id", json!("x".repeat(33))),
        ("user", json!("a b")),
        ("user", json!("")),
        ("user", json!(7)),
        ("generation", json!(-1)),
        ("generation", json!("0")),
        ("credential", json!("opaque")),
        ("credential", json!("Signed")),
        ("credential", json!({"opaque": "AAAA"})),
        ("credential", json!({"opaque": "é".repeat(43)})),
        ("credential", json!({"opaque": "A".repeat(44)})),
        ("created", json!(null)),
        ("created", json!({"secs_since_epoch": u64::MAX, "nanos_since_epoch": u32::MAX})),
        ("last_seen", json!({"secs_since_epoch": -1, "nanos_since_epoch": 0})),
        ("address", json!("192.0.2.256")),
        ("device", json!("a\u{202e}b")),
        ("device", json!("x".repeat(101))),
        ("factors", json!("password")),
        ("factors", json!(["password:1"])),
        ("ended", json!({"at": null, "reason": "signed_out"})),
        ("ended", json!({"at": {"secs_since_epoch": 1, "nanos_since_epoch": 0}, "reason": "x"})),
    ] {
        let mut record = good.clone();
        record[member] = value.clone();
        assert!(serde_json::from_value::<SessionRecord>(record).is_err(), "{member} {value}");
    }
    for member in ["id", "user", "generation", "credential", "created", "last_seen", "factors"] {
        let mut record = good.clone();
        record.as_object_mut().unwrap().remove(member);
        assert!(serde_json::from_value::<SessionRecord>(record).is_err(), "{member}");
    }
}

#[test]
fn the_parts_pass_the_same_parser_as_everything_else() {
    let refused = |value: &Value| {
        assert!(serde_json::from_value::<SessionId>(value.clone()).is_err(), "{value}");
        assert!(serde_json::from_value::<UserId>(value.clone()).is_err(), "{value}");
        assert!(serde_json::from_value::<SecretDigest>(value.clone()).is_err(), "{value}");
        assert!(serde_json::from_value::<EndReason>(value.clone()).is_err(), "{value}");
        assert!(serde_json::from_value::<DeviceLabel>(value.clone()).is_err(), "{value}");
    };
    let long = "x".repeat(1 << 20);
    for value in [json!(""), json!(" "), json!("\0"), json!(1), json!(null), json!([]), json!(long)]
    {
        refused(&value);
    }
    let cut: UserAgent = serde_json::from_value(json!(long)).unwrap();
    assert_eq!(cut.as_str().len(), 256);
    let factors: Factors = serde_json::from_value(json!("totp:5")).unwrap();
    assert_eq!(serde_json::to_value(factors).unwrap(), "totp:5");
}

/// What the customer sees has no credential in it.
#[test]
fn a_list_shows_nothing_secret() {
    for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
        let (token, session) = run(crate::support::sign_in(&sessions, &user(), start()));
        let listed = run(sessions.list(&session, start())).unwrap();
        let json = serde_json::to_value(&listed).unwrap();
        let members: Vec<_> = json[0].as_object().unwrap().keys().cloned().collect();
        let mut expected =
            ["id", "device", "created", "last_seen", "address", "user_agent", "current"];
        expected.sort_unstable();
        let mut members: Vec<_> = members.iter().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, expected);
        assert!(!json.to_string().contains(token.rsplit('.').next().unwrap()));
    }
}
