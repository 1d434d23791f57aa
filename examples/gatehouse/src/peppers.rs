//! The peppers: given by the operator, or generated at the first start and kept in a file.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use palisade::secret::{Keyring, LoadError, MacKey, NoRandomness, SecretBytes};
use zeroize::Zeroizing;

use crate::config::{Database, PASSWORD_PEPPERS, PEPPERS, PepperSource, WEBHOOK_KEYS};

/// Only the owner.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// What peppers are for. Each use has its own: a set that is read through one is no help with the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PepperUse {
    /// The digests of API keys.
    Keys,
    /// The hashes of passwords.
    Passwords,
    /// The secrets of webhook endpoints, which are derived from them.
    Webhooks,
}

impl PepperUse {
    fn variable(self) -> &'static str {
        match self {
            Self::Keys => PEPPERS,
            Self::Passwords => PASSWORD_PEPPERS,
            Self::Webhooks => WEBHOOK_KEYS,
        }
    }

    /// The name of the file beside the database.
    fn file_name(self) -> &'static str {
        match self {
            Self::Keys => "peppers",
            Self::Passwords => "password-peppers",
            Self::Webhooks => "webhook-keys",
        }
    }

    /// What there is no use for without them.
    fn dependents(self) -> &'static str {
        match self {
            Self::Keys => "keys that work",
            Self::Passwords => "passwords that can be checked",
            Self::Webhooks => "webhooks that customers can verify",
        }
    }

    /// What to do where there is no backup.
    fn way_on(self) -> &'static str {
        match self {
            Self::Keys => {
                "see `gatehouse pepper-report` and give them up with `gatehouse revoke-pepper ID`"
            }
            Self::Passwords => {
                "start with another one in GATEHOUSE_PASSWORD_PEPPERS, which gives up every password under those"
            }
            Self::Webhooks => {
                "start with another one in GATEHOUSE_WEBHOOK_KEYS; nothing is sent to an endpoint then until its secret is rotated"
            }
        }
    }
}

/// The ring of peppers to start with.
///
/// One is generated only while nothing `depends` on it: to a database with keys or users, a new pepper is
/// the wrong pepper.
pub(crate) fn load(
    of: PepperUse,
    source: PepperSource,
    database: &Database,
    depends: bool,
) -> Result<Keyring<MacKey>, PepperError> {
    if source == PepperSource::Environment {
        return Keyring::from_env(of.variable()).map_err(PepperError::Given);
    }
    let Some(folder) = database.folder() else {
        tracing::warn!(
            variable = of.variable(),
            "no peppers are given, so what this database in memory holds is under one that is in memory too"
        );
        return Keyring::from_text(&generate()?).map_err(PepperError::Given);
    };
    let path = folder.join(of.file_name());
    let is_there =
        path.try_exists().map_err(|source| PepperError::File { path: path.clone(), source })?;
    match (is_there, depends) {
        (true, _) => {}
        (false, true) => return Err(PepperError::Lost { of, path }),
        (false, false) => {
            create(&path, &generate()?)
                .map_err(|source| PepperError::File { path: path.clone(), source })?;
            tracing::warn!(
                path = %path.display(),
                "no peppers are given, so one was generated; back the file up, apart from the database: without it, there are no {}",
                of.dependents()
            );
        }
    }
    warn_of_readers(&path).map_err(|source| PepperError::File { path: path.clone(), source })?;
    Keyring::from_file(&path).map_err(|error| {
        if depends { PepperError::Damaged { of, error } } else { PepperError::Given(error) }
    })
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
    #[error("{0}")]
    Given(LoadError),
    /// The file cannot be made or looked at.
    #[error("the file of peppers {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not usable, and what is in the database needs it.
    #[error(
        "the peppers: {error}; the database holds {} only with what the file held: restore it from the backup, or {}",
        of.dependents(),
        of.way_on()
    )]
    Damaged {
        /// What they are for.
        of: PepperUse,
        /// What is wrong with it.
        error: LoadError,
    },
    /// The file is gone, and what is in the database needs it.
    #[error(
        "the file of peppers {} is gone, and the database holds {} only with it; restore it from the backup, give the peppers in {}, or {}",
        path.display(),
        of.dependents(),
        of.variable(),
        of.way_on()
    )]
    Lost {
        /// What they are for.
        of: PepperUse,
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
    use crate::config::Config;

    fn load_keys(config: &Config, has_keys: bool) -> Result<Keyring<MacKey>, PepperError> {
        load(PepperUse::Keys, config.peppers, &config.database, has_keys)
    }

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
        let first = load_keys(&config, false).unwrap();
        let again = load_keys(&config, true).unwrap();
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
        assert!(matches!(load_keys(&config, true), Err(PepperError::Lost { .. })));
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
            let error = load_keys(&config, true).unwrap_err().to_string();
            assert!(error.contains("data/peppers") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn each_use_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        make_folder(&config.database).unwrap();
        let keys = load_keys(&config, false).unwrap();
        let passwords =
            load(PepperUse::Passwords, PepperSource::Generated, &config.database, false).unwrap();
        assert_ne!(keys.primary().0, passwords.primary().0);
        fs::remove_file(folder.path().join("data/password-peppers")).unwrap();
        let lost = load(PepperUse::Passwords, PepperSource::Generated, &config.database, true);
        let error = lost.unwrap_err().to_string();
        assert!(error.contains("data/password-peppers is gone"), "{error}");
        assert!(error.contains(PASSWORD_PEPPERS), "{error}");
    }

    #[test]
    fn in_memory_nothing_is_written() {
        let config = Config::from_vars([("GATEHOUSE_DATABASE".into(), ":memory:".into())]).unwrap();
        let (a, b) = (load_keys(&config, false).unwrap(), load_keys(&config, false).unwrap());
        assert_ne!(a.primary().0, b.primary().0);
    }
}
