//! The store of users, in memory and in a file that others have open.

use std::time::SystemTime;

use gatehouse::{Insertion, LoginName, Swap, Users};

use crate::process::{Process, command, log, refused};

fn login(text: &str) -> LoginName {
    text.parse().unwrap()
}

async fn inserted(users: &Users, name: &str, hash: &str) -> gatehouse::UserId {
    let inserted = users.insert_new(&login(name), hash, SystemTime::now()).await.unwrap();
    let Insertion::Done(id) = inserted else { unreachable!("{name} is taken") };
    id
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let users = Users::in_memory().await.unwrap();
    let id = inserted(&users, "Ann", "one").await;
    let again = users.insert_new(&login("ANN"), "two", SystemTime::now()).await.unwrap();
    assert_eq!(again, Insertion::Taken);
    let ann = users.find(&login("aNN")).await.unwrap().unwrap();
    assert_eq!((ann.id, ann.password_hash.as_str()), (id, "one"));
    assert!(users.find(&login("bob")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_hash_is_swapped_from_the_one_that_was_read() {
    let users = Users::in_memory().await.unwrap();
    let (ann, bob) = (inserted(&users, "ann", "one").await, inserted(&users, "bob", "one").await);
    assert_eq!(users.swap_hash(&ann, "one", "two").await.unwrap(), Swap::Done);
    assert_eq!(users.swap_hash(&ann, "one", "three").await.unwrap(), Swap::Overtaken);
    assert_eq!(users.find(&login("ann")).await.unwrap().unwrap().password_hash, "two");
    assert_eq!(users.find(&login("bob")).await.unwrap().unwrap().password_hash, "one");
    assert_ne!(ann, bob);
}

#[tokio::test]
async fn all_new_or_none() {
    let users = Users::in_memory().await.unwrap();
    inserted(&users, "bob", "one").await;
    let row = |name: &str| (login(name), "two".to_owned());
    let now = SystemTime::now();
    for (rows, index) in [
        (vec![row("ann"), row("bob"), row("cid")], 1),
        (vec![row("ann"), row("cid"), row("ann")], 2),
    ] {
        assert_eq!(users.insert_all_new(&rows, now).await.unwrap(), Err(index));
        assert_eq!(users.count().await.unwrap(), 1);
    }
    assert_eq!(users.insert_all_new(&[row("ann"), row("cid")], now).await.unwrap(), Ok(()));
    assert_eq!(users.count().await.unwrap(), 3);
}

#[tokio::test]
async fn pages_hold_everyone_once() {
    let users = Users::in_memory().await.unwrap();
    for n in 0..25 {
        inserted(&users, &format!("user{n}"), &format!("hash{n}")).await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = users.page(after.as_ref(), 10).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        seen.extend(page.into_iter().map(|user| user.password_hash));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 25);
}

#[tokio::test]
async fn debug_shows_no_hash() {
    let users = Users::in_memory().await.unwrap();
    inserted(&users, "ann", "secret").await;
    let ann = users.find(&login("ann")).await.unwrap().unwrap();
    assert!(!format!("{ann:?}").contains("secret"));
}

const PASSWORD: &str = "to be or not to be, ann";

fn post(gate: &Process, what: &str, login: &str, password: &str) -> u16 {
    let body = format!(r#"{{"login":"{login}","password":"{password}"}}"#);
    gate.post(&format!("/api/v1/auth/{what}"), "none", &body).0
}

/// Rows of an old system, imported, wrapped without their passwords, and moved at the first login.
#[test]
fn users_of_another_system() {
    // What `htpasswd` and `openssl passwd` write for the password.
    const BCRYPT: &str = "$2b$10$abcdefghijklmnopqrstuuCokmRS3agJIkNiOKmh8RVHRGgM.ql2W";
    const SHA512: &str = "$6$saltsaltsaltsalt$.9T2JB8waZpAom7OswOlAAFIJ5Wuz79BU2c2Tzbkr5vZZhmi2b/JSu1lVYq1cTgRlcn2.jU.ZY5A9wH0AhniM/";
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = folder.join("users.txt");
    let run = |words: &[&str], vars: &[(&str, &str)]| {
        let output = command(folder, vars).args(words).output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
        (output.status.code(), out.unwrap(), err.unwrap())
    };
    let import = ["import-users", "users.txt"];

    std::fs::write(&file, format!("Ann:{BCRYPT}\nbob:$1$hunter2\n")).unwrap();
    let (code, _, said) = run(&import, &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("nothing was imported: line 2: the stored hash"), "{said}");
    assert!(!said.contains("hunter2"));

    std::fs::write(&file, format!("Ann:{BCRYPT}\nbob:{SHA512}\n")).unwrap();
    let (code, said, _) = run(&import, &[]);
    assert_eq!(code, Some(0));
    let report = "2 imported\n       1  bcrypt\n       1  sha512-crypt\n2 have no pepper";
    assert!(said.starts_with(report), "{said}");
    let (code, _, said) = run(&import, &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("line 1: there is a user of that login name already"), "{said}");

    // Without an allowance they are not accepted, and that is not a wrong password.
    let gate = Process::start(folder, &[]);
    assert_eq!(post(&gate, "login", "ann", PASSWORD), 500);
    assert_eq!(post(&gate, "login", "zoe", PASSWORD), 401);
    gate.stop();
    assert!(log(folder).contains("hash_unpeppered"));
    let (code, _, said) = run(&["wrap-passwords"], &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("set GATEHOUSE_PASSWORD_UNPEPPERED_UNTIL"), "{said}");

    let allowed = [("GATEHOUSE_PASSWORD_UNPEPPERED_UNTIL", "9999-01-01T00:00:00Z")];
    let gate = Process::start(folder, &allowed);
    assert_eq!(post(&gate, "login", "ann", PASSWORD), 200);
    assert_eq!(post(&gate, "login", "ann", "another password"), 401);
    gate.stop();
    let (code, said, _) = run(&["wrap-passwords"], &allowed);
    let report = "1 wrapped, 0 changed meanwhile, 1 left as they were\n";
    assert_eq!((code, said.as_str()), (Some(0), report));

    // Wrapped or moved, both work with no allowance.
    for _ in 0..2 {
        let gate = Process::start(folder, &[]);
        for user in ["ann", "bob", "BOB"] {
            assert_eq!(post(&gate, "login", user, PASSWORD), 200, "{user}");
            assert_eq!(post(&gate, "login", user, "another password"), 401, "{user}");
        }
        gate.stop();
    }
    let said = log(folder);
    for why in ["unpeppered", "wrapped"] {
        assert!(said.contains(why), "{why} is not in {said}");
    }
    let (_, said, _) = run(&["wrap-passwords"], &[]);
    assert_eq!(said, "0 wrapped, 0 changed meanwhile, 2 left as they were\n");
}

/// Users need the peppers that their passwords are under, and keys do not.
#[test]
fn password_peppers_are_missed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let gate = Process::start(folder, &[]);
    assert_eq!(post(&gate, "register", "ann", PASSWORD), 201);
    gate.stop();
    let path = folder.join("gatehouse-data/password-peppers");
    let old = std::fs::read_to_string(&path).unwrap();
    let (id, _) = old.split_once(':').unwrap();
    std::fs::rename(&path, folder.join("kept")).unwrap();
    let error = refused(folder, &[]);
    assert!(error.contains("gatehouse-data/password-peppers is gone"), "{error}");
    assert!(error.contains("GATEHOUSE_PASSWORD_PEPPERS"), "{error}");
    assert!(!path.exists());

    // Given up: the operator is told, and others go on.
    let new = "new:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
    let gate = Process::start(folder, &[("GATEHOUSE_PASSWORD_PEPPERS", new)]);
    assert_eq!(post(&gate, "login", "ann", PASSWORD), 500);
    assert_eq!(post(&gate, "register", "bob", PASSWORD), 201);
    gate.stop();
    let said = log(folder);
    assert!(said.contains("some users cannot log in") && said.contains(id), "{said}");
    assert!(said.contains("pepper_unknown"));

    // Rotated: a login moves the hash to the newest.
    let both = format!("{new},{old}");
    let gate = Process::start(folder, &[("GATEHOUSE_PASSWORD_PEPPERS", &both)]);
    assert_eq!(post(&gate, "login", "ann", PASSWORD), 200);
    gate.stop();
    let gate = Process::start(folder, &[("GATEHOUSE_PASSWORD_PEPPERS", new)]);
    assert_eq!(post(&gate, "login", "ann", PASSWORD), 200);
    gate.stop();
}

#[test]
fn settings_that_cannot_be_followed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("list"), b"fine\n\xff\n").unwrap();
    for (name, value, expected) in [
        ("GATEHOUSE_PASSWORD_MEMORY_MIB", "18", "a new hash takes"),
        ("GATEHOUSE_PASSWORD_BLOCKLIST", "nowhere", "the file cannot be opened"),
        ("GATEHOUSE_PASSWORD_BLOCKLIST", "list", "line 2 of the list is not UTF-8"),
        ("GATEHOUSE_BREACHED_FILTER", "nowhere", "the filter could not be read"),
        ("GATEHOUSE_BREACHED_FILTER", "list", "this is no filter"),
        ("GATEHOUSE_PASSWORD_PEPPERS", "p1:changeme", "entry 1: a well-known placeholder"),
        ("GATEHOUSE_PASSWORD_PEPPERS_FILE", "nowhere", "(nowhere): the file cannot"),
    ] {
        let error = refused(folder.path(), &[(name, value)]);
        assert!(error.contains(name) && error.contains(expected), "{error}");
    }
}

#[test]
fn passwords_on_the_lists_of_the_operator() {
    use palisade::password::{FilterBuilder, Fingerprint};
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("list"), "correct horse battery staple\n").unwrap();
    let mut filter = FilterBuilder::new(Fingerprint::Bits16);
    filter.add_passwords(&b"all work and no play\n"[..], |_| ()).unwrap();
    filter.build().unwrap().save(folder.path().join("filter")).unwrap();
    let vars = [("GATEHOUSE_PASSWORD_BLOCKLIST", "list"), ("GATEHOUSE_BREACHED_FILTER", "filter")];
    let gate = Process::start(folder.path(), &vars);
    assert_eq!(post(&gate, "register", "ann", "Correct Horse Battery Staple"), 422);
    assert_eq!(post(&gate, "register", "ann", "all work and no play"), 422);
    assert_eq!(post(&gate, "register", "ann", PASSWORD), 201);
    gate.stop();
    let said = log(folder.path());
    assert!(said.contains("password_blocklisted") && said.contains("password_breached"), "{said}");
}
