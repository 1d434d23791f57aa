//! Why a database cannot be used.

use std::io;
use std::path::PathBuf;

/// Why a database cannot be used. Its text says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The path is a folder.
    #[error("{} is a folder; give the path of a file in it", .0.display())]
    Folder(PathBuf),
    /// The file was not there and could not be created.
    #[error("cannot create {}; does its folder exist, and may this user write in it?", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file is something else.
    #[error("the file is not an SQLite database; give the path of another one, or of none yet")]
    NotADatabase(#[source] Cause),
    /// The file, or the folder it is in, cannot be written.
    #[error(
        "the database cannot be opened for writing; this user needs to write the file and, for the log beside it, its folder"
    )]
    NotWritable(#[source] Cause),
    /// Another program holds the database.
    #[error("the database is locked by another program; stop it, or wait longer")]
    Locked(#[source] Cause),
    /// A newer version of this crate has changed the schema.
    #[error(
        "the schema of the database is version {found}, and this program knows versions up to {known}; run the newer program"
    )]
    NewerSchema {
        /// The version of the database.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// The database failed in another way.
    #[error("the database failed; the cause says how")]
    Failed(#[source] Cause),
}

/// What SQLite says.
type Cause = Box<dyn std::error::Error + Send + Sync>;

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        // The low byte of an extended result code is the primary one: https://sqlite.org/rescode.html
        let code = match &error {
            sqlx::Error::Database(database) => {
                database.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xFF)
            }
            _ => None,
        };
        match code {
            // A connection that is still waiting for the lock when the pool gives up on it.
            None if matches!(error, sqlx::Error::PoolTimedOut) => Self::Locked(error.into()),
            Some(5 | 6) => Self::Locked(error.into()),
            Some(8 | 14) => Self::NotWritable(error.into()),
            Some(26) => Self::NotADatabase(error.into()),
            _ => Self::Failed(error.into()),
        }
    }
}
