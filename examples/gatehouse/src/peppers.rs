//! The peppers: given by the operator, or generated at the first start and kept in a file.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use palisade::secret::{Keyring, LoadError, MacKey, NoRandomness, SecretBytes};
use zeroize::Zeroizing;

use crate::config::{Config, Database, PEPPERS, PepperSource};

/// Only the owner.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The ring of peppers to start with.
///
/// One is generated only while there are no keys: to a database with keys, a new pepper is the wrong
/// pepper.
pub(crate) fn load(config: &Config, has_keys: bool) -> Result<Keyring<MacKey>, PepperError> {
    if config.peppers == PepperSource::Environment {
        return Keyring::from_env(PEPPERS).map_err(PepperError::Given);
    }
    let Some(folder) = config.database.folder() else {
        tracing::warn!(
            "no peppers are given, so the keys of this database in memory are digested under one that is in memory too"
        );
        return Keyring::from_text(&generate()?).map_err(PepperError::Given);
    };
    let path = folder.join("peppers");
    let is_there =
        path.try_exists().map_err(|source| PepperError::File { path: path.clone(), source })?;
    match (is_there, has_keys) {
        (true, _) => {}
        (false, true) => return Err(PepperError::Lost { path }),
        (false, false) => {
            create(&path, &generate()?)
                .map_err(|source| PepperError::File { path: path.clone(), source })?;
            tracing::warn!(
                path = %path.display(),
                "no peppers are given, so one was generated; back the file up, apart from the database: without it no key works any more"
            );
        }
    }
    warn_of_readers(&path).map_err(|source| PepperError::File { path: path.clone(), source })?;
    let unusable = if has_keys { PepperError::Damaged } else { PepperError::Given };
    Keyring::from_file(&path).map_err(unusable)
}

/// Makes the folder of the database, for its owner alone, where there is none.
pub(crate) fn make_folder(database: &Database) -> io::Result<()> {
    let Some(folder) = database.folder() else { return Ok(()) };
    if folder.is_dir() {
        return Ok(());
    }
    tracing::info!(folder = %folder.display(), "the folder of the database is new");
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)
}

/// One entry `id:secret`. The id is random too, so that a pepper that was lost and replaced is
/// noticed: keys under the old one name it.
fn generate() -> Result<Zeroizing<String>, PepperError> {
    let id = SecretBytes::generate(4)?;
    let secret = SecretBytes::generate(32)?;
    // The whole length at once: growing it would leave copies of the secret on the heap.
    let mut entry = Zeroizing::new(String::with_capacity(80));
    for part in ["p", &id.expose_hex(), ":", &secret.expose_base64url(), "\n"] {
        entry.push_str(part);
    }
    Ok(entry)
}

/// A ring that no key was made with, where the peppers are lost.
pub(crate) fn stand_in() -> Result<Keyring<MacKey>, PepperError> {
    Keyring::from_text(&generate()?).map_err(PepperError::Given)
}

fn warn_of_readers(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(
            path = %path.display(),
            mode = format!("{:03o}", mode & 0o777),
            "others on this machine have access to the peppers; run chmod 600 on the file"
        );
    }
    Ok(())
}

/// Writes the file so that it is there whole or not at all, and never replaces one: of two processes
/// that start at once, one wins and the other reads what the winner wrote.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let suffix = SecretBytes::generate(8).map_err(io::Error::other)?;
    let draft = path.with_extension(format!("{}.tmp", *suffix.expose_hex()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&draft)?;
    let written = (|| {
        // The mode above is cut by the umask, this one is not.
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // Unlike a renaming, this fails where there is a file already.
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    })();
    let removed = fs::remove_file(&draft);
    written?;
    removed?;
    // The name is in the folder, which has to reach the disk too.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Why there are no peppers to start with. Never holds any of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PepperError {
    /// The peppers that were given or kept are not usable.
    #[error("the peppers: {0}")]
    Given(LoadError),
    /// The file cannot be made or looked at.
    #[error("the file of peppers {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not usable, and the database has keys that need it.
    #[error(
        "the peppers: {0}; the database holds keys that work only with what the file held: restore it from the backup, or see `gatehouse pepper-report` and give them up with `gatehouse revoke-pepper ID`"
    )]
    Damaged(LoadError),
    /// The file is gone, and the database has keys that need it.
    #[error(
        "the file of peppers {} is gone, and the database holds keys that work only with it; restore it from the backup, give the peppers in {PEPPERS}, or see `gatehouse pepper-report` and give them up with `gatehouse revoke-pepper ID`", path.display()
    )]
    Lost {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is no randomness to generate one from.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path) -> Config {
        let database = folder.join("data").join("gatehouse.db");
        Config::from_vars([("GATEHOUSE_DATABASE".into(), database.into())]).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn generated_once_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        make_folder(&config.database).unwrap();
        let first = load(&config, false).unwrap();
        let again = load(&config, true).unwrap();
        assert_eq!(first.primary().0, again.primary().0);

        let data = folder.path().join("data");
        assert_eq!(mode(&data), 0o700);
        assert_eq!(mode(&data.join("peppers")), 0o600);
        let files: Vec<_> = fs::read_dir(&data).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert_eq!(files, ["peppers"], "no draft is left");
    }

    #[test]
    fn never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peppers");
        create(&path, "first").unwrap();
        create(&path, "second").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn not_for_a_database_with_keys() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        make_folder(&config.database).unwrap();
        assert!(matches!(load(&config, true), Err(PepperError::Lost { .. })));
        assert!(!folder.path().join("data/peppers").exists());
    }

    #[test]
    fn a_file_of_something_else_is_named_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        make_folder(&config.database).unwrap();
        let path = folder.path().join("data/peppers");
        for content in ["", "hunter2hunter2", "p1:hunter2hunter2"] {
            fs::write(&path, content).unwrap();
            let error = load(&config, true).unwrap_err().to_string();
            assert!(error.contains("data/peppers") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn in_memory_nothing_is_written() {
        let config = Config::from_vars([("GATEHOUSE_DATABASE".into(), ":memory:".into())]).unwrap();
        let (a, b) = (load(&config, false).unwrap(), load(&config, false).unwrap());
        assert_ne!(a.primary().0, b.primary().0);
    }
}
