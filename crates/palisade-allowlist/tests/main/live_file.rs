//! A list that follows a file, through everything that files go through.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use palisade_allowlist::{
    Allowlist, BuildError, Builder, EmptyList, LiveFile, Reload, ReloadError, Report,
};
use tempfile::TempDir;

use crate::support::ip;

/// A folder with a file `allow.txt`.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn with(content: impl AsRef<[u8]>) -> Self {
        let folder = Self { folder: tempfile::tempdir().unwrap() };
        folder.write(content);
        folder
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("allow.txt")
    }

    /// In place.
    fn write(&self, content: impl AsRef<[u8]>) {
        fs::write(self.path(), content).unwrap();
    }

    /// Beside, and renamed.
    fn replace(&self, content: impl AsRef<[u8]>) {
        let beside = self.folder.path().join("new.txt");
        fs::write(&beside, content).unwrap();
        fs::rename(beside, self.path()).unwrap();
    }

    fn modified(&self) -> SystemTime {
        fs::metadata(self.path()).unwrap().modified().unwrap()
    }

    fn set_modified(&self, time: SystemTime) {
        File::options().write(true).open(self.path()).unwrap().set_modified(time).unwrap();
    }

    fn open(&self) -> LiveFile {
        self.open_with(Allowlist::builder())
    }

    fn open_with(&self, rules: Builder) -> LiveFile {
        LiveFile::open(self.path(), rules, later()).unwrap().0
    }
}

/// When what was written by now has settled.
fn later() -> SystemTime {
    SystemTime::now() + Duration::from_mins(1)
}

fn swapped(reload: Result<Reload, ReloadError>) -> (Allowlist, Allowlist, Report) {
    match reload.unwrap() {
        Reload::Swapped { before, after, report } => (before, after, report),
        other => panic!("not swapped: {other:?}"),
    }
}

fn is_unchanged(reload: &Result<Reload, ReloadError>) -> bool {
    matches!(reload, Ok(Reload::Unchanged))
}

/// Whether the file was read, and has the entries of before.
fn is_same(reload: &Result<Reload, ReloadError>) -> bool {
    matches!(reload, Ok(Reload::Same { .. }))
}

#[test]
fn a_change_is_taken_and_told() {
    let folder = Folder::with("192.0.2.0/24 old\n");
    let (live, report) = LiveFile::open(folder.path(), Allowlist::builder(), later()).unwrap();
    assert_eq!((report.entries(), live.path()), (1, folder.path().as_path()));
    assert!(is_unchanged(&live.refresh(later())));

    folder.write("192.0.2.0/24 new\n2001:db8::1/32\n");
    let during = live.load();
    let (before, after, report) = swapped(live.refresh(later()));
    assert_eq!((before.len(), after.len()), (1, 2));
    assert_eq!((report.entries(), report.host_bits()), (2, 1));
    assert_eq!(*live.load(), after);
    assert_eq!(*during, before);
    assert_eq!(live.load().check(ip("192.0.2.1")).entry().unwrap().label(), "new");
    assert!(is_unchanged(&live.refresh(later())));
}

#[test]
fn a_file_that_was_renamed_over_is_taken() {
    let folder = Folder::with("192.0.2.0/24 a\n");
    let live = folder.open();
    let modified = folder.modified();
    // As long, and with the same time.
    folder.replace("192.0.2.0/24 b\n");
    folder.set_modified(modified);
    let (_, after, _) = swapped(live.refresh(later()));
    assert_eq!(after.check(ip("192.0.2.1")).entry().unwrap().label(), "b");
}

/// A folder of settings is often replaced by pointing a link elsewhere.
#[cfg(unix)]
#[test]
fn a_link_that_points_elsewhere_is_followed() {
    let folder = Folder::with("192.0.2.0/24 a\n");
    let other = folder.folder.path().join("other.txt");
    fs::write(&other, "192.0.2.0/24 b\n").unwrap();
    let link = folder.folder.path().join("link.txt");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    let (live, _) = LiveFile::open(&link, Allowlist::builder(), later()).unwrap();
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&other, &link).unwrap();
    let (_, after, _) = swapped(live.refresh(later()));
    assert_eq!(after.check(ip("192.0.2.1")).entry().unwrap().label(), "b");
}

