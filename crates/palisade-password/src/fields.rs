//! Reading the fields of a stored hash, strictly: one spelling for each value.

use crate::error::Flaw;

/// A decimal number without sign, space or leading zero, that fits in 32 bits.
pub(crate) fn number(text: &str) -> Result<u32, Flaw> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = !text.starts_with('0') || text == "0";
    if !digits || !canonical {
        return Err(Flaw::Number);
    }
    text.parse().map_err(|_| Flaw::Number)
}

/// The number of the field `name=<number>`.
pub(crate) fn named(field: Option<&str>, name: &str) -> Result<u32, Flaw> {
    let value = field.and_then(|field| field.strip_prefix(name)).ok_or(Flaw::Fields)?;
    number(value.strip_prefix('=').ok_or(Flaw::Fields)?)
}

/// Splits a text at its `$` into exactly as many fields.
pub(crate) fn split<const N: usize>(text: &str) -> Result<[&str; N], Flaw> {
    let mut parts = text.split('$');
    let mut fields = [""; N];
    for field in &mut fields {
        *field = parts.next().ok_or(Flaw::Fields)?;
    }
    if parts.next().is_some() { Err(Flaw::Fields) } else { Ok(fields) }
}
