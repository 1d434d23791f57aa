//! What went wrong in other libraries, one test each; the rules that the same bugs led to are in
//! `signed_rules`.

use palisade_session::{
    ChangeError, Factor, Horizon, InsertError, MemoryStore, NewSession, Origin, RecentError,
    SessionLimit, SessionPolicy, SessionStore, Sessions, TokenRefused,
};

use crate::support::{
    DAY, HEADER, HOUR, MINUTE, SECOND, both_kinds, mac_key, other_user, payload, policy, run,
    seconds, sign, sign_in, start, stored, tokens, user, verdict,
};

/// jsonwebtoken, CVE-2026-25537: an `exp` or `nbf` that is text was taken for one that is not there.
#[test]
fn a_time_in_quotes_is_no_missing_time() {
    for (claim, time) in [("exp", start() - DAY), ("nbf", start() + DAY), ("iat", start() + DAY)] {
        let quoted = format!("\"{}\"", seconds(time));
        let token = sign(HEADER, &payload(&[(claim, &quoted)]), &mac_key("a"));
        let refused = tokens(&["a"]).verify(&token, start()).unwrap_err();
        assert_eq!(refused, TokenRefused::Malformed, "{claim}");
    }
}

/// python-jose, CVE-2024-33663, and `PyJWT`, CVE-2026-48526: a public key, in whatever spelling it is
/// published, was the secret of an HMAC.
#[cfg(feature = "eddsa")]
#[test]
fn a_public_key_is_no_secret() {
    use base64ct::{Base64UrlUnpadded, Encoding};
    use palisade_secret::{Keyring, MacKey, SecretBytes};
    use palisade_session::{Ed25519Key, Jwks, SessionTokens, SessionVerifier, SigningKeys};

    let key = Ed25519Key::new(&SecretBytes::dangerous_unchecked(vec![9; 32])).unwrap();
    let keys = SigningKeys::ed25519(Keyring::new("a".parse().unwrap(), key));
    let published = keys.public_keys(start()).unwrap().to_json();
    let set: serde_json::Value = serde_json::from_str(&published).unwrap();
    let x = set["keys"][0]["x"].as_str().unwrap();
    let raw = Base64UrlUnpadded::decode_vec(x).unwrap();
    let verifier =
        SessionVerifier::new(Jwks::parse(&published).unwrap(), crate::support::profile());
    let signer = SessionTokens::new(keys, crate::support::profile());
    let spelled = [
        published.clone().into_bytes(),
        set["keys"][0].to_string().into_bytes(),
        x.as_bytes().to_vec(),
        raw,
    ];
    for secret in spelled {
        let secret = MacKey::dangerous_any_length(&secret);
        for alg in ["HS256", "EdDSA"] {
            let header = HEADER.replace("HS256", alg);
            let forged = sign(&header, &payload(&[]), &secret);
            assert!(verifier.verify(&forged, start()).is_err(), "{alg}");
            assert!(signer.verify(&forged, start()).is_err(), "{alg}");
        }
    }
}

/// The other way round: a set with a symmetric key in it is no set of public keys.
#[cfg(feature = "eddsa")]
#[test]
fn a_published_secret_is_refused() {
    use palisade_session::{InvalidJwks, Jwks};

    for member in [r#""kty":"oct","k":"AAAA""#, r#""kty":"OKP","crv":"Ed25519","d":"AAAA""#] {
        let set = format!(r#"{{"keys":[{{"kid":"a",{member}}}]}}"#);
        assert_eq!(Jwks::parse(&set).unwrap_err(), InvalidJwks::Private, "{member}");
    }
}

/// tower-sessions, #181 and #188: an id that was drawn twice gave one user the session of another.
#[test]
fn a_new_session_never_lands_on_an_old_one() {
    run(async {
        let sessions = Sessions::opaque(MemoryStore::new(), policy().build().unwrap());
        let (_, victim) = sign_in(&sessions, &user(), start()).await;
        let (_, mine) = sign_in(&sessions, &other_user(), start()).await;
        let mut taken = stored(&sessions, &mine).await;
        taken.id = *victim.id();
        let horizon = Horizon::new(start(), HOUR, DAY);
        let limit = SessionLimit::end_least_recently_used(5);
        let inserted = sessions.store().insert_new(&taken, limit, &horizon).await;
        assert!(matches!(inserted, Err(InsertError::Duplicate)));
        let others = palisade_session::Others::Keep;
        let rotated = sessions.store().rotate(mine.id(), &taken, others, start()).await;
        assert!(matches!(rotated, Err(InsertError::Duplicate)));
        assert_eq!(stored(&sessions, &victim).await.user, user());
        assert!(stored(&sessions, &mine).await.ended.is_none());
    });
}

/// flask-security, GHSA-f66q-9rf6-8795: the passkey of another user satisfied the request to prove
/// once more who one is.
#[test]
fn the_proof_of_another_user_is_no_step_up() {
    run(async {
        for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
            let (token, session) = sign_in(&sessions, &user(), start()).await;
            let now = start() + MINUTE;
            let proved =
                sessions.reauthenticate(&session, &other_user(), Factor::Passkey, now).await;
            assert!(matches!(proved, Err(ChangeError::WrongUser)));
            let recent = sessions.require_recent(&session, Factor::Passkey, HOUR, now).await;
            assert!(matches!(recent, Err(RecentError::StepUp(_))));
            assert_eq!(verdict(&sessions, &token, now).await, "ok");
        }
    });
}