#[test]
fn the_same_entries_are_no_change() {
    let folder = Folder::with("192.0.2.0/24 a\n::1 b\n");
    let live = folder.open();
    folder.write("# written anew\n::1 b\n192.0.2.7/24   a\n::1 b\n");
    let old = live.load().clone();
    for reload in [live.refresh(later()), live.reload(later())] {
        let Ok(Reload::Same { report }) = reload else { panic!("{reload:?}") };
        assert_eq!((report.host_bits(), report.duplicates()), (1, 1));
    }
    assert_eq!(*live.load(), old);
    assert!(is_unchanged(&live.refresh(later())));
}

/// What is wrong with a file, and the word for it.
fn bad_contents() -> Vec<(&'static str, Vec<u8>)> {
    let many = "192.0.2.1\n192.0.2.2\n192.0.2.3\n192.0.2.4\n192.0.2.5\n";
    vec![
        ("file_empty", b"".to_vec()),
        ("list_empty", b"# nothing yet\n".to_vec()),
        ("list_malformed", b"192.0.2.0/24 a\n192.0.2.300\n".to_vec()),
        ("list_malformed", b"192.0.2.0/24 a\n\xff\xfe\n".to_vec()),
        ("list_malformed", b"0.0.0.0/0\n".to_vec()),
        ("list_too_large", many.as_bytes().to_vec()),
        ("list_too_large", "\n".repeat(101).into_bytes()),
        ("file_unfinished", b"192.0.2.0/24 a\n10.1.0.0/1".to_vec()),
    ]
}

fn strict() -> Builder {
    Allowlist::builder().refuse_broader_than(1, 1).max_entries(4).max_lines(100)
}

#[test]
fn the_old_list_stays_on_any_error() {
    for (reason, content) in bad_contents() {
        let folder = Folder::with("192.0.2.0/24 old\n");
        let live = folder.open_with(strict());
        let old = live.load().clone();
        folder.write(&content);
        for _ in 0..2 {
            for attempt in [live.refresh(folder.modified()), live.reload(folder.modified())] {
                assert_eq!(attempt.unwrap_err().reason(), reason);
                assert_eq!(*live.load(), old, "{reason}");
            }
        }
        folder.write("192.0.2.0/24 mended\n");
        let (before, after, _) = swapped(live.refresh(later()));
        assert_eq!(before, old);
        assert_ne!(after, old);
    }
}

#[test]
fn none_is_opened_on_any_error() {
    for (reason, content) in bad_contents() {
        let folder = Folder::with(content);
        let error = LiveFile::open(folder.path(), strict(), folder.modified()).unwrap_err();
        assert_eq!(error.reason(), reason);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("192.0.2.300") && !error.to_string().contains("allow.txt"));
    }
}

#[test]
fn a_file_that_is_gone_or_is_none_leaves_the_list() {
    let folder = Folder::with("192.0.2.0/24 old\n");
    let live = folder.open();
    fs::remove_file(folder.path()).unwrap();
    for attempt in [live.refresh(later()), live.reload(later())] {
        let error = attempt.unwrap_err();
        assert!(
            matches!(&error, ReloadError::Read(error) if error.kind() == std::io::ErrorKind::NotFound)
        );
        assert_eq!(error.reason(), "file_unreadable");
    }
    fs::create_dir(folder.path()).unwrap();
    assert_eq!(live.refresh(later()).unwrap_err().reason(), "not_a_file");
    fs::remove_dir(folder.path()).unwrap();
    assert!(live.load().contains(ip("192.0.2.1")));
    folder.write("192.0.2.0/24 back\n");
    swapped(live.refresh(later()));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_even_opened() {
    let folder = Folder::with("192.0.2.0/24 old\n");
    let live = folder.open();
    fs::remove_file(folder.path()).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(folder.path()).unwrap();
    assert_eq!(live.refresh(later()).unwrap_err().reason(), "not_a_file");
    drop(socket);
    fs::remove_file(folder.path()).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path()).unwrap();
    assert_eq!(live.refresh(later()).unwrap_err().reason(), "file_unreadable");
    fs::remove_file(folder.path()).unwrap();
    // It never ends, and is no file either.
    std::os::unix::fs::symlink("/dev/zero", folder.path()).unwrap();
    assert_eq!(live.refresh(later()).unwrap_err().reason(), "not_a_file");
    assert!(live.load().contains(ip("192.0.2.1")));
}

