//! Answers that are too long or too slow, and requests that nobody waits for.

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use gatehouse::egress::{Egress, EgressError, InvalidEgress, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::receiver::{Hanging, Receiver, Script, Silent, message, open, post, request};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn in_a_moment() -> Limits {
    let moment = Duration::from_millis(300);
    Limits { resolve: moment / 2, connect: moment, tls: moment, total: moment, ..Limits::default() }
}

fn hurried() -> Egress {
    open().limits(in_a_moment()).build().unwrap()
}

/// Writes the same bytes until the other end is gone, with a pause after each time.
async fn drip(receiver: &Receiver, head: &[u8], again: &[u8], pause: Duration) {
    let mut stream = receiver.accept().await;
    request(&mut stream).await;
    let mut written = stream.write_all(head).await;
    while written.is_ok() {
        tokio::time::sleep(pause).await;
        written = stream.write_all(again).await;
    }
}

#[tokio::test]
async fn a_body_is_kept_up_to_its_limit() {
    let limits = Limits { body_kept: 10, body_read: 100, ..Limits::default() };
    let egress = open().limits(limits).build().unwrap();
    for len in [9, 10, 11, 100, 101, 100_000] {
        let receiver = Receiver::new().await;
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{}", "x".repeat(len));
        let url = receiver.url("/");
        let (answer, _) = tokio::join!(post(&egress, &url), receiver.answer(answer.as_bytes()));
        let answer = answer.unwrap();
        assert_eq!(answer.body(), "x".repeat(len.min(10)).as_bytes());
        assert_eq!(answer.body_is_cut(), len > 10, "{len}");
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_and_the_connection_closed() {
    let egress = open().build().unwrap();
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    for (head, again) in [
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk.as_str()),
        ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551600\r\n\r\n", chunk.as_str()),
        ("HTTP/1.0 200 OK\r\n\r\n", chunk.as_str()),
    ] {
        let receiver = Receiver::new().await;
        let url = receiver.url("/");
        let drip = drip(&receiver, head.as_bytes(), again.as_bytes(), Duration::ZERO);
        // Both end: a receiver can write no more once the other end is gone.
        let (answer, ()) = tokio::join!(post(&egress, &url), drip);
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 4096));
        assert!(answer.body_is_cut());
    }
}

#[tokio::test]
async fn slow_answers_end_at_the_limit() {
    let egress = hurried();
    let pause = Duration::from_millis(5);
    for (head, again) in [
        (&b""[..], &b""[..]),
        (b"H", b""),
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\nA"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let receiver = Receiver::new().await;
        let url = receiver.url("/");
        let slow = drip(&receiver, head, again, pause);
        tokio::select! {
            answer = post(&egress, &url) => {
                let said = String::from_utf8_lossy(head);
                assert_eq!(answer.unwrap_err(), EgressError::TimedOut, "{said}");
            }
            () = slow => panic!("the request ended before its time"),
        }
    }
}

#[tokio::test]
async fn a_slow_body_ends_at_the_limit_and_the_status_stands() {
    let egress = hurried();
    for (head, again) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"[..], &b""[..]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
    ] {
        let receiver = Receiver::new().await;
        let url = receiver.url("/");
        let slow = drip(&receiver, head, again, Duration::from_millis(5));
        tokio::select! {
            answer = post(&egress, &url) => {
                let answer = answer.unwrap();
                assert_eq!((answer.status().as_u16(), answer.body_is_cut()), (200, true));
            }
            () = slow => panic!("the request ended before its time"),
        }
    }
}