/// A proof of the right user in another session of his, perhaps that of a thief.
#[test]
fn a_step_up_is_of_one_session() {
    run(async {
        for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
            let (_, here) = sign_in(&sessions, &user(), start()).await;
            let (_, there) = sign_in(&sessions, &user(), start()).await;
            let now = start() + 10 * MINUTE;
            let (_, here) =
                sessions.reauthenticate(&here, &user(), Factor::Password, now).await.unwrap();
            let window = 5 * MINUTE;
            sessions.require_recent(&here, Factor::Password, window, now).await.unwrap();
            let recent = sessions.require_recent(&there, Factor::Password, window, now).await;
            assert!(matches!(recent, Err(RecentError::StepUp(_))));
            let recent = sessions.require_recent(&here, Factor::Totp, window, now).await;
            assert!(matches!(recent, Err(RecentError::StepUp(_))));
        }
    });
}

/// hazel, #183: the keys were replaced and a token from before went on working.
#[test]
fn a_hard_rotation_leaves_nothing_behind() {
    run(async {
        let store = MemoryStore::new();
        let policy = policy().build().unwrap();
        let before = Sessions::signed(store.clone(), policy.clone(), tokens(&["a"])).unwrap();
        let (token, session) = sign_in(&before, &user(), start()).await;
        let soft = Sessions::signed(store.clone(), policy.clone(), tokens(&["b", "a"])).unwrap();
        assert_eq!(verdict(&soft, &token, start()).await, "ok");
        let (renewed, _) = soft.rotate(&session, start()).await.unwrap();
        let (renewed, now) = (renewed.expose_secret(), start() + SECOND);
        assert_eq!(verdict(&soft, &token, now).await, "replaced");
        let hard = Sessions::signed(store, policy, tokens(&["c"])).unwrap();
        assert_eq!(verdict(&hard, renewed, now).await, "token_unknown_key");
        assert_eq!(verdict(&hard, &token, now).await, "token_unknown_key");
    });
}

/// A list of revoked tokens that is keyed on their text: another spelling of the same token gets
/// through. Here the session is ended, however its token is spelled, and no other spelling verifies.
#[test]
fn a_revocation_is_of_the_session_and_not_of_the_text_of_its_token() {
    run(async {
        let sessions =
            Sessions::signed(MemoryStore::new(), policy().build().unwrap(), tokens(&["a"]))
                .unwrap();
        let (token, session) = sign_in(&sessions, &user(), start()).await;
        let claims = crate::support::part(&token, 1);
        let reordered = HEADER.replace(r#","kid":"a""#, "").replace('{', r#"{"kid":"a","#);
        let respelled = [
            sign(&reordered, &claims, &mac_key("a")),
            sign(HEADER, &claims.replace('{', "{ "), &mac_key("a")),
        ];
        for text in &respelled {
            assert_eq!(verdict(&sessions, text, start()).await, "ok");
        }
        sessions.sign_out(&session, start()).await.unwrap();
        for text in respelled.iter().chain([&token]) {
            assert_eq!(verdict(&sessions, text, start()).await, "signed_out");
        }
    });
}

/// express-session #632, connect-redis #328, nextjs-auth0 #2530: a request that began before the end of
/// a session writes it back.
#[test]
fn a_late_save_never_brings_a_session_back() {
    run(async {
        for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
            let (token, session) = sign_in(&sessions, &user(), start()).await;
            let now = start() + 2 * MINUTE;
            sessions.sign_out(&session, now).await.unwrap();
            assert!(matches!(sessions.rotate(&session, now).await, Err(ChangeError::Gone)));
            let proved = sessions.reauthenticate(&session, &user(), Factor::Password, now).await;
            assert!(matches!(proved, Err(ChangeError::Gone)));
            assert!(sessions.revoke_others(&session, now).await.is_err());
            assert_eq!(verdict(&sessions, &token, now).await, "signed_out");
            assert!(sessions.list_of(&user(), now).await.unwrap().is_empty());
        }
    });
}