/// Cut to nothing, a file looks like a list without entries, which may even mean that everyone is allowed.
#[test]
fn a_file_that_is_cut_opens_no_door() {
    for meaning in [EmptyList::AllowsEveryone, EmptyList::DeniesEveryone] {
        let folder = Folder::with("192.0.2.0/24 old\n");
        let live = folder.open_with(Allowlist::builder().when_empty(meaning));
        folder.write("");
        assert!(matches!(live.refresh(later()), Err(ReloadError::Blank)));
        assert!(live.load().would_lock_out(ip("198.51.100.1")));
        assert!(!live.load().would_lock_out(ip("192.0.2.1")));
        folder.write("# no entry, and meant\n");
        if meaning == EmptyList::DeniesEveryone {
            let (_, after, _) = swapped(live.refresh(later()));
            assert!(after.would_lock_out(ip("198.51.100.1")));
        }
    }
}

/// The comments at the top were written, and the entries are still to come.
#[test]
fn a_file_with_only_its_comments_opens_no_door() {
    let everyone = || Allowlist::builder().when_empty(EmptyList::AllowsEveryone);
    let folder = Folder::with("# Ours\n192.0.2.0/24 old\n");
    let live = folder.open_with(everyone());
    folder.write("# Ours\n");
    for attempt in [live.refresh(later()), live.reload(later()), live.refresh(folder.modified())] {
        let error = attempt.unwrap_err();
        assert!(matches!(error, ReloadError::OpensToEveryone));
        assert_eq!(error.reason(), "list_opens_to_everyone");
        assert!(live.load().would_lock_out(ip("198.51.100.1")));
    }
    folder.write("# Ours\n0.0.0.0/0\n::/0\n");
    swapped(live.refresh(later()));

    // Nor when it is opened, while it may still be written.
    folder.write("# Ours\n");
    let opened = LiveFile::open(folder.path(), everyone(), folder.modified());
    assert!(matches!(opened, Err(ReloadError::OpensToEveryone)));
    let live = folder.open_with(everyone());
    assert!(!live.load().would_lock_out(ip("198.51.100.1")));
    assert!(is_same(&live.reload(folder.modified())));
    folder.write("# Ours\n192.0.2.0/24 first\n");
    swapped(live.refresh(later()));
}

/// The beginning of a line can be another, wider network, however long its end takes.
#[test]
fn a_line_without_an_end_is_refused_whatever_its_age() {
    let folder = Folder::with("192.0.2.0/24 old\n");
    let live = folder.open();
    folder.write("10.1.0.0/1");
    let at = folder.modified();
    for quiet in [0, 1, 2, 3, 60, 1_000_000] {
        let attempt = live.refresh(at + Duration::from_secs(quiet));
        assert!(matches!(attempt, Err(ReloadError::Unfinished)), "{quiet}");
        let opened =
            LiveFile::open(folder.path(), Allowlist::builder(), at + Duration::from_secs(quiet));
        assert!(matches!(opened, Err(ReloadError::Unfinished)), "{quiet}");
    }
    folder.write("10.1.0.0/16\n");
    let (_, after, _) = swapped(live.refresh(later()));
    assert_eq!(after.entries().next().unwrap().network().to_string(), "10.1.0.0/16");
}

#[test]
fn the_entries_of_the_rules_stay() {
    let folder = Folder::with("192.0.2.0/24 file\n");
    let live = folder.open_with(Allowlist::builder().push("127.0.0.1", "rules"));
    folder.write("198.51.100.0/24 file\n");
    let (before, after, _) = swapped(live.refresh(later()));
    for list in [&before, &after] {
        assert_eq!(list.len(), 2);
        assert!(list.contains(ip("127.0.0.1")));
    }
    let broken = Allowlist::builder().push("nonsense", "");
    let error = LiveFile::open(folder.path(), broken, later()).unwrap_err();
    assert!(matches!(error, ReloadError::Build(BuildError::Malformed(_))));
}

