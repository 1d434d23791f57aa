//! What a request presents: read from its headers, checked, nothing copied.

use std::time::{Duration, SystemTime};

use crate::message_id::is_message_id;
use crate::scheme::{Header, Layout, TimeField};
use crate::stamp::Stamp;
use crate::{Algorithm, Headers, Part, Refused, Scheme};

/// The most signatures in one header. Stripe and Standard Webhooks send one for each key in rotation.
pub(crate) const MAX_SIGNATURES: usize = 16;

/// The longest header that is read, in bytes; sixteen signatures of Ed25519 take about 1,500.
const MAX_HEADER: usize = 8 * 1024;

/// The digits of a time that stands right before the body: enough until the year 2286.
const TIME_DIGITS: usize = 10;

/// What the headers of a request say, in the form that the scheme demands.
#[derive(Debug)]
pub(crate) struct Presented<'h> {
    pub(crate) id: Option<&'h str>,
    pub(crate) time: Option<Stamp>,
    /// The time as it stands in the header, which is what was signed.
    pub(crate) time_text: &'h [u8],
    pub(crate) key: Option<&'h [u8]>,
    signatures: [(Algorithm, &'h [u8]); MAX_SIGNATURES],
    count: usize,
}

impl<'h> Presented<'h> {
    /// Nothing yet. It is filled in place: moving it would cost as much as hashing a few lines.
    pub(crate) fn nothing() -> Self {
        Self {
            id: None,
            time: None,
            time_text: b"",
            key: None,
            signatures: [(Algorithm::HmacSha256, b""); MAX_SIGNATURES],
            count: 0,
        }
    }

    /// Reads the headers. No time is checked yet, and no signature looked at.
    pub(crate) fn read<H: Headers + ?Sized>(
        &mut self,
        scheme: &Scheme,
        headers: &'h H,
        max_signatures: usize,
    ) -> Result<(), Refused> {
        let (aliased, (name, value)) = signature_header(scheme, headers)?;
        refuse_two_ids(scheme, headers, aliased)?;
        if let Some(header) = scheme.id {
            let (name, id) = one(headers, header, aliased)?;
            self.id = Some(
                std::str::from_utf8(id)
                    .ok()
                    .filter(|id| is_message_id(id.as_bytes(), scheme.ends_id()))
                    .ok_or(Refused::MalformedHeader(name))?,
            );
        }
        if let TimeField::Header(header) = scheme.time {
            let (name, time) = one(headers, header, aliased)?;
            self.set_time(scheme, name, time)?;
        }
        if let Some(header) = scheme.key {
            self.key = Some(one(headers, header, aliased)?.1);
        }
        self.read_signatures(scheme, name, value, max_signatures)
    }

    fn set_time(
        &mut self,
        scheme: &Scheme,
        name: &'static str,
        value: &'h [u8],
    ) -> Result<(), Refused> {
        let stamp = Stamp::seconds(value)
            .filter(|_| !scheme.time_meets_body() || value.len() == TIME_DIGITS)
            .ok_or(Refused::MalformedHeader(name))?;
        self.time = Some(stamp);
        self.time_text = value;
        Ok(())
    }

    fn read_signatures(
        &mut self,
        scheme: &Scheme,
        name: &'static str,
        value: &'h [u8],
        max: usize,
    ) -> Result<(), Refused> {
        match scheme.layout {
            Layout::Single { prefix, algorithm } => {
                let signature = value
                    .strip_prefix(prefix.as_bytes())
                    .filter(|signature| !signature.is_empty())
                    .ok_or(Refused::MalformedHeader(name))?;
                self.signatures[0] = (algorithm, signature);
                self.count = 1;
                Ok(())
            }
            Layout::Labelled { separator, assign, labels } => {
                for entry in entries(value, separator) {
                    let entry = if separator == b' ' { entry } else { trim(entry) };
                    self.read_entry(scheme, name, entry, assign, labels, max)?;
                }
                let timed = !matches!(scheme.time, TimeField::Label(_)) || self.time.is_some();
                if self.count > 0 && timed { Ok(()) } else { Err(Refused::MalformedHeader(name)) }
            }
        }
    }

    fn read_entry(
        &mut self,
        scheme: &Scheme,
        name: &'static str,
        entry: &'h [u8],
        assign: u8,
        labels: &[(&str, Algorithm)],
        max: usize,
    ) -> Result<(), Refused> {
        let value_of = |label: &str| match entry.strip_prefix(label.as_bytes()) {
            Some([first, value @ ..]) if *first == assign => Some(value),
            _ => None,
        };
        if let Some((value, algorithm)) =
            labels.iter().find_map(|(label, algorithm)| Some((value_of(label)?, *algorithm)))
        {
            let place = self.signatures[..max].get_mut(self.count);
            *place.ok_or(Refused::TooManySignatures(name))? = (algorithm, value);
            self.count += 1;
        } else if let TimeField::Label(label) = scheme.time
            && let Some(value) = value_of(label)
        {
            if self.time.is_some() {
                return Err(Refused::MalformedHeader(name));
            }
            self.set_time(scheme, name, value)?;
        }
        Ok(())
    }

    /// The signatures that an algorithm is said to have made.
    pub(crate) fn signatures(&self, of: Algorithm) -> impl Iterator<Item = &'h [u8]> {
        self.signatures[..self.count]
            .iter()
            .filter(move |(algorithm, _)| *algorithm == of)
            .map(|(_, signature)| *signature)
    }

    pub(crate) fn check_time(
        &self,
        tolerance: Option<Duration>,
        now: SystemTime,
    ) -> Result<(), Refused> {
        match (self.time, tolerance) {
            (Some(stamp), Some(tolerance)) => stamp.check(tolerance, now),
            _ => Ok(()),
        }
    }

    /// Gives what is signed before the body, piece by piece.
    #[inline]
    pub(crate) fn each_part<'p>(
        &'p self,
        scheme: &'p Scheme,
        url: &'p str,
        mut take: impl FnMut(&'p [u8]),
    ) {
        for part in scheme.signed {
            match part {
                Part::Text(text) => take(text.as_bytes()),
                Part::Id => take(self.id.unwrap_or_default().as_bytes()),
                Part::Time => take(self.time_text),
                Part::Url => take(url.as_bytes()),
            }
        }
    }
}

