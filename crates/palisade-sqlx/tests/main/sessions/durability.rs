//! What was answered is there after the process is killed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use palisade_session::{SessionId, SessionStore};

use super::{begin, ended, open, signed_out};

/// Tells the test that it is the child, and where the database is.
const DATABASE: &str = "PALISADE_TEST_DATABASE_OF_THE_CHILD";

/// A process that signs users in and out, and says what was answered, line by line, until it is killed.
/// In the test run itself it does nothing.
#[tokio::test]
async fn child_that_signs_in_and_out() {
    let Some(path) = std::env::var_os(DATABASE) else { return };
    let store = open(Path::new(&path)).await;
    let mut answers = std::io::stdout();
    for n in 0.. {
        let record = begin(&store, n).await;
        writeln!(answers, "\nbegan {}", record.id).unwrap();
        store.revoke(&record.user, &record.id, signed_out()).await.unwrap();
        writeln!(answers, "\nended {}", record.id).unwrap();
        if n % 5 == 4 {
            store.revoke_user(&record.user, signed_out()).await.unwrap();
            let generation = store.generation(&record.user).await.unwrap();
            writeln!(answers, "\ngeneration {generation}").unwrap();
        }
        answers.flush().unwrap();
    }
}

fn child(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sessions::durability::child_that_signs_in_and_out", "--nocapture"])
        .env(DATABASE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills a process that writes, without warning, a few times on one file. Every answer that it gave holds
/// afterwards, and the file is sound. (The death of a process, not of the machine: what outlives a power
/// failure is a matter of `synchronous=FULL` and of the disk.)
#[tokio::test]
async fn what_was_answered_outlives_the_process() {
    for answers in [1, 7, 40] {
        let (_folder, path) = crate::new_path();
        let mut child = child(&path);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut began, mut over, mut generation) = (Vec::new(), Vec::new(), 0);
        for line in lines {
            let line = line.unwrap();
            match line.split_once(' ') {
                Some(("began", id)) => began.push(id.parse::<SessionId>().unwrap()),
                Some(("ended", id)) => over.push(id.parse::<SessionId>().unwrap()),
                Some(("generation", now)) => generation = now.parse().unwrap(),
                _ => {}
            }
            // Killed here, while it goes on; what it said before it died is read to the end.
            if over.len() == answers {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(over.len() >= answers, "the child did not start");

        let store = open(&path).await;
        for id in &began {
            assert!(store.load(id).await.unwrap().is_some(), "{id} began and is not there");
        }
        for id in &over {
            assert_eq!(ended(&store, id).await, Some(signed_out()), "{id} was ended");
        }
        let user = palisade_testkit::session_store::sample(1).user;
        assert!(store.generation(&user).await.unwrap() >= generation, "a generation went back");
        let sound: String = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_one(&mut crate::stranger(&path).await)
            .await
            .unwrap();
        assert_eq!(sound, "ok");
    }
}
