//! A name compared with another while its bytes pass by.

/// Compares a name as it stands in JSON text, escapes and all, with an ASCII name.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameMatch {
    name: &'static str,
    /// How many bytes agreed; none once one did not.
    agreed: Option<usize>,
    escape: Escape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    /// After a backslash.
    Begun,
    /// After `\u`: the digits so far and how many.
    Hex(u32, u8),
}

impl NameMatch {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, agreed: Some(0), escape: Escape::None }
    }

    /// Starts over, for the next name.
    pub(super) fn begin(&mut self) {
        *self = Self::new(self.name);
    }

    /// Whether the next byte belongs to an escape.
    pub(super) fn in_escape(&self) -> bool {
        self.escape != Escape::None
    }

    /// Whether the whole name was the one.
    pub(super) fn is_equal(&self) -> bool {
        self.agreed == Some(self.name.len())
    }

    /// Takes the next byte, and says whether the name can still be JSON.
    pub(super) fn push(&mut self, byte: u8) -> bool {
        match self.escape {
            Escape::None if byte == b'\\' => self.escape = Escape::Begun,
            Escape::None => self.compare(u32::from(byte)),
            Escape::Begun => {
                self.escape = Escape::None;
                match byte {
                    b'"' | b'\\' | b'/' => self.compare(u32::from(byte)),
                    b'b' => self.compare(0x08),
                    b'f' => self.compare(0x0c),
                    b'n' => self.compare(0x0a),
                    b'r' => self.compare(0x0d),
                    b't' => self.compare(0x09),
                    b'u' => self.escape = Escape::Hex(0, 0),
                    _ => return false,
                }
            }
            Escape::Hex(value, digits) => {
                let Some(digit) = char::from(byte).to_digit(16) else { return false };
                let value = value << 4 | digit;
                if digits == 3 {
                    self.escape = Escape::None;
                    // Half of a surrogate pair agrees with no ASCII either.
                    self.compare(value);
                } else {
                    self.escape = Escape::Hex(value, digits + 1);
                }
            }
        }
        true
    }

    /// Compares the next UTF-16 unit, or a byte of UTF-8: they are the same where the name is ASCII.
    fn compare(&mut self, unit: u32) {
        self.agreed = self.agreed.and_then(|at| {
            let expected = *self.name.as_bytes().get(at)?;
            (u32::from(expected) == unit).then_some(at + 1)
        });
    }
}
