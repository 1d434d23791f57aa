//! The ways in which a body is changed between signing and verification.

use std::fmt;

use super::json::{Change, Spacing, rewrite};

/// The byte order mark in UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// How what was signed differs from what arrived.
///
/// Its text says what was signed, what probably happened, and what to do. It repeats nothing of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SentForm {
    /// JSON without white space, as `JSON.stringify` writes it.
    Compact,
    /// JSON with a blank after each comma and colon, as Python's `json.dumps` writes it.
    Spaced,
    /// JSON indented by two blanks.
    IndentedByTwo,
    /// JSON indented by four blanks.
    IndentedByFour,
    /// JSON indented by tabs.
    IndentedByTab,
    /// JSON with all that is not ASCII as `\uXXXX`, as Python's `json.dumps` writes it.
    NonAsciiEscaped,
    /// JSON with all that is not ASCII as UTF-8, as `JSON.stringify` writes it.
    NonAsciiPlain,
    /// JSON with `\/` for each slash, as PHP's `json_encode` writes it.
    SlashesEscaped,
    /// JSON with each slash plain.
    SlashesPlain,
    /// JSON with the names of each object in order.
    NamesSorted,
    /// Text without the byte order mark that it arrived with.
    WithoutBom,
    /// Text with a byte order mark at its start.
    WithBom,
    /// Text without the line break that it arrived with at its end.
    WithoutFinalNewline,
    /// Text with a line feed at its end.
    WithFinalLf,
    /// Text with a carriage return and a line feed at its end.
    WithFinalCrLf,
    /// Text whose lines end with a line feed.
    LfLines,
    /// Text whose lines end with a carriage return and a line feed.
    CrLfLines,
}

/// What two forms cannot both change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aspect {
    Spacing,
    NonAscii,
    Slashes,
    Names,
    Bom,
    FinalNewline,
    Lines,
}

impl SentForm {
    /// All, in an order in which one can be applied after another. Where two lead to the same bytes, the
    /// one that changes less stands first.
    pub(super) const ALL: [Self; 17] = [
        Self::WithoutBom,
        Self::WithoutFinalNewline,
        Self::LfLines,
        Self::Compact,
        Self::Spaced,
        Self::IndentedByTwo,
        Self::IndentedByFour,
        Self::IndentedByTab,
        Self::NonAsciiEscaped,
        Self::NonAsciiPlain,
        Self::SlashesEscaped,
        Self::SlashesPlain,
        Self::NamesSorted,
        Self::WithFinalLf,
        Self::WithFinalCrLf,
        Self::CrLfLines,
        Self::WithBom,
    ];

