//! Where lists come from.

use std::path::Path;

use palisade::allowlist::{Allowlist, BuildError, Builder, EmptyList, Fault, Malformed, Report};

use crate::args::{LimitArgs, Meaning};
use crate::gzip;
use crate::output::Failure;
use crate::problems::{Problem, Problems};
use crate::stream::Stream;

const PROMPT: &str = "Entries, one a line; then Ctrl-D:";

/// The most lines, as a multiple of the most entries: the others are empty or comments.
const LINES_AN_ENTRY: u32 = 4;

/// A list to read, and what it is called in errors. Its path is not repeated: it may hold anything.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    pub(crate) name: &'static str,
}

impl<'a> Source<'a> {
    pub(crate) fn new(path: &'a Path) -> Self {
        Self { path, name: "the list" }
    }

    pub(crate) fn stdin() -> Self {
        Self { path: Stream::stdin().0, name: "stdin" }
    }

    /// Whether both are one pipe or terminal, by whatever names.
    pub(crate) fn is_one_stream_with(self, other: Source<'_>) -> bool {
        Stream(self.path).is_one_with(Stream(other.path))
    }

    /// Reads the list, or says why there is none.
    pub(crate) fn load(self, builder: Builder, json: bool) -> Result<(Allowlist, Report), Failure> {
        self.build(builder, json).map_err(|error| self.failure(error))
    }

    /// Reads the list.
    pub(crate) fn build(
        self,
        builder: Builder,
        json: bool,
    ) -> Result<(Allowlist, Report), BuildError> {
        let (bar, source) = Stream(self.path).open(PROMPT, json)?;
        let read = gzip::decompressed(bar.wrap_read(source))
            .map_err(BuildError::Read)
            .and_then(|text| builder.extend_lines(text));
        bar.finish_and_clear();
        read?.build()
    }

    /// Why there is no list.
    pub(crate) fn failure(self, error: BuildError) -> Failure {
        let name = self.name;
        match error {
            BuildError::Malformed(malformed) => {
                let message = format!("{name} has lines that are no entries; nothing was done");
                Failure::error("list", &message).with_problems(problems(&malformed))
            }
            BuildError::Empty => {
                let message = format!("{name} has no entry; say with --empty what that means");
                Failure::error("list_empty", &message)
            }
            BuildError::TooMany { limit, what } => {
                let message =
                    format!("{name} has more than {limit} {what}; raise --max-entries if it may");
                Failure::error("list_too_large", &message)
            }
            BuildError::Read(error) => {
                Failure::error("input", &format!("{name} cannot be read: {error}"))
            }
            error => Failure::error("list", &error),
        }
    }
}

/// A builder within the limits.
pub(crate) fn builder(limits: &LimitArgs, empty: Option<Meaning>) -> Builder {
    let builder = Allowlist::builder()
        .max_entries(limits.max_entries)
        .max_lines(limits.max_entries.saturating_mul(LINES_AN_ENTRY).max(4_000_000));
    match empty {
        None => builder,
        Some(Meaning::Allow) => builder.when_empty(EmptyList::AllowsEveryone),
        Some(Meaning::Deny) => builder.when_empty(EmptyList::DeniesEveryone),
    }
}

/// What is wrong with a line.
pub(crate) fn problem(fault: &Fault) -> Problem {
    Problem {
        line: fault.place.number().into(),
        reason: fault.error.code(),
        message: fault.error.to_string(),
    }
}

fn problems(malformed: &Malformed) -> Problems {
    let mut problems = Problems::default();
    malformed.faults().iter().map(problem).for_each(|problem| problems.add(problem));
    problems.add_unseen(malformed.more());
    problems
}