/// The entries between separators, the empty ones left out.
fn entries(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = value;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = memchr::memchr(separator, rest).unwrap_or(rest.len());
            let (entry, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            if !entry.is_empty() {
                return Some(entry);
            }
        }
        None
    })
}

/// The signature header, and whether it came under its other name, as all others then do.
fn signature_header<'h, H: Headers + ?Sized>(
    scheme: &Scheme,
    headers: &'h H,
) -> Result<(bool, (&'static str, &'h [u8])), Refused> {
    let header = scheme.signature;
    match one(headers, header, false) {
        Err(missing @ Refused::MissingHeader(_)) if header.alias.is_some() => {
            match one(headers, header, true) {
                Err(Refused::MissingHeader(_)) => Err(missing),
                found => Ok((true, found?)),
            }
        }
        found => Ok((false, found?)),
    }
}

/// Of two ids, nobody can tell which one the signer meant and which one somebody added. A sender that writes all
/// headers under both names writes the same id.
fn refuse_two_ids<H: Headers + ?Sized>(
    scheme: &Scheme,
    headers: &H,
    aliased: bool,
) -> Result<(), Refused> {
    let Some(Header { name, alias: Some(alias) }) = scheme.id else { return Ok(()) };
    let other = if aliased { name } else { alias };
    let differ = || !headers.values(name).eq(headers.values(alias));
    if headers.values(other).next().is_some() && differ() {
        return Err(Refused::MixedHeaders(name, alias));
    }
    Ok(())
}

/// The one value of a header, without the white space that HTTP allows around it (RFC 9110 section 5.5).
fn one<H: Headers + ?Sized>(
    headers: &H,
    header: Header,
    aliased: bool,
) -> Result<(&'static str, &[u8]), Refused> {
    let name = header.alias.filter(|_| aliased).unwrap_or(header.name);
    let mut values = headers.values(name);
    let value = values.next().ok_or(Refused::MissingHeader(name))?;
    if values.next().is_some() {
        return Err(Refused::DuplicateHeader(name));
    }
    if value.len() > MAX_HEADER {
        return Err(Refused::HeaderTooLong(name));
    }
    Ok((name, trim(value)))
}

/// Spaces and tabs alone: `trim_ascii` would take line ends too, which no server passes on.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