/// Session fixation: the id that somebody else knew is not the id after the sign-in.
#[test]
fn a_sign_in_ends_the_session_it_came_with_whoever_it_belongs_to() {
    run(async {
        for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
            let (planted, attackers) = sign_in(&sessions, &other_user(), start()).await;
            let begun = sessions.begin(&user()).await.unwrap();
            let new = NewSession { replaces: Some(attackers.clone()), ..NewSession::default() };
            let (token, session) = sessions.create(begun, new, start()).await.unwrap();
            assert_ne!(session.id(), attackers.id());
            assert_eq!(verdict(&sessions, &planted, start()).await, "replaced");
            assert_eq!(verdict(&sessions, token.expose_secret(), start()).await, "ok");
        }
    });
}

/// A database whose ids compare without regard to case, or a row that was moved: the record that comes
/// back is not the one that was asked for.
#[test]
fn a_row_that_was_exchanged_with_that_of_another_opens_nothing() {
    run(async {
        for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
            let (mine, session) = sign_in(&sessions, &user(), start()).await;
            let (_, victim) = sign_in(&sessions, &other_user(), start()).await;
            let mut row = stored(&sessions, &victim).await;
            row.id = *session.id();
            let store = MemoryStore::new();
            let limit = SessionLimit::end_least_recently_used(5);
            let horizon = Horizon::new(start(), HOUR, DAY);
            store.insert_new(&row, limit, &horizon).await.unwrap();
            let policy = SessionPolicy::default();
            let swapped = match row.credential {
                palisade_session::Credential::Signed => {
                    Sessions::signed(store, policy, tokens(&["a"])).unwrap()
                }
                palisade_session::Credential::Opaque(_) => Sessions::opaque(store, policy),
            };
            let refused = swapped.validate(&mine, &Origin::unknown(), start()).await.unwrap_err();
            assert_eq!(refused.reason(), "session_unknown");
            assert!(refused.session().is_none(), "nothing is told of the session of another");
        }
    });
}

/// A record of the other kind of token, from before a service changed over.
#[test]
fn a_record_of_the_other_kind_opens_nothing() {
    run(async {
        let store = MemoryStore::new();
        let policy = policy().build().unwrap();
        let opaque = Sessions::opaque(store.clone(), policy.clone());
        let signed = Sessions::signed(store, policy, tokens(&["a"])).unwrap();
        let (opaque_token, of_opaque) = sign_in(&opaque, &user(), start()).await;
        let (signed_token, of_signed) = sign_in(&signed, &user(), start()).await;
        // A signed token that names an opaque session, and an opaque token that names a signed one.
        let sid = format!("\"{}\"", of_opaque.id());
        let crafted = sign(HEADER, &payload(&[("sid", &sid)]), &mac_key("a"));
        assert_eq!(verdict(&signed, &crafted, start()).await, "session_unknown");
        let crafted = format!("{}.{}", of_signed.id(), "A".repeat(43));
        assert_eq!(verdict(&opaque, &crafted, start()).await, "session_unknown");
        assert_eq!(verdict(&opaque, &signed_token, start()).await, "token_too_long");
        assert_eq!(verdict(&signed, &opaque_token, start()).await, "token_malformed");
        // A change of the session makes it one of the service's own kind.
        let (token, _) = signed.rotate(&of_opaque, start()).await.unwrap();
        assert_eq!(verdict(&signed, token.expose_secret(), start()).await, "ok");
    });
}

/// A stored digest that leaks, presented as the secret.
#[test]
fn a_stolen_digest_opens_nothing() {
    run(async {
        let sessions = Sessions::opaque(MemoryStore::new(), policy().build().unwrap());
        let (_, session) = sign_in(&sessions, &user(), start()).await;
        let record = stored(&sessions, &session).await;
        let palisade_session::Credential::Opaque(digest) = record.credential else { panic!() };
        let stolen = String::from(digest);
        let token = format!("{}.{stolen}", session.id());
        assert_eq!(verdict(&sessions, &token, start()).await, "session_unknown");
    });
}
