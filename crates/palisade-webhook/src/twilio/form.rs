//! The form in the body, read strictly and byte for byte.

use std::borrow::Cow;

/// The fields of a form, sorted by name and then by value, each pair once.
#[derive(Clone, Debug, Default)]
pub(super) struct Form<'b> {
    fields: Vec<Field<'b>>,
}

/// A name and a value, decoded.
type Field<'b> = (Cow<'b, [u8]>, Cow<'b, [u8]>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoForm {
    Malformed,
    TooManyFields,
}

impl<'b> Form<'b> {
    /// Reads `name=value` pairs that are joined by `&`, encoded as `application/x-www-form-urlencoded`.
    ///
    /// The empty body is the empty form. Everything else must be pairs, each with a name and a `=`: a body
    /// that adds nothing to what is signed would pass with the signature of the URL alone.
    pub(super) fn read(body: &'b [u8], max_fields: usize) -> Result<Self, NoForm> {
        let mut fields = Vec::new();
        if body.is_empty() {
            return Ok(Self { fields });
        }
        for pair in body.split(|byte| *byte == b'&') {
            if fields.len() == max_fields {
                return Err(NoForm::TooManyFields);
            }
            let equals = pair.iter().position(|byte| *byte == b'=').ok_or(NoForm::Malformed)?;
            let (name, value) = pair.split_at_checked(equals).ok_or(NoForm::Malformed)?;
            let value = value.strip_prefix(b"=").ok_or(NoForm::Malformed)?;
            if name.is_empty() {
                return Err(NoForm::Malformed);
            }
            fields.push((decode(name)?, decode(value)?));
        }
        fields.sort_unstable();
        fields.dedup();
        Ok(Self { fields })
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// Decodes `+` and `%XX` to bytes, whatever they spell.
fn decode(text: &[u8]) -> Result<Cow<'_, [u8]>, NoForm> {
    if text.iter().all(|byte| stands_for_itself(*byte)) {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'+', after) => (b' ', after),
            (b'%', [high, low, after @ ..]) => {
                let (high, low) = digit(*high).zip(digit(*low)).ok_or(NoForm::Malformed)?;
                (high << 4 | low, after)
            }
            (byte, after) if stands_for_itself(*byte) => (*byte, after),
            _ => return Err(NoForm::Malformed),
        };
        bytes.push(byte);
        rest = after;
    }
    Ok(Cow::Owned(bytes))
}

/// Visible ASCII but what no encoder of forms leaves as it is. JSON and XML hold some of these, so they are
/// never taken for a form.
fn stands_for_itself(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"%+&\"<>\\^`{|}".contains(&byte)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

    fn read(body: &[u8]) -> Result<Pairs, NoForm> {
        let form = Form::read(body, 4)?;
        Ok(form.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect())
    }

    #[test]
    fn fields_are_decoded_sorted_and_held_once() {
        let fields = read(b"b=2&a=%ff+%2B&b=1&b=2").unwrap();
        let wanted: [(&[u8], &[u8]); 3] = [(b"a", b"\xff +"), (b"b", b"1"), (b"b", b"2")];
        assert_eq!(fields, wanted.map(|(name, value)| (name.to_vec(), value.to_vec())));
        assert_eq!(read(b"a=x=y").unwrap(), [(b"a".to_vec(), b"x=y".to_vec())]);
        assert_eq!(read(b"a=").unwrap(), [(b"a".to_vec(), vec![])]);
        assert_eq!(read(b"").unwrap(), []);
    }

    #[test]
    fn what_is_no_form_is_none() {
        for body in [
            b"a".as_slice(),
            b"&",
            b"=",
            b"=a",
            b"a=1&",
            b"&a=1",
            b"a=1&&b=2",
            b"a=%",
            b"a=%4",
            b"a=%zz",
            b"a=%+1",
            b"a=\xff",
            b"a= ",
            b"a=1\n",
            b"a=\0",
            b"{\"a\":\"x=y\"}",
            b"<a b=c/>",
        ] {
            assert_eq!(read(body), Err(NoForm::Malformed), "{}", body.escape_ascii());
        }
    }

    #[test]
    fn the_number_of_fields_is_capped_before_repetitions_are_dropped() {
        assert!(read(b"a=1&a=1&a=1&a=1").is_ok());
        assert_eq!(read(b"a=1&a=1&a=1&a=1&a=1"), Err(NoForm::TooManyFields));
    }
}