    /// A short, stable word for logs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Compact => "json_compact",
            Self::Spaced => "json_spaced",
            Self::IndentedByTwo => "json_indented_by_two",
            Self::IndentedByFour => "json_indented_by_four",
            Self::IndentedByTab => "json_indented_by_tab",
            Self::NonAsciiEscaped => "json_non_ascii_escaped",
            Self::NonAsciiPlain => "json_non_ascii_plain",
            Self::SlashesEscaped => "json_slashes_escaped",
            Self::SlashesPlain => "json_slashes_plain",
            Self::NamesSorted => "json_names_sorted",
            Self::WithoutBom => "without_bom",
            Self::WithBom => "with_bom",
            Self::WithoutFinalNewline => "without_final_newline",
            Self::WithFinalLf => "with_final_lf",
            Self::WithFinalCrLf => "with_final_crlf",
            Self::LfLines => "lf_lines",
            Self::CrLfLines => "crlf_lines",
        }
    }

    /// Whether the two change different things.
    pub(super) fn combines_with(self, other: Self) -> bool {
        self.aspect() != other.aspect()
    }

    fn aspect(self) -> Aspect {
        match self {
            Self::Compact
            | Self::Spaced
            | Self::IndentedByTwo
            | Self::IndentedByFour
            | Self::IndentedByTab => Aspect::Spacing,
            Self::NonAsciiEscaped | Self::NonAsciiPlain => Aspect::NonAscii,
            Self::SlashesEscaped | Self::SlashesPlain => Aspect::Slashes,
            Self::NamesSorted => Aspect::Names,
            Self::WithoutBom | Self::WithBom => Aspect::Bom,
            Self::WithoutFinalNewline | Self::WithFinalLf | Self::WithFinalCrLf => {
                Aspect::FinalNewline
            }
            Self::LfLines | Self::CrLfLines => Aspect::Lines,
        }
    }

    /// The body in this form, where it can have it.
    pub(super) fn of(self, body: &[u8]) -> Option<Vec<u8>> {
        let json = |change| rewrite(str::from_utf8(body).ok()?, change).map(String::into_bytes);
        match self {
            Self::Compact => json(Change::Spacing(Spacing::Compact)),
            Self::Spaced => json(Change::Spacing(Spacing::Blanks)),
            Self::IndentedByTwo => json(Change::Spacing(Spacing::Indented("  "))),
            Self::IndentedByFour => json(Change::Spacing(Spacing::Indented("    "))),
            Self::IndentedByTab => json(Change::Spacing(Spacing::Indented("\t"))),
            Self::NonAsciiEscaped => json(Change::EscapeNonAscii),
            Self::NonAsciiPlain => json(Change::PlainNonAscii),
            Self::SlashesEscaped => json(Change::EscapeSlashes),
            Self::SlashesPlain => json(Change::PlainSlashes),
            Self::NamesSorted => json(Change::SortNames),
            Self::WithoutBom => body.strip_prefix(BOM).map(<[u8]>::to_vec),
            Self::WithBom => (!body.starts_with(BOM)).then(|| [BOM, body].concat()),
            Self::WithoutFinalNewline => {
                let rest = body.strip_suffix(b"\n")?;
                Some(rest.strip_suffix(b"\r").unwrap_or(rest).to_vec())
            }
            Self::WithFinalLf => Some([body, b"\n"].concat()),
            Self::WithFinalCrLf => Some([body, b"\r\n"].concat()),
            Self::LfLines => Some(lf_lines(body)),
            Self::CrLfLines => Some(crlf_lines(&lf_lines(body))),
        }
    }
}

impl fmt::Display for SentForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const REWRITTEN: &str =
            "the body was parsed and written again: verify the raw bytes before any JSON parser";
        match self.aspect() {
            Aspect::Spacing => {
                write!(f, "the sender signed this JSON with other white space; {REWRITTEN}")
            }
            Aspect::NonAscii => {
                write!(f, "the sender signed this JSON with other \\u escapes; {REWRITTEN}")
            }
            Aspect::Slashes => write!(
                f,
                "the sender signed this JSON with its slashes written otherwise; {REWRITTEN}"
            ),
            Aspect::Names => {
                write!(f, "the sender signed this JSON with its names in order; {REWRITTEN}")
            }
            Aspect::Bom => f.write_str(
                "the sender signed another byte order mark, or none; decoding to text and encoding \
                 again adds or removes it: verify the raw bytes before they become text",
            ),
            Aspect::FinalNewline => f.write_str(
                "the sender signed another line break at the end, or none; a shell, an editor or a \
                 trimmed text adds or removes it: take the bytes as they came, with curl by --data-binary",
            ),
            Aspect::Lines => f.write_str(
                "the sender signed other line breaks; text mode or an editor changes them: read, keep \
                 and send the body as bytes",
            ),
        }
    }
}

fn lf_lines(body: &[u8]) -> Vec<u8> {
    let after = body.iter().skip(1).map(Some).chain([None]);
    let pairs = body.iter().zip(after);
    pairs.filter(|pair| *pair != (&b'\r', Some(&b'\n'))).map(|(byte, _)| *byte).collect()
}

fn crlf_lines(body: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(body.len());
    for byte in body {
        if *byte == b'\n' {
            lines.push(b'\r');
        }
        lines.push(*byte);
    }
    lines
}
