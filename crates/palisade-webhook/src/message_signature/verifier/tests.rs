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

/// A guard that forgets a message while the verifier still takes it lets it pass twice.
#[test]
fn it_is_remembered_for_as_long_as_it_is_accepted() {
    const NOW: u64 = 1_700_000_000;
    for tolerance in [0, 1, 300] {
        let verifier = verifier(tolerance);
        let time = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for created in NOW - tolerance..=NOW + tolerance {
            let lives = [None, Some(NOW + 1), Some(NOW + 7), Some(NOW + 10_000)];
            for expires in lives {
                let params = Params { created: Some(created), expires, ..Params::default() };
                let (signed, until) = verifier.0.check_time(&params, time(NOW)).unwrap();
                assert_eq!(signed, time(created));
                for at in NOW..=NOW + 3 * tolerance + 10 {
                    let just_before = time(at + 1) - Duration::from_nanos(1);
                    if verifier.0.check_time(&params, just_before).is_ok() {
                        assert!(just_before < until, "{created} {expires:?} at {at}");
                    }
                }
                // And not for ever: twice the tolerance and a second are the most.
                assert!(until <= time(NOW + 2 * tolerance + 1));
                assert!(expires.is_none_or(|expires| until <= time(expires)));
            }
        }
    }
}
