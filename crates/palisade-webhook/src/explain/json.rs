//! JSON text written again, token by token: never through a float or a map.

mod string;

/// How deep lists and objects may stand within each other.
const MAX_DEPTH: usize = 128;
/// The longest text that is written: indenting a deep list makes a line of each of its items.
const MAX_WRITTEN: usize = 8 << 20;

/// What is written otherwise. All else stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Spacing(Spacing),
    /// All that is not ASCII as `\uXXXX` in lower case, with pairs of surrogates.
    EscapeNonAscii,
    /// Escapes of what is not ASCII as UTF-8. Half of a surrogate pair stays an escape.
    PlainNonAscii,
    EscapeSlashes,
    PlainSlashes,
    /// The members of each object in the order of their names' code points. White space and commas stay
    /// where they are.
    SortNames,
}

/// The white space between tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spacing {
    Compact,
    /// A blank after each comma and colon.
    Blanks,
    /// A line for each member or item, and a blank after each colon.
    Indented(&'static str),
}

/// The text with this change; none when it is no JSON, is too deep or would be too long.
pub(super) fn rewrite(text: &str, change: Change) -> Option<String> {
    let out = String::with_capacity(text.len());
    let mut writer = Writer { rest: text, out, change, deep: 0 };
    writer.space();
    writer.value()?;
    writer.space();
    (writer.rest.is_empty() && writer.out.len() <= MAX_WRITTEN).then_some(writer.out)
}

/// Reads token after token, and writes each at once.
struct Writer<'a> {
    rest: &'a str,
    out: String,
    change: Change,
    deep: usize,
}

impl<'a> Writer<'a> {
    fn value(&mut self) -> Option<()> {
        if self.out.len() > MAX_WRITTEN {
            return None;
        }
        match self.rest.as_bytes().first()? {
            b'{' => self.nested("{", "}"),
            b'[' => self.nested("[", "]"),
            b'"' => self.string().map(drop),
            _ => self.word(),
        }
    }

    /// An object or a list. Its depth bounds the recursion.
    fn nested(&mut self, open: &str, close: &str) -> Option<()> {
        if self.deep == MAX_DEPTH {
            return None;
        }
        self.deep += 1;
        self.token(open)?;
        self.space();
        let is_empty = self.rest.starts_with(close);
        if !is_empty {
            match (open, self.change) {
                ("{", Change::SortNames) => self.sorted_members()?,
                _ => self.items(open == "{")?,
            }
        }
        self.deep -= 1;
        if !is_empty {
            self.line();
        }
        self.token(close)
    }

    fn items(&mut self, named: bool) -> Option<()> {
        loop {
            self.line();
            if named {
                self.name()?;
            }
            self.value()?;
            self.space();
            if !self.rest.starts_with(',') {
                return Some(());
            }
            self.token(",")?;
            self.space();
            if self.change == Change::Spacing(Spacing::Blanks) {
                self.out.push(' ');
            }
        }
    }

    fn sorted_members(&mut self) -> Option<()> {
        let mut members = Vec::new();
        let mut gaps = Vec::new();
        loop {
            let start = self.out.len();
            let name = string::sort_key(self.name()?);
            self.value()?;
            members.push((name, self.out.split_off(start)));
            let gap = self.gap();
            let Some(rest) = self.rest.strip_prefix(',') else {
                gaps.push((gap, "", ""));
                break;
            };
            self.rest = rest;
            gaps.push((gap, ",", self.gap()));
        }
        // Stable: of two members of one name, the one that a parser takes stays the last.
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        for ((_, member), (before, comma, after)) in members.iter().zip(gaps) {
            self.out.extend([member, before, comma, after]);
        }
        Some(())
    }

    /// The name of a member, and its colon.
    fn name(&mut self) -> Option<&'a str> {
        let name = self.string()?;
        self.space();
        self.token(":")?;
        self.space();
        if matches!(self.change, Change::Spacing(Spacing::Blanks | Spacing::Indented(_))) {
            self.out.push(' ');
        }
        Some(name)
    }

    fn string(&mut self) -> Option<&'a str> {
        let (name, rest) = string::rewrite(self.rest, self.change, &mut self.out)?;
        self.rest = rest;
        Some(name)
    }

    /// A number, `true`, `false` or `null`, as it stands.
    fn word(&mut self) -> Option<()> {
        let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let end = self.rest.find(|c| !in_word(c)).unwrap_or(self.rest.len());
        let word = self.rest.get(..end)?;
        if !matches!(word, "true" | "false" | "null") && !is_number(word) {
            return None;
        }
        self.token(word)
    }

    fn token(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        self.out.push_str(token);
        Some(())
    }

    /// White space, kept unless it is what changes.
    fn space(&mut self) {
        let gap = self.gap();
        if !matches!(self.change, Change::Spacing(_)) {
            self.out.push_str(gap);
        }
    }

    /// White space, read and not written.
    fn gap(&mut self) -> &'a str {
        let rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let gap = before(self.rest, rest);
        self.rest = rest;
        gap
    }

    fn line(&mut self) {
        if let Change::Spacing(Spacing::Indented(indent)) = self.change {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(indent, self.deep));
        }
    }
}

/// What stands in a text before the rest of it.
fn before<'a>(text: &'a str, rest: &str) -> &'a str {
    // By length alone: comparing the rest at each token would cost the square of the text.
    text.get(..text.len().saturating_sub(rest.len())).unwrap_or_default()
}

/// Whether this is a number by RFC 8259 section 6.
fn is_number(word: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (word, exponent) = word.split_once(['e', 'E']).map_or((word, None), |(w, e)| (w, Some(e)));
    let (whole, fraction) = word.split_once('.').map_or((word, None), |(w, f)| (w, Some(f)));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}