#[test]
fn a_file_is_read_once_more_when_it_was_written_just_now() {
    let folder = Folder::with("192.0.2.0/24 a\n");
    let at = folder.modified();
    let (live, _) = LiveFile::open(folder.path(), Allowlist::builder(), at).unwrap();
    assert!(is_same(&live.refresh(at + Duration::from_secs(1))));
    assert!(is_same(&live.refresh(at + Duration::from_secs(1))));
    // Read the last time: from here on, a write has another time.
    assert!(is_same(&live.refresh(later())));
    assert!(is_unchanged(&live.refresh(later())));
    assert!(is_unchanged(&live.refresh(at)));
    assert!(is_same(&live.reload(later())));
}

/// Whoever writes a file may say that it is old. When that was said, nobody can choose.
#[cfg(unix)]
#[test]
fn a_file_that_claims_to_be_old_was_still_written_just_now() {
    use std::os::unix::fs::MetadataExt;

    let folder = Folder::with("192.0.2.0/24 a\n");
    folder.set_modified(SystemTime::now() - Duration::from_hours(24));
    let changed = fs::metadata(folder.path()).unwrap().ctime();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(changed.try_into().unwrap());
    let soon = at + Duration::from_secs(1);
    let (live, _) = LiveFile::open(folder.path(), Allowlist::builder(), soon).unwrap();
    assert!(is_same(&live.refresh(soon)));
    assert!(is_same(&live.refresh(later())));
    assert!(is_unchanged(&live.refresh(later())));
}

#[test]
fn a_file_from_the_future_is_read_each_time() {
    let folder = Folder::with("192.0.2.0/24 a\n");
    folder.set_modified(later() + Duration::from_hours(24));
    let live = folder.open();
    for _ in 0..3 {
        assert!(is_same(&live.refresh(later())));
    }
}

/// Each write is as long as the one before, and most fall into the same tick.
#[test]
fn no_write_is_missed_however_fast() {
    let folder = Folder::with("192.0.2.0/24 label 000\n");
    let live = folder.open();
    for number in 1..300 {
        folder.write(format!("192.0.2.0/24 label {number:03}\n"));
        let (_, after, _) = swapped(live.refresh(SystemTime::now()));
        let label = after.check(ip("192.0.2.1")).entry().unwrap().label().to_owned();
        assert_eq!(label, format!("label {number:03}"));
    }
}

#[test]
fn no_write_is_missed_though_its_time_was_put_back() {
    let folder = Folder::with("192.0.2.0/24 a\n");
    let live = folder.open();
    let modified = folder.modified();
    folder.write("192.0.2.0/24 b\n");
    folder.set_modified(modified);
    if cfg!(unix) {
        swapped(live.refresh(later()));
    }
    live.reload(later()).unwrap();
    assert_eq!(live.load().check(ip("192.0.2.1")).entry().unwrap().label(), "b");
}

/// Somebody appends all the while: sooner or later they do so between the two looks at the file.
#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let folder = Folder::with("192.0.2.0/24 a\n".repeat(20_000));
    let live = folder.open();
    let old = live.load().clone();
    let mut file = File::options().append(true).open(folder.path()).unwrap();
    let done = AtomicBool::new(false);
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                file.write_all(b"# more\n").unwrap();
            }
        });
        let errors = (0..200).find_map(|_| live.reload(SystemTime::now()).err());
        done.store(true, Ordering::Relaxed);
        errors
    });
    assert!(matches!(error, Some(ReloadError::Changed)), "{error:?}");
    assert_eq!(*live.load(), old);
}

#[test]
fn no_older_list_is_put_over_a_newer_one() {
    const LAST: u32 = 400;
    let folder = Folder::with("192.0.2.0/24 0\n");
    let live = folder.open();
    let number = |list: &Allowlist| -> u32 {
        list.check(ip("192.0.2.1")).entry().unwrap().label().parse().unwrap()
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut seen = 0;
                while seen < LAST {
                    match live.refresh(SystemTime::now()).unwrap() {
                        Reload::Unchanged | Reload::Same { .. } => {}
                        Reload::Swapped { before, after, .. } => {
                            assert!(number(&before) < number(&after));
                        }
                    }
                    let newest = number(&live.load());
                    assert!(newest >= seen);
                    seen = newest;
                }
            });
        }
        for next in 1..=LAST {
            folder.replace(format!("192.0.2.0/24 {next}\n"));
        }
    });
    assert_eq!(number(&live.load()), LAST);
}
