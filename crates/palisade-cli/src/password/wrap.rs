//! `palisade password wrap`.

use std::collections::VecDeque;
use std::thread;
use std::time::{Duration, SystemTime};

use indicatif::ProgressBar;
use palisade::password::{
    HashPool, Hasher, MemoryBudget, Mint, PasswordHash, Pending, PoolError, Queue, WrapError,
};
use serde::Serialize;

use super::column::{Column, Line};
use super::policy;
use super::sink::Sink;
use crate::args::WrapArgs;
use crate::output::{Failure, Output};
use crate::problems::{Problem, Problems};
use crate::progress;
use crate::units::Size;

/// How many lines are ahead of the one that is written next, for each worker: enough that none waits
/// for another, and all the memory that a file of any length takes.
const AHEAD: usize = 16;

#[derive(Default, Serialize)]
struct Counts {
    hashes: u64,
    wrapped: u64,
    unchanged: u64,
}

pub(crate) fn wrap(args: &WrapArgs, json: bool) -> Result<Output, Failure> {
    if json && args.output.is_none() {
        let message =
            "with --json stdout holds the answer; give a file for the hashes with --output";
        return Err(Failure::error("usage", &message));
    }
    if let (true, Some(file), Some(output)) = (args.only_changed, &args.column.file, &args.output)
        && let (Ok(file), Ok(output)) = (file.canonicalize(), output.canonicalize())
        && file == output
    {
        let message = "with --only-changed, --output must not be the file that is read: the other rows would be gone";
        return Err(Failure::error("usage", &message));
    }
    let now = SystemTime::now();
    let hasher = hasher(args, now)?;
    let (pool, ahead) = pool(args, hasher.clone())?;
    let column = Column::open(&args.column)?;
    // A file can be read twice: what cannot be wrapped is found before hours are spent on the rest.
    let lines = match column.len() {
        Some(_) => Some(check(Column::open(&args.column)?, &hasher, now)?),
        None => None,
    };
    let bar = progress::bar(lines, "{bar:30} {pos}/{len} hashes, {eta} left", json);
    let sink = Sink::open(args.output.as_deref())?;
    let work = Work {
        pool,
        now,
        ahead,
        queue: VecDeque::new(),
        sink,
        only_changed: args.only_changed,
        counts: Counts::default(),
        problems: Problems::default(),
        bar,
    };
    let counts = work.run(column)?;
    let text = format!("wrapped {} of {} hashes\n", counts.wrapped, counts.hashes);
    Ok(match args.output {
        Some(_) => Output::new(text, &counts)?,
        None => Output::new(String::new(), &counts)?.with_notes(text),
    })
}

fn hasher(args: &WrapArgs, now: SystemTime) -> Result<Hasher, Failure> {
    let builder = policy::builder(&args.policy)?;
    let hasher = if args.policy.peppers.peppers_env.is_some() {
        // To bring rows under a pepper is what wrapping is for.
        builder.accept_unpeppered_until(now + Duration::from_secs(1)).build()?
    } else {
        builder.build()?
    };
    match hasher.mint() {
        Mint::Argon2id(_) => Ok(hasher),
        _ => Err(Failure::error("policy", &WrapError::MintIsNotArgon2id)),
    }
}

/// A pool, and how many lines may be under way in it.
fn pool(args: &WrapArgs, hasher: Hasher) -> Result<(HashPool, usize), Failure> {
    let workers = match args.workers.map(usize::try_from) {
        Some(Ok(workers)) => workers,
        _ => thread::available_parallelism().map_or(1, usize::from),
    };
    let needs = hasher.mint().memory_bytes();
    let budget = args.budget.map_or(needs.saturating_mul(workers as u64), Size::bytes);
    let ahead = workers * AHEAD;
    // As long as all that is under way, it is never full.
    let queue = Queue::bounded(ahead);
    HashPool::with_workers(hasher, workers, MemoryBudget::bytes(budget), queue)
        .map(|pool| (pool, ahead))
        .map_err(|error| Failure::error("policy", &error))
}

