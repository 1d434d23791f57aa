use palisade_password::{
    Blocklist, BlocklistError, FilterBuilder, Fingerprint, InvalidPolicy, Normalization, Password,
    PasswordContext, PasswordPolicy, PasswordPolicyBuilder, PolicyRefusal,
};
use proptest::prelude::*;

use crate::broken_reader::breaks_off_after;

const FORMS: [Normalization; 3] = [Normalization::None, Normalization::Nfc, Normalization::Nfkc];

/// The lengths do not matter here: eight characters are enough.
fn lenient() -> PasswordPolicyBuilder {
    PasswordPolicy::with_second_factor(Normalization::Nfc)
}

fn refusal(policy: PasswordPolicyBuilder, password: &str) -> Option<PolicyRefusal> {
    refusal_of(policy, password, &PasswordContext::none())
}

fn refusal_of(
    policy: PasswordPolicyBuilder,
    password: &str,
    context: &PasswordContext,
) -> Option<PolicyRefusal> {
    policy.build().unwrap().check(&Password::new(password).unwrap(), context).err()
}

fn too_short(least: usize, got: usize) -> PolicyRefusal {
    PolicyRefusal::TooShort { least, got }
}

#[test]
fn the_least_lengths_of_the_standard() {
    for form in FORMS {
        let (alone, second) =
            (PasswordPolicy::single_factor(form), PasswordPolicy::with_second_factor(form));
        assert_eq!(refusal(alone.clone(), "fourteen chars"), Some(too_short(15, 14)));
        assert_eq!(refusal(alone, "fifteen or more"), None);
        assert_eq!(refusal(second.clone(), "seven c"), Some(too_short(8, 7)));
        assert_eq!(refusal(second.clone(), "eight ch"), None);
        assert_eq!(refusal(second, ""), Some(too_short(8, 0)));
    }
}

#[test]
fn characters_are_code_points_after_normalisation() {
    // Each e with an accent is two code points as typed, and one composed.
    let decomposed = "e\u{301}".repeat(7);
    let counted =
        |form, password: &str| refusal(PasswordPolicy::with_second_factor(form), password);
    assert_eq!(counted(Normalization::None, &decomposed), None);
    assert_eq!(counted(Normalization::Nfc, &decomposed), Some(too_short(8, 7)));
    assert_eq!(counted(Normalization::Nfkc, &decomposed), Some(too_short(8, 7)));
    // A ligature is one code point canonically, and three letters by compatibility.
    let ligatures = "\u{fb03}".repeat(3);
    assert_eq!(counted(Normalization::Nfc, &ligatures), Some(too_short(8, 3)));
    assert_eq!(counted(Normalization::Nfkc, &ligatures), None);
    // Four bytes each, two units of UTF-16, and one code point.
    assert_eq!(counted(Normalization::Nfc, &"\u{1f600}".repeat(7)), Some(too_short(8, 7)));
    assert_eq!(counted(Normalization::Nfc, &"\u{1f600}".repeat(8)), None);
}

#[test]
fn long_passwords_are_welcome() {
    let most = lenient().most(64);
    assert_eq!(refusal(most.clone(), &"\u{20ac}".repeat(64)), None);
    let too_long = PolicyRefusal::TooLong { most: 64, got: 65 };
    assert_eq!(refusal(most, &"\u{20ac}".repeat(65)), Some(too_long));
    assert_eq!(refusal(lenient(), &"x".repeat(Password::MAX_BYTES)), None);
    // Normalisation makes 18 characters of this one, and what it makes is what is hashed.
    let grows = "\u{fdfa}".repeat(Password::MAX_BYTES / 3);
    let refused = refusal(PasswordPolicy::single_factor(Normalization::Nfkc), &grows);
    let too_long = PolicyRefusal::TooLong { most: 4096, got: 18 * (Password::MAX_BYTES / 3) };
    assert_eq!(refused, Some(too_long));
}

proptest! {
    /// No rule about kinds of characters, and nothing but the number of characters counts.
    #[test]
    fn any_character_will_do(password in "\\PC{0,30}", form in prop::sample::select(&FORMS[..])) {
        let policy = PasswordPolicy::single_factor(form).build().unwrap();
        let typed = Password::new(password.as_str()).unwrap();
        let checked = policy.check(&typed, &PasswordContext::none());
        if form == Normalization::None {
            prop_assert_eq!(checked.is_ok(), password.chars().count() >= 15);
        }
        match checked {
            // As typed: nothing was cut off or changed.
            Ok(accepted) => prop_assert_eq!(
                accepted.password().expose_secret(),
                password.as_bytes()
            ),
            Err(refused) => {
                let too_short = matches!(refused, PolicyRefusal::TooShort { least: 15, got } if got < 15);
                prop_assert!(too_short, "{:?}", refused);
            }
        }
    }
}

#[test]
fn bytes_that_are_no_text() {
    for form in FORMS {
        let policy = PasswordPolicy::with_second_factor(form).build().unwrap();
        let password = Password::from_bytes(b"caf\xe9 caf\xe9 caf\xe9".to_vec()).unwrap();
        let checked = policy.check(&password, &PasswordContext::none());
        assert_eq!(checked.err(), Some(PolicyRefusal::NotText));
    }
}

