//! The text of an announcement: `<number> <id> <kind> <id of what was revoked>`.

use super::{Revocation, RevokedId};

/// The place of an announcement in the order of all.
///
/// The number alone is not enough: after a restart, or a failover that lost some, the numbers begin again
/// where others were before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) number: u64,
    /// Chosen at random for each announcement.
    pub(super) id: u64,
}

impl Mark {
    /// Before the first announcement.
    pub(super) const NONE: Self = Self { number: 0, id: 0 };

    /// Reads `<number> <id>`.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let (number, id) = std::str::from_utf8(text).ok()?.split_once(' ')?;
        Some(Self { number: number.parse().ok()?, id: u64::from_str_radix(id, 16).ok()? })
    }

    /// Whether this is the announcement after another one, as far as anybody can tell.
    pub(super) fn follows(self, before: Self) -> bool {
        !before.is_unnumbered() && before.number.checked_add(1) == Some(self.number)
    }

    /// Whether it has no place in the order: announcements begin with 1. So nothing repeats it, nothing
    /// follows it, and it says of nothing that it was not missed.
    pub(super) fn is_unnumbered(self) -> bool {
        self.number == 0
    }
}

/// An announcement as it is heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) mark: Mark,
    pub(super) revocation: Revocation,
}

impl Message {
    /// Reads an announcement; none for what is no announcement, or one of a kind that is not known here.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let is_space = |&byte: &u8| byte == b' ';
        let second = text.iter().enumerate().filter(|(_, byte)| is_space(byte)).nth(1)?.0;
        let (mark, rest) = text.split_at_checked(second)?;
        let mark = Mark::read(mark)?;
        let rest = std::str::from_utf8(rest.get(1..)?).ok()?;
        let (kind, id) = rest.split_once(' ').unwrap_or((rest, ""));
        let id = || id.parse::<RevokedId>().ok();
        let revocation = match kind {
            "key" => Revocation::Key(id()?),
            "session" => Revocation::Session(id()?),
            "user" => Revocation::User(id()?),
            _ if rest == "everything" => Revocation::Everything,
            _ => return None,
        };
        Some(Self { mark, revocation })
    }
}

/// The second part of an announcement's text.
pub(super) fn id_text(id: u64) -> String {
    format!("{id:x}")
}

/// The rest of an announcement's text.
pub(super) fn text(revocation: &Revocation) -> String {
    match revocation {
        Revocation::Key(id) => format!("key {id}"),
        Revocation::Session(id) => format!("session {id}"),
        Revocation::User(id) => format!("user {id}"),
        Revocation::Everything => "everything".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_is_read_as_it_was_written() {
        let id = |text: &str| text.parse::<RevokedId>().unwrap();
        let long = "~".repeat(128);
        for revocation in [
            Revocation::Key(id("k")),
            Revocation::Session(id("key")),
            Revocation::User(id(&long)),
            Revocation::Everything,
        ] {
            for mark in [Mark::NONE, Mark { number: 1 << 53, id: u64::MAX }] {
                let text = format!("{} {} {}", mark.number, id_text(mark.id), text(&revocation));
                let message = Message { mark, revocation: revocation.clone() };
                assert_eq!(Message::read(text.as_bytes()), Some(message), "{text}");
            }
        }
    }

    #[test]
    fn anything_else_is_no_message() {
        let long = format!("1 a key {}", "x".repeat(129));
        let texts = [
            "",
            " ",
            "  ",
            "1",
            "1 a",
            "1 a ",
            "1 a key",
            "1 a key ",
            "1 a key  x",
            "1 a key x y",
            "1 a keys x",
            "1 a Key x",
            "1 a everything x",
            "1 a everything ",
            "1 a nothing",
            "-1 a key x",
            "1 g key x",
            "1 key x",
            "x a key x",
            "18446744073709551616 a key x",
            "1 10000000000000000 key x",
            "1  a key x",
            " 1 a key x",
            "1 a key x\n",
            "1 a key ä",
            &long,
        ];
        for text in texts {
            assert_eq!(Message::read(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Message::read(b"1 a key \xff"), None);
        assert_eq!(Message::read(b"\xff a key x"), None);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Message::read(&text);
            let _ = Mark::read(&text);
        }
    }
}
