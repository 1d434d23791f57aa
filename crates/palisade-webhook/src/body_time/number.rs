//! An unsigned integer read digit by digit.

/// An unsigned integer in canonical decimal: no sign, no fraction, no exponent, no leading zero.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Number(State);

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Empty,
    Value(u64),
    Invalid,
}

impl Number {
    /// Takes the next byte.
    pub(super) fn push(&mut self, byte: u8) {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
        self.0 = match (self.0, digit) {
            (State::Empty, Some(digit)) => State::Value(digit),
            (State::Value(value @ 1..), Some(digit)) => value
                .checked_mul(10)
                .and_then(|value| value.checked_add(digit))
                .map_or(State::Invalid, State::Value),
            _ => State::Invalid,
        };
    }

    /// The number, if that is what all bytes were.
    pub(super) fn value(&self) -> Option<u64> {
        match self.0 {
            State::Value(value) => Some(value),
            State::Empty | State::Invalid => None,
        }
    }
}
