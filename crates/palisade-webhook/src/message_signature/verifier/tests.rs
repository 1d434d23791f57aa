use super::*;
use crate::SharedSecret;

fn verifier(tolerance: u64) -> MessageVerifier {
    let secret = SharedSecret::from_text("the secret of these tests").unwrap();
    let builder = MessageVerifier::builder().key("a".parse().unwrap(), secret);
    builder.tolerance(Duration::from_secs(tolerance)).build().unwrap()
}

/// Such a message would be forgotten before it is refused.
#[test]
fn what_cannot_be_remembered_to_its_end_is_refused() {
    let verifier = verifier(300);
    let check = |created: u64| {
        let params = Params { created: Some(created), ..Params::default() };
        let now = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(created)).unwrap();
        verifier.0.check_time(&params, now).map(drop)
    };
    let latest = u64::try_from(i64::MAX).unwrap();
    if SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(latest)).is_some() {
        assert_eq!(check(latest), Err(MessageRefused::TooNew));
    }
    assert_eq!(check(1_700_000_000), Ok(()));
}