/// How many lines there are, if each can be read.
fn check(mut column: Column, hasher: &Hasher, now: SystemTime) -> Result<u64, Failure> {
    let mut problems = Problems::default();
    while let Some(line) = column.next()? {
        if let Err(problem) = line.and_then(|line| readable(line, hasher, now)) {
            problems.add(problem);
        }
    }
    if problems.count() > 0 {
        return Err(nothing_written(problems));
    }
    Ok(column.lines_read())
}

/// The line, and whether it may need wrapping.
fn readable(line: Line, hasher: &Hasher, now: SystemTime) -> Result<(Line, bool), Problem> {
    let needs = hasher.needs_rehash(&line.hash).map(|reason| reason.is_some());
    // What is costly, refused or under a pepper that is not given is found before hours of work.
    let checked =
        needs.and_then(
            |needs| {
                if needs { hasher.check(&line.hash, now).map(|_| true) } else { Ok(false) }
            },
        );
    match checked {
        Ok(needs) => Ok((line, needs)),
        Err(error) => Err(line.problem(&error)),
    }
}

fn nothing_written(problems: Problems) -> Failure {
    let message = match problems.count() {
        1 => "one line cannot be wrapped; mend or leave it out, and wrap again".to_owned(),
        count => format!("{count} lines cannot be wrapped; mend or leave them out, and wrap again"),
    };
    Failure::error("hash_unreadable", &message).with_problems(problems)
}

/// A line, and its new hash where it may need one.
type UnderWay = (Line, Option<Pending<Option<PasswordHash>, WrapError>>);

/// Lines under way, in their order.
struct Work {
    pool: HashPool,
    now: SystemTime,
    ahead: usize,
    queue: VecDeque<UnderWay>,
    sink: Sink,
    only_changed: bool,
    counts: Counts,
    problems: Problems,
    bar: ProgressBar,
}

impl Work {
    fn run(mut self, mut column: Column) -> Result<Counts, Failure> {
        while let Some(line) = column.next()? {
            self.counts.hashes += 1;
            match line.and_then(|line| readable(line, self.pool.hasher(), self.now)) {
                // Nothing will be written any more; the rest is only looked through.
                Ok(_) if self.problems.count() > 0 => {}
                Ok((line, needs_it)) => {
                    let pending = needs_it.then(|| self.pool.wrap(&line.hash, self.now));
                    self.queue.push_back((line, pending));
                }
                Err(problem) => {
                    self.settle()?;
                    self.problems.add(problem);
                }
            }
            while self.queue.len() >= self.ahead {
                self.write_next()?;
            }
        }
        while !self.queue.is_empty() {
            self.write_next()?;
        }
        self.bar.finish_and_clear();
        let Self { sink, counts, problems, .. } = self;
        if problems.count() > 0 {
            return Err(nothing_written(problems));
        }
        sink.finish()?;
        Ok(counts)
    }

    /// Before a line with a problem: stdout gets all that came before it, a file will come to nothing.
    fn settle(&mut self) -> Result<(), Failure> {
        if matches!(self.sink, Sink::File { .. }) {
            self.queue.clear();
        }
        while !self.queue.is_empty() {
            self.write_next()?;
        }
        Ok(())
    }

    /// Writes the line that came first.
    fn write_next(&mut self) -> Result<(), Failure> {
        let Some((line, pending)) = self.queue.pop_front() else { return Ok(()) };
        self.bar.inc(1);
        let new = match pending.map(Pending::wait) {
            None => None,
            Some(Ok(new)) => new,
            Some(Err(error)) => {
                self.problems.add(problem(&line, &error));
                // What follows is not written, so it is not wrapped either.
                self.queue.clear();
                return Ok(());
            }
        };
        let hash = if let Some(new) = &new {
            self.counts.wrapped += 1;
            new.as_str()
        } else {
            self.counts.unchanged += 1;
            if self.only_changed {
                return Ok(());
            }
            &line.hash
        };
        self.sink.write([&line.before, hash.as_bytes(), line.after.as_bytes()])
    }
}

fn problem(line: &Line, error: &PoolError<WrapError>) -> Problem {
    let reason = match error {
        PoolError::Failed(WrapError::Stored(error)) => return line.problem(error),
        PoolError::Failed(WrapError::Hash(error)) => error.reason(),
        PoolError::Failed(WrapError::TooLong) => "wrapped_too_long",
        _ => "wrap_failed",
    };
    Problem { line: line.number, reason, message: error.to_string() }
}