#[test]
fn the_blocklist_is_of_whole_passwords() {
    let list = Blocklist::from_lines("Password1234\r\ncaf\u{e9} au lait\n".as_bytes()).unwrap();
    assert_eq!(list.len(), 2);
    let policy = lenient().blocklist(list.clone());
    for password in [
        "password1234",
        "PASSWORD1234",
        "cafe\u{301} au lait",
        "CAF\u{c9} AU LAIT",
        "\u{ff30}assword1234",
    ] {
        assert_eq!(refusal(policy.clone(), password), Some(PolicyRefusal::Blocklisted));
        // Whatever the form of the store.
        let raw = PasswordPolicy::with_second_factor(Normalization::None).blocklist(list.clone());
        assert_eq!(refusal(raw, password), Some(PolicyRefusal::Blocklisted));
    }
    for password in ["password1234!", "my password1234", "password123", " password1234"] {
        assert_eq!(refusal(policy.clone(), password), None, "{password}");
    }
}

#[test]
fn a_list_that_cannot_be_read() {
    let list = |bytes: &[u8]| Blocklist::from_lines(bytes).err();
    let latin = list(b"good\n\ncaf\xe9\n");
    assert!(matches!(latin, Some(BlocklistError::NotText { line: 3 })));
    let long = format!("good\n{}\n", "x".repeat(Password::MAX_BYTES + 1));
    assert!(matches!(list(long.as_bytes()), Some(BlocklistError::TooLong { line: 2 })));
    let broken = Blocklist::from_lines(breaks_off_after(
        "good
ba",
    ))
    .err();
    assert!(matches!(broken, Some(BlocklistError::Read { line: 2, .. })));
}

#[test]
fn a_list_has_a_limit() {
    let mut list = "same\n".repeat(Blocklist::MAX_LINES);
    assert_eq!(Blocklist::from_lines(list.as_bytes()).unwrap().len(), 1);
    list.push_str("\nmore\n");
    let refused = Blocklist::from_lines(list.as_bytes()).err();
    let line = Blocklist::MAX_LINES as u64 + 2;
    assert!(matches!(refused, Some(BlocklistError::TooMany { line: at }) if at == line));
}

#[test]
fn words_of_the_person_and_of_the_service() {
    let context = PasswordContext::none().login("Ann.Smith@example.com").word("Ann Smith");
    let policy = || lenient().word("Palisade");
    for password in [
        "palisade",
        "PalisadePalisade",
        "palisade2026",
        "ann.smith@example.com",
        "ann.smith1",
        "Ann Smith1990",
    ] {
        let refused = refusal_of(policy(), password, &context);
        assert_eq!(refused, Some(PolicyRefusal::ContextWord), "{password}");
    }
    for password in ["palisades of stone", "ann.smith@example.org", "my palisade", "palisade!"] {
        assert_eq!(refusal_of(policy(), password, &context), None, "{password}");
    }
    // Another person may have it.
    assert_eq!(refusal(policy(), "ann.smith1"), None);
}

#[test]
fn the_filter_is_asked() {
    let mut builder = FilterBuilder::new(Fingerprint::Bits16);
    builder.add_passwords("correct horse battery staple\n".as_bytes(), |_| ()).unwrap();
    let policy = lenient().breached(builder.build().unwrap());
    let refused = refusal(policy.clone(), "correct horse battery staple");
    assert_eq!(refused, Some(PolicyRefusal::Breached));
    assert_eq!(refusal(policy, "correct horse battery stapler"), None);
}

#[test]
fn the_first_refusal_is_told() {
    let list = Blocklist::from_lines("short\npalisade1\n".as_bytes()).unwrap();
    let policy = lenient().word("palisade").blocklist(list);
    assert_eq!(refusal(policy.clone(), "short"), Some(too_short(8, 5)));
    assert_eq!(refusal(policy, "palisade1"), Some(PolicyRefusal::Blocklisted));
}

#[test]
fn refusals_tell_what_to_do_and_not_the_password() {
    for (refusal, words) in [
        (PolicyRefusal::NotText, "type it again"),
        (PolicyRefusal::TooShort { least: 15, got: 3 }, "3 of the 15 characters"),
        (PolicyRefusal::TooLong { most: 64, got: 65 }, "make it shorter"),
        (PolicyRefusal::Blocklisted, "choose another"),
        (PolicyRefusal::ContextWord, "choose another"),
        (PolicyRefusal::Breached, "choose another"),
    ] {
        assert!(refusal.to_string().contains(words), "{refusal}");
        assert!(refusal.reason().starts_with("password_"));
    }
}

#[test]
fn settings_that_contradict_the_standard() {
    let built = |policy: PasswordPolicyBuilder| policy.build().err();
    let alone = PasswordPolicy::single_factor(Normalization::Nfc);
    let low = |floor| Some(InvalidPolicy::LeastTooLow { floor });
    assert_eq!(built(alone.clone().least(14)), low(15));
    assert_eq!(built(lenient().least(7)), low(8));
    assert_eq!(built(lenient().most(63)), Some(InvalidPolicy::Most));
    assert_eq!(built(lenient().most(Password::MAX_BYTES + 1)), Some(InvalidPolicy::Most));
    assert_eq!(built(lenient().least(65).most(64)), Some(InvalidPolicy::LeastAboveMost));
    assert_eq!(built(lenient().word("")), Some(InvalidPolicy::EmptyWord));

    let policy = alone.least(20).most(64).build().unwrap();
    assert_eq!((policy.least(), policy.most()), (20, 64));
    let policy = lenient().build().unwrap();
    assert_eq!((policy.least(), policy.most()), (8, Password::MAX_BYTES));
}
