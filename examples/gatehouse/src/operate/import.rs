//! Users of another system: a line each, all of them or none.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::SystemTime;

use palisade::password::{HashPool, Hasher, VerifyError};

use super::not_in_memory;
use crate::config::{Config, UNPEPPERED_UNTIL};
use crate::passwords::Passwords;
use crate::secrets::SecretUses;
use crate::start::StartError;
use crate::users::{InvalidLogin, LoginName};

/// The longest line: a login name, a colon, a stored hash of 512 bytes and an end of two bytes.
const MAX_LINE: usize = 254 + 1 + 512 + 2;

/// Adds the users of a file, or of stdin where it is `-`, and says how many there are of each scheme.
///
/// A line is `login:stored-hash`, as `htpasswd -B` writes it; there are no comments and no empty lines. Where
/// any line is not good, or a login name is taken, nothing is changed.
///
/// # Errors
///
/// [`StartError::Import`], naming the line; the others when the database cannot be used.
pub async fn import_users(
    config: &Config,
    file: &str,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    not_in_memory(&config.database)?;
    let import = match file {
        "-" => Import::read(io::stdin().lock())?,
        path => Import::read(BufReader::new(File::open(path).map_err(ImportError::Open)?))?,
    };
    let now = SystemTime::now();
    let Passwords { users, pool, .. } =
        Passwords::open(config, &mut SecretUses::default(), now).await?;
    import.check(&pool, now)?;
    let inserted = users.insert_all_new(&import.users, now).await?;
    users.close().await;
    if let Err(index) = inserted {
        return Err(ImportError::Taken { line: line_number(index) }.into());
    }
    stdout
        .write_all(import.report().as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(StartError::Print)
}

/// Users that were read and not stored yet.
struct Import {
    users: Vec<(LoginName, String)>,
    schemes: BTreeMap<&'static str, u64>,
    unpeppered: u64,
}

impl Import {
    fn read(mut lines: impl BufRead) -> Result<Self, StartError> {
        let reader = Hasher::builder().build()?;
        let mut import = Self { users: Vec::new(), schemes: BTreeMap::new(), unpeppered: 0 };
        let mut seen = HashMap::new();
        let mut bytes = Vec::with_capacity(MAX_LINE);
        loop {
            let index = import.users.len();
            let line = line_number(index);
            bytes.clear();
            // One byte more than fits tells a line that is too long.
            let limit = u64::try_from(MAX_LINE + 1).unwrap_or(u64::MAX);
            let read = lines.by_ref().take(limit).read_until(b'\n', &mut bytes);
            if read.map_err(|error| ImportError::Read { line, error })? == 0 {
                return Ok(import);
            }
            if bytes.len() > MAX_LINE {
                return Err(ImportError::TooLong { line }.into());
            }
            let text = std::str::from_utf8(&bytes).map_err(|_| ImportError::Fields { line })?;
            let text = text.strip_suffix('\n').unwrap_or(text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            let (login, hash) = text.split_once(':').ok_or(ImportError::Fields { line })?;
            let login: LoginName =
                login.parse().map_err(|error| ImportError::Login { line, error })?;
            let inspection =
                reader.inspect(hash).map_err(|error| ImportError::Hash { line, error })?;
            if let Some(first) = seen.insert(login.clone(), line) {
                return Err(ImportError::Twice { line, first }.into());
            }
            *import.schemes.entry(inspection.scheme().name()).or_default() += 1;
            import.unpeppered += u64::from(inspection.peppers().next().is_none());
            import.users.push((login, hash.to_owned()));
        }
    }

    /// Refuses what nobody could log in with. A missing pepper can be allowed, and wrapping mends it.
    fn check(&self, pool: &HashPool, now: SystemTime) -> Result<(), ImportError> {
        for (index, (_, hash)) in self.users.iter().enumerate() {
            match pool.check(hash, now) {
                Ok(_) | Err(VerifyError::Unpeppered) => {}
                Err(error) => return Err(ImportError::Hash { line: line_number(index), error }),
            }
        }
        Ok(())
    }

    fn report(&self) -> String {
        let schemes = self.schemes.iter().map(|(scheme, users)| format!("{users:>8}  {scheme}\n"));
        let hint = (self.unpeppered > 0).then(|| {
            format!(
                "{} have no pepper: until `gatehouse wrap-passwords` has put one around them, those users can log in only while {UNPEPPERED_UNTIL} lies ahead\n",
                self.unpeppered
            )
        });
        let first = format!("{} imported\n", self.users.len());
        std::iter::once(first).chain(schemes).chain(hint).collect()
    }
}

fn line_number(index: usize) -> usize {
    index + 1
}

/// Users cannot be imported. Nothing was changed; nothing of the line is repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be opened.
    #[error("the file cannot be opened: {0}")]
    Open(io::Error),
    /// The file cannot be read on.
    #[error("line {line}: the file cannot be read on: {error}")]
    Read {
        /// The line.
        line: usize,
        /// What the system says.
        error: io::Error,
    },
    /// There is more in a line than can belong there.
    #[error("line {line}: it has more than {MAX_LINE} bytes; is it a file of users?")]
    TooLong {
        /// The line.
        line: usize,
    },
    /// There are no two fields.
    #[error("line {line}: it is not `login:stored-hash`; take empty lines and comments out")]
    Fields {
        /// The line.
        line: usize,
    },
    /// The first field is no login name.
    #[error("line {line}: {error}")]
    Login {
        /// The line.
        line: usize,
        /// What a login name is.
        error: InvalidLogin,
    },
    /// The second field is no hash that could be verified.
    #[error("line {line}: {error}")]
    Hash {
        /// The line.
        line: usize,
        /// What is wrong with it.
        error: VerifyError,
    },
    /// Two lines have one login name, apart from upper and lower case.
    #[error(
        "line {line}: it has the login name of line {first}; names must differ by more than case"
    )]
    Twice {
        /// The line.
        line: usize,
        /// The line before.
        first: usize,
    },
    /// There is a user of that name.
    #[error("line {line}: there is a user of that login name already; take the line out")]
    Taken {
        /// The line.
        line: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuu5Lx0rnSxK2GJ8Mcp/BbzXFdKhCrYHu.";

    fn error(text: &[u8]) -> String {
        let said = Import::read(text).err().unwrap().to_string();
        said.strip_prefix("nothing was imported: ").unwrap().to_owned()
    }

    #[test]
    fn good_lines() {
        let text = format!("Ann:{BCRYPT}\r\nbob:{BCRYPT}");
        let import = Import::read(text.as_bytes()).unwrap();
        let logins: Vec<_> = import.users.iter().map(|(login, _)| login.as_str()).collect();
        assert_eq!(logins, ["ann", "bob"]);
        assert_eq!(import.users[0].1, BCRYPT);
        assert!(import.report().starts_with("2 imported\n       2  bcrypt\n2 have no pepper"));
        assert_eq!(Import::read(&b""[..]).unwrap().report(), "0 imported\n");
    }

    #[test]
    fn bad_lines_are_named_and_not_repeated() {
        for (bad, expected) in [
            ("", "line 2: it is not `login:stored-hash`"),
            ("hunter2", "line 2: it is not"),
            ("# hunter2", "line 2: it is not"),
            ("hu nter2:x", "line 2: a login name has 3 to 254"),
            ("hunter2:", "line 2: the stored hash"),
            ("hunter2:$1$hunter2", "line 2: the stored hash"),
            ("hunter2:$2b$04$hunter2", "line 2: the stored hash is not well formed"),
            (&format!("ANN:{BCRYPT}"), "line 2: it has the login name of line 1"),
            (&format!("bob:{BCRYPT} "), "line 2: the stored hash is not well formed"),
            (&"x".repeat(MAX_LINE + 1), "line 2: it has more than"),
        ] {
            let said = error(format!("ann:{BCRYPT}\n{bad}\n").as_bytes());
            assert!(said.starts_with(expected), "{bad}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert!(error(b"\xff:x\n").starts_with("line 1: it is not"));
    }
}