#[tokio::test]
async fn endless_hints_end_at_the_limit() {
    let receiver = Receiver::new().await;
    let (egress, url) = (hurried(), receiver.url("/"));
    let hints = drip(&receiver, b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", Duration::ZERO);
    let (answer, ()) = tokio::join!(post(&egress, &url), hints);
    assert_eq!(answer.unwrap_err(), EgressError::TimedOut);
}

#[tokio::test]
async fn a_name_that_takes_too_long_is_not_found() {
    let egress = open().resolver(Silent).limits(in_a_moment()).build().unwrap();
    // Not `TimedOut`, which is for addresses that may be reached.
    assert_eq!(
        post(&egress, "https://slow.example/").await.unwrap_err(),
        EgressError::NoPublicAddress
    );
}

#[tokio::test]
async fn names_that_hang_are_in_nobody_elses_way() {
    let (hanging, receiver) = (Hanging::default(), Receiver::new().await);
    let egress = open().resolver(hanging.clone()).limits(in_a_moment()).build().unwrap();
    let target = |url: String| egress.target(&url).unwrap();
    let mut ends = Vec::new();
    for n in 0..8 {
        let target = target(format!("https://{n}.hangs.example/"));
        ends.push(egress.post("org_slow", &target, &message()).await.unwrap_err());
    }
    let (looked_up, not_tried) = ends.split_at(4);
    assert_eq!(looked_up, [EgressError::NoPublicAddress; 4]);
    assert_eq!(not_tried, [EgressError::Busy; 4], "a lookup keeps its place after its time limit");
    assert_eq!((hanging.count(), EgressError::Busy.reason()), (4, "busy"));

    let good = target(format!("http://good.localhost:{}/", receiver.port));
    let message = message();
    let (answer, _) = tokio::join!(egress.post("org_other", &good, &message), receiver.answer(OK));
    assert_eq!(answer.unwrap().status(), 200);
    // An address needs no lookup.
    let address = target(receiver.url("/"));
    let (answer, _) =
        tokio::join!(egress.post("org_slow", &address, &message), receiver.answer(OK));
    assert_eq!(answer.unwrap().status(), 200);

    hanging.end();
    let (answer, _) = tokio::join!(egress.post("org_slow", &good, &message), receiver.answer(OK));
    assert_eq!(answer.unwrap().status(), 200);
}

#[tokio::test]
async fn many_customers_with_names_that_hang_are_no_fault_of_another() {
    let hanging = Hanging::default();
    let egress = open().resolver(hanging.clone()).limits(in_a_moment()).build().unwrap();
    let target = egress.target("https://hangs.example/").unwrap();
    let message = message();
    let all = (0..64).map(|n| {
        let customer = format!("org_{}", n / 4);
        let (egress, target, message) = (&egress, &target, &message);
        async move { egress.post(&customer, target, message).await.unwrap_err() }
    });
    for end in at_once(all).await {
        assert_eq!(end, EgressError::NoPublicAddress);
    }
    assert_eq!(hanging.count(), 64);
    let good = egress.target("https://good.example/").unwrap();
    assert_eq!(egress.post("org_other", &good, &message).await.unwrap_err(), EgressError::Busy);
}

/// Runs all of them at the same time.
async fn at_once<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in running.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_tls_that_never_comes() {
    let receiver = Receiver::new().await;
    let limits = Limits { total: Duration::from_mins(1), ..in_a_moment() };
    let resolver = Script::new(&[&["127.0.0.1"]]);
    let egress = open().resolver(resolver).limits(limits).build().unwrap();
    let url = format!("https://silent.example:{}/", receiver.port);
    let (answer, mut stream) = tokio::join!(post(&egress, &url), receiver.accept());
    assert_eq!(answer.unwrap_err(), EgressError::TimedOut);
    let mut hello = Vec::new();
    stream.read_to_end(&mut hello).await.unwrap();
    assert!(!hello.is_empty(), "then the end: the connection is closed");
}

#[tokio::test]
async fn a_request_that_is_dropped_closes_its_connection() {
    let receiver = Receiver::new().await;
    let egress = open().build().unwrap();
    let url = receiver.url("/");
    let mut stream = tokio::select! {
        answer = post(&egress, &url) => panic!("nobody answered, and yet: {answer:?}"),
        stream = async {
            let mut stream = receiver.accept().await;
            request(&mut stream).await;
            stream
        } => stream,
    };
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0, "the other end is closed");
}

#[test]
fn what_no_limits_can_be() {
    let built = |limits| Egress::builder().limits(limits).build().err();
    let default = Limits::default();
    let (zero, long) = (Duration::ZERO, Duration::from_secs(301));
    assert_eq!(built(default), None);
    for time in [zero, long] {
        for limits in [
            Limits { resolve: time, ..default },
            Limits { connect: time, ..default },
            Limits { tls: time, ..default },
            Limits { total: time, ..default },
        ] {
            assert_eq!(built(limits), Some(InvalidEgress::Time), "{limits:?}");
        }
    }
    let limits = Limits { resolve: default.total, ..default };
    assert_eq!(built(limits), Some(InvalidEgress::ResolveTime));
    assert_eq!(built(Limits { body_kept: 70_000, ..default }), Some(InvalidEgress::Body));
    assert_eq!(built(Limits { body_read: (1 << 20) + 1, ..default }), Some(InvalidEgress::Body));
    assert_eq!(built(Limits { body_kept: 0, body_read: 0, ..default }), None);
}
