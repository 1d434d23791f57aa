//! No kind of token passes for another, whatever is done to its ends, even under one key.

use palisade_session::{
    CompactJws, EpochToken, NewClaims, SessionId, SessionTokens, TokenRefused, UserId,
};

use super::{issue, keys, minutes, noon, profile, verify};

fn sessions() -> SessionTokens {
    SessionTokens::new(keys(), profile())
}

fn session_token() -> String {
    let new = NewClaims {
        user: &"org_1".parse::<UserId>().unwrap(),
        session: &"s1".parse::<SessionId>().unwrap(),
        generation: 1,
        issued: noon(),
        expires: noon() + minutes(60),
    };
    sessions().issue(&new).expose_secret().to_owned()
}

#[test]
fn a_session_token_is_no_epoch_token() {
    let session = session_token();
    assert!(sessions().verify(&session, noon()).is_ok());
    for text in [session.clone(), format!("wt_{session}"), format!("wt_wt_{session}")] {
        assert!(verify(&text, noon()).is_err(), "{text}");
        assert!(EpochToken::received(text).is_err());
    }
    // Its type betrays it, not its form.
    assert_eq!(verify(&format!("wt_{session}"), noon()).unwrap_err(), TokenRefused::Type);
}

#[test]
fn an_epoch_token_is_no_session_token() {
    let epoch = issue(noon()).current.expose_secret().to_owned();
    let cut = epoch.strip_prefix("wt_").unwrap();
    assert!(verify(&epoch, noon()).is_ok());
    for text in [&epoch, cut, &format!("wt_{epoch}")] {
        assert!(sessions().verify(text, noon()).is_err(), "{text}");
    }
    assert_eq!(sessions().verify(cut, noon()).unwrap_err(), TokenRefused::Type);
}

#[test]
fn the_prefix_is_part_of_the_token() {
    let epoch = issue(noon()).current.expose_secret().to_owned();
    let cut = epoch.strip_prefix("wt_").unwrap();
    for prefix in
        ["", "wt", "_", "WT_", "Wt_", " wt_", "wt_ ", "wt_wt_", "wt-", "\u{feff}wt_", "wt_\0"]
    {
        let text = format!("{prefix}{cut}");
        assert!(verify(&text, noon()).is_err(), "{prefix:?}");
        assert!(EpochToken::received(text).is_err(), "{prefix:?}");
    }
    for end in [" ", "\n", "=", "\0", ".", "."] {
        assert!(verify(&format!("{epoch}{end}"), noon()).is_err(), "{end:?}");
    }
    assert!(CompactJws::parse(&epoch).is_err());
    assert_eq!(CompactJws::parse(cut).unwrap().token_type(), Some("wt+jwt"));
}
