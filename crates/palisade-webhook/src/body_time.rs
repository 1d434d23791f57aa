//! The time in a body: one member of a JSON object, found while the bytes pass by.
//!
//! Linear signs the body alone and puts the time into it. The body is verified as a stream, so the time is
//! looked for in a stream too: without recursion, without memory, each byte once.

mod name;
mod number;

use name::NameMatch;
use number::Number;

/// Looks for one member of the outermost JSON object of a body.
///
/// Members of the same name deeper down do not count. A name written with escapes does: it is the same name
/// to every JSON parser.
///
/// It checks of JSON only what it needs to know where it is. What is deeper than the outermost object is
/// counted, not parsed, so text that is no JSON there may pass. The signature answers for the body; this
/// finds a number in it.
#[derive(Clone, Debug)]
pub(crate) struct BodyTime {
    place: Place,
    name: NameMatch,
    number: Number,
    /// Whether the name of the member just read is the one that is looked for.
    wanted: bool,
    found: Found,
    /// Whether the body begins as an object.
    object: bool,
}

/// The member is there twice, or is no unsigned integer in canonical decimal that fits 64 bits; or the object is
/// broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time in the body is no single whole number")]
pub(crate) struct Malformed;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    One(u64),
    Malformed,
}

/// Where the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the object.
    Start,
    /// After `{`: a name, or the end.
    FirstName,
    /// After `,`: a name.
    Name,
    /// Within a name.
    InName,
    /// After a name: `:`.
    Colon,
    /// After `:`: a value.
    Value,
    /// Within the number that is looked for.
    InNumber,
    /// Within another number, or `true`, `false`, `null`.
    InWord,
    /// Within a string, this many brackets deep in a value.
    InText { deep: u64 },
    /// Within a string, after a backslash.
    InEscape { deep: u64 },
    /// Within a list or an object, so many brackets deep.
    Inside { deep: u64 },
    /// After a value: `,` or the end.
    AfterValue,
    /// After the object.
    End,
    /// It is no JSON object.
    Broken,
}

impl BodyTime {
    /// Looks for the member of this name, which is ASCII: the scheme was checked.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            place: Place::Start,
            name: NameMatch::new(name),
            number: Number::default(),
            wanted: false,
            found: Found::Nothing,
            object: false,
        }
    }

    /// Takes the next bytes of the body.
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while let Some((byte, rest)) = bytes.split_first() {
            self.place = self.next(*byte);
            bytes = match self.place {
                Place::Broken => return,
                Place::InText { .. } => skip(rest, |byte| !matches!(byte, b'"' | b'\\' | 0..0x20)),
                Place::Inside { .. } => {
                    skip(rest, |byte| !matches!(byte, b'"' | b'[' | b'{' | b']' | b'}' | 0..0x20))
                }
                _ => rest,
            };
        }
    }

    /// What was found, once the body is complete: nothing where it does not begin as a JSON object, or is one
    /// without such a member.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when the member is there twice or is no such integer, and when what begins as an object
    /// is none: another reader may see a time there.
    pub(crate) fn finish(self) -> Result<Option<u64>, Malformed> {
        match (self.place, self.found) {
            _ if !self.object => Ok(None),
            (Place::End, Found::Nothing) => Ok(None),
            (Place::End, Found::One(time)) => Ok(Some(time)),
            _ => Err(Malformed),
        }
    }

    fn next(&mut self, byte: u8) -> Place {
        let space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match self.place {
            Place::InText { deep } => text(byte, deep),
            Place::InEscape { deep } if byte >= 0x20 => Place::InText { deep },
            Place::Inside { deep } => inside(byte, deep, space),
            Place::InName => self.in_name(byte),
            Place::InNumber => self.in_number(byte, space),
            Place::InWord => match byte {
                b',' | b'}' => after_value(byte),
                _ if space => Place::AfterValue,
                b'+' | b'-' | b'.' => Place::InWord,
                _ if byte.is_ascii_alphanumeric() => Place::InWord,
                _ => Place::Broken,
            },
            place if space => place,
            Place::Start if byte == b'{' => {
                self.object = true;
                Place::FirstName
            }
            Place::FirstName if byte == b'}' => Place::End,
            Place::FirstName | Place::Name if byte == b'"' => {
                self.name.begin();
                Place::InName
            }
            Place::Colon if byte == b':' => Place::Value,
            Place::Value => self.value(byte),
            Place::AfterValue => after_value(byte),
            _ => Place::Broken,
        }
    }

    fn in_name(&mut self, byte: u8) -> Place {
        match byte {
            b'"' if !self.name.in_escape() => {
                self.wanted = self.name.is_equal();
                Place::Colon
            }
            0..0x20 => Place::Broken,
            _ if self.name.push(byte) => Place::InName,
            _ => Place::Broken,
        }
    }

    fn value(&mut self, byte: u8) -> Place {
        if self.wanted {
            // A second member of the name, and whatever else is not about to be a number.
            if self.found != Found::Nothing || !byte.is_ascii_digit() {
                self.found = Found::Malformed;
            } else {
                self.number = Number::default();
                self.number.push(byte);
                return Place::InNumber;
            }
        }
        match byte {
            b'"' => Place::InText { deep: 0 },
            b'[' | b'{' => Place::Inside { deep: 1 },
            b'-' => Place::InWord,
            _ if byte.is_ascii_alphanumeric() => Place::InWord,
            _ => Place::Broken,
        }
    }

    fn in_number(&mut self, byte: u8, space: bool) -> Place {
        if space || matches!(byte, b',' | b'}') {
            self.found = self.number.value().map_or(Found::Malformed, Found::One);
            return if space { Place::AfterValue } else { after_value(byte) };
        }
        self.number.push(byte);
        match byte {
            b'+' | b'-' | b'.' => Place::InNumber,
            _ if byte.is_ascii_alphanumeric() => Place::InNumber,
            _ => Place::Broken,
        }
    }
}

fn after_value(byte: u8) -> Place {
    match byte {
        b',' => Place::Name,
        b'}' => Place::End,
        _ => Place::Broken,
    }
}

fn text(byte: u8, deep: u64) -> Place {
    match byte {
        b'"' if deep == 0 => Place::AfterValue,
        b'"' => Place::Inside { deep },
        b'\\' => Place::InEscape { deep },
        0..0x20 => Place::Broken,
        _ => Place::InText { deep },
    }
}

fn inside(byte: u8, deep: u64, space: bool) -> Place {
    match byte {
        b'"' => Place::InText { deep },
        b'[' | b'{' => deep.checked_add(1).map_or(Place::Broken, |deep| Place::Inside { deep }),
        b']' | b'}' if deep <= 1 => Place::AfterValue,
        b']' | b'}' => Place::Inside { deep: deep - 1 },
        0..0x20 if !space => Place::Broken,
        _ => Place::Inside { deep },
    }
}

/// What is left after the first bytes that are plain.
fn skip(bytes: &[u8], plain: impl Fn(u8) -> bool) -> &[u8] {
    let end = bytes.iter().position(|byte| !plain(*byte)).unwrap_or(bytes.len());
    bytes.get(end..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
