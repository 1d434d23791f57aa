//! What claims to be Redis answers anything.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use palisade_ratelimit::{FailurePolicy, Request, Source, Verdict};
use palisade_redis::{Event, Fault};

use super::{Told, limiter, slow};
use crate::support::{eventually, fresh_namespace};

/// A server that takes any connection and answers every script with the same text. Its threads end with the
/// process.
struct Fake {
    url: String,
    answer: Arc<Mutex<String>>,
}

impl Fake {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(String::new()));
        let given = Arc::clone(&answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let given = Arc::clone(&given);
                std::thread::spawn(move || serve(&stream, &given));
            }
        });
        Self { url, answer }
    }

    fn answer(&self, text: &str) {
        text.clone_into(&mut self.answer.lock().unwrap());
    }
}

fn serve(stream: &TcpStream, answer: &Mutex<String>) -> Option<()> {
    let mut input = BufReader::new(stream);
    loop {
        let mut words = Vec::new();
        for _ in 0..line(&mut input)?.strip_prefix('*')?.parse::<usize>().ok()? {
            let length = line(&mut input)?.strip_prefix('$')?.parse::<usize>().ok()?;
            let mut word = vec![0; length + 2];
            input.read_exact(&mut word).ok()?;
            word.truncate(length);
            words.push(word);
        }
        let reply = match words.first()?.as_slice() {
            b"HELLO" => "%1\r\n$5\r\nproto\r\n:3\r\n".to_owned(),
            b"PING" => "+PONG\r\n".to_owned(),
            b"EVALSHA" | b"EVAL" => answer.lock().unwrap().clone(),
            _ => "+OK\r\n".to_owned(),
        };
        let mut stream = stream;
        stream.write_all(reply.as_bytes()).ok()?;
    }
}

fn line(input: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    input.read_line(&mut line).ok()?;
    Some(line.trim_end().to_owned())
}

const SENSE: &str = "*4\r\n:1\r\n:1700000000000000\r\n:0\r\n:1700000000000000\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_makes_no_sense_is_a_fault() {
    let rows = [
        ("+OK\r\n", Fault::Malformed),
        ("$3\r\nyes\r\n", Fault::Malformed),
        (":1\r\n", Fault::Malformed),
        ("_\r\n", Fault::Malformed),
        ("*0\r\n", Fault::Malformed),
        ("*1\r\n:1\r\n", Fault::Malformed),
        ("*4\r\n:1\r\n:1700000000000000\r\n:0\r\n:-1\r\n", Fault::Malformed),
        // It denies, and names a state that allows.
        ("*4\r\n:0\r\n:1700000000000000\r\n:0\r\n:1700000000000000\r\n", Fault::Malformed),
        ("*4\r\n$1\r\n1\r\n$1\r\n1\r\n$1\r\n0\r\n$1\r\n1\r\n", Fault::Malformed),
        ("*5\r\n:1\r\n:1700000000000000\r\n:0\r\n:1700000000000000\r\n:0\r\n", Fault::Malformed),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", Fault::Malformed),
        ("-NOSCRIPT No matching script.\r\n", Fault::NoScript),
        ("-LOADING Redis is loading the dataset in memory\r\n", Fault::NotReady),
        ("-CROSSSLOT Keys in request don't hash to the same slot\r\n", Fault::CrossSlot),
        ("-MOVED 1 127.0.0.1:1\r\n", Fault::Cluster),
        ("-CLUSTERDOWN The cluster is down\r\n", Fault::Cluster),
        ("-MISCONF Redis is configured to save RDB snapshots\r\n", Fault::WritesStopped),
        ("-NOAUTH Authentication required.\r\n", Fault::Unauthenticated),
        ("-WHATEVER\r\n", Fault::Other),
    ];
    for (answer, fault) in rows {
        let (fake, told) = (Fake::start(), Told::default());
        let builder = limiter(&fake.url, &fresh_namespace(), FailurePolicy::Closed);
        let limiter = told.listen(builder).breaker(1, MILLISECOND, MILLISECOND).build().unwrap();
        let policy = slow("fake", 10);
        let request = Request::new(&policy, "x");
        let check = async || limiter.check(&request, SystemTime::now()).await;

        fake.answer(answer);
        assert_eq!(check().await.source(), Source::FailedClosed, "{answer:?}");
        assert_eq!(limiter.counters().faults(fault), 1, "{answer:?}: {:?}", limiter.counters());
        assert!(told.all().contains(&Event::Opened { fault }));

        fake.answer(SENSE);
        eventually("it makes sense", async || check().await.source() == Source::Shared).await;
        assert_eq!(check().await.verdict(), Verdict::Allowed);
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
