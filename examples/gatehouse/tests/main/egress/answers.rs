//! Answers of every kind, most of them odd.

use std::time::Duration;

use gatehouse::egress::{Answer, EgressError, RetryAfter};

use super::receiver::{Receiver, open, post};

async fn answered(bytes: &[u8]) -> Result<Answer, EgressError> {
    let receiver = Receiver::new().await;
    let egress = open().build().unwrap();
    let url = receiver.url("/");
    tokio::join!(post(&egress, &url), receiver.answer(bytes)).0
}

#[tokio::test]
async fn good_ones() {
    for (bytes, status, body) in [
        (&b"HTTP/1.1 204 No Content\r\n\r\n"[..], 204, ""),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, ""),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", 200, "to the end"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nwhy and more", 500, "why"),
        (b"HTTP/1.1 410 Gone\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 410, "abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n", 202, ""),
        (b"HTTP/1.1 599 x\r\nContent-Length: 0\r\n\r\n", 599, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", 200, "\u{1f}\u{8b}"),
    ] {
        let answer = answered(bytes).await.unwrap();
        let latin1: String = answer.body().iter().copied().map(char::from).collect();
        assert_eq!((answer.status().as_u16(), latin1.as_str()), (status, body));
        assert!(!answer.body_is_cut());
    }
}

#[tokio::test]
async fn retry_after() {
    let bytes = b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n";
    let answer = answered(bytes).await.unwrap();
    assert_eq!(answer.retry_after(), Some(RetryAfter::Delay(Duration::from_mins(2))));
    assert_eq!(answered(b"HTTP/1.1 204 OK\r\n\r\n").await.unwrap().retry_after(), None);
}

#[tokio::test]
async fn no_answer() {
    for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HT"] {
        let error = answered(bytes).await.unwrap_err();
        assert_eq!(error, EgressError::NoAnswer, "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn what_is_no_http() {
    for bytes in [
        &b"\r\n\r\n\0\0\0"[..],
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"220 mail.example ESMTP\r\n",
        b"-ERR unknown command 'POST'\r\n",
        b"<html>it works</html>\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46 and so on",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 0200 OK\r\n\r\n",
        b"HTTP/1.1 -20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA : x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: x\0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ] {
        let error = answered(bytes).await.unwrap_err();
        assert_eq!(error, EgressError::BadAnswer, "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn bodies_that_break_off_leave_the_status_as_it_is() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
    ] {
        let said = String::from_utf8_lossy(bytes);
        let answer = answered(bytes).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body_is_cut()), (200, true), "{said}");
        assert!(answer.body().len() <= 5, "{said}");
    }
}

#[tokio::test]
async fn heads_that_are_too_large() {
    let many = |count: usize| {
        format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "A: b\r\n".repeat(count - 1))
    };
    assert!(answered(many(64).as_bytes()).await.is_ok());
    assert_eq!(answered(many(65).as_bytes()).await.unwrap_err(), EgressError::BadAnswer);
    let long = |len: usize| format!("HTTP/1.1 204 OK\r\nA: {}\r\n\r\n", "b".repeat(len));
    assert!(answered(long(15 * 1024).as_bytes()).await.is_ok());
    assert_eq!(answered(long(17 * 1024).as_bytes()).await.unwrap_err(), EgressError::BadAnswer);
    let endless = "b".repeat(1 << 20);
    let line = format!("HTTP/1.1 200 {endless}");
    assert_eq!(answered(line.as_bytes()).await.unwrap_err(), EgressError::BadAnswer);
}
