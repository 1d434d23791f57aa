//! Records as JSON: what is written reads back, and what is not valid is refused.

use palisade_apikey::{KeyDigest, KeyRecord, Policy, RevocationReason, Scopes};
use serde_json::{Value, json};

use crate::support::{HOUR, collector, issue, new_key, owner, service, start};

#[tokio::test]
async fn a_record_reads_back() {
    let keys = service(&["a"], Policy::default());
    let new = new_key(&collector()).bound_to("srv-7".parse().unwrap()).expires_at(start() + HOUR);
    let (_, record) = issue(&keys, new).await;
    keys.revoke(&owner(), &record.id, RevocationReason::Leaked, start()).await.unwrap();
    let record = keys.load(&owner(), &record.id).await.unwrap();

    let json = serde_json::to_value(&record).unwrap();
    assert_eq!(json["scopes"], "read:controls");
    assert_eq!(json["digest"], record.digest.to_text());
    assert_eq!(json["revoked"]["reason"], "leaked");
    let again: KeyRecord = serde_json::from_value(json).unwrap();
    assert_eq!(again.digest.verify(&record.digest), Ok(()));
    assert_eq!(format!("{again:?}"), format!("{record:?}"));
}

#[test]
fn what_is_not_valid_is_refused() {
    let refused = |value: Value| {
        assert!(serde_json::from_value::<Scopes>(value.clone()).is_err(), "{value}");
        assert!(serde_json::from_value::<KeyDigest>(value.clone()).is_err(), "{value}");
        assert!(
            serde_json::from_value::<palisade_apikey::Owner>(value.clone()).is_err(),
            "{value}"
        );
    };
    for value in [json!("a b c"), json!("é"), json!(1), json!(null), json!(["read"])] {
        refused(value);
    }
}
