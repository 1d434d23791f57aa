//! Where a request goes, and where it does not.

use gatehouse::egress::{
    Egress, EgressError, InvalidMessage, InvalidTarget, Loopback, MAX_HEADERS, Message,
};
use palisade::allowlist::Allowlist;

use super::receiver::{BODY, Receiver, Script, message, open, post};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn a_request_as_it_arrives() {
    let receiver = Receiver::new().await;
    let egress = open().build().unwrap();
    let url = receiver.url("/in?a=b");
    let (answer, request) = tokio::join!(post(&egress, &url), receiver.answer(OK));
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.body(), answer.body_is_cut()),
        (200, &b"ok"[..], false)
    );
    let expected = format!(
        "POST /in?a=b HTTP/1.1\r\n\
         host: 127.0.0.1:{}\r\n\
         user-agent: gatehouse/{}\r\n\
         content-length: {}\r\n\
         connection: close\r\n\
         content-type: application/json\r\n\r\n{BODY}",
        receiver.port,
        env!("CARGO_PKG_VERSION"),
        BODY.len(),
    );
    assert_eq!(request, expected);
}

#[tokio::test]
async fn the_setting_opens_and_closes_this_machine() {
    let receiver = Receiver::new().await;
    let url = receiver.url("/");
    for builder in [Egress::builder(), Egress::builder().loopback(Loopback::Refuse)] {
        let closed = builder.build().unwrap();
        assert_eq!(closed.target(&url).unwrap_err(), InvalidTarget::Scheme);
        let https = url.replace("http:", "https:");
        assert_eq!(closed.target(&https).unwrap_err(), InvalidTarget::Address);
        // A target that was made where it was open is no way around.
        let target = open().build().unwrap().target(&url).unwrap();
        let refused = closed.post("org_demo", &target, &message()).await.unwrap_err();
        assert_eq!(
            (refused, refused.reason()),
            (EgressError::NoPublicAddress, "no_public_address")
        );
    }
    assert!(receiver.untouched());
}

#[tokio::test]
async fn ports_that_are_not_open() {
    let receiver = Receiver::new().await;
    let resolver = Script::new(&[&["127.0.0.1"]]);
    let closed = || Egress::builder().loopback(Loopback::Allow).resolver(resolver.clone());
    let (egress, port) = (closed().build().unwrap(), receiver.port);
    for host in ["hooks.example", "127.0.0.1"] {
        for port in [1, 22, 25, 80, 442, 444, 6379, 8442, 65535, port] {
            let refused = egress.target(&format!("https://{host}:{port}/")).unwrap_err();
            assert_eq!(refused, InvalidTarget::ClosedPort, "{port}");
        }
        for port in [443, 8443] {
            assert!(egress.target(&format!("https://{host}:{port}/")).is_ok(), "{port}");
        }
    }
    // In development, plain HTTP goes to every port of this machine.
    let url = receiver.url("/");
    let (answer, _) = tokio::join!(post(&egress, &url), receiver.answer(OK));
    assert_eq!(answer.unwrap().status(), 200);
    // A target that was made where the port was open is no way around.
    let open = closed().ports([port]).build().unwrap();
    let target = open.target(&format!("https://hooks.example:{port}/")).unwrap();
    let refused = egress.post("org_demo", &target, &message()).await.unwrap_err();
    assert_eq!((refused, resolver.asked()), (EgressError::ConnectFailed, 0));
    assert!(receiver.untouched());
}

#[tokio::test]
async fn a_name_with_denied_addresses_alone() {
    let receiver = Receiver::new().await;
    let inside = ["10.0.0.1", "::1", "127.0.0.1", "169.254.169.254", "fd00:ec2::254", "0.0.0.0"];
    for denied in inside.iter().map(|one| vec![*one]).chain([inside.to_vec()]) {
        let resolver = Script::new(&[&denied]);
        let egress = Egress::builder().ports([receiver.port]).resolver(resolver.clone());
        let egress = egress.build().unwrap();
        let url = format!("https://inside.example:{}/", receiver.port);
        let refused = post(&egress, &url).await.unwrap_err();
        assert_eq!((refused, resolver.asked()), (EgressError::NoPublicAddress, 1), "{denied:?}");
        let said = format!("{refused} {refused:?}");
        assert!(denied.iter().all(|address| !said.contains(address)), "{said}");
    }
    assert!(receiver.untouched());
}

/// What there is in the internal network is not to be found out by its names.
#[tokio::test]
async fn a_name_of_the_inside_looks_like_one_that_there_is_not() {
    let mut ends = Vec::new();
    for script in [Script::new(&[&["10.0.0.1"]]), Script::new(&[&[]]), Script::new(&[])] {
        let egress = Egress::builder().resolver(script).build().unwrap();
        let error = post(&egress, "https://db.corp.example/").await.unwrap_err();
        ends.push((error.reason(), error.to_string()));
    }
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
}

#[tokio::test]
async fn forms_of_an_address_from_the_resolver() {
    let receiver = Receiver::new().await;
    let denied = [
        "::127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::127.0.0.1",
        "2002:7f00:1::1",
        "2001:0:7f00:1::80ff:fffe",
        "2606:4700::5efe:127.0.0.1",
        "fe80::1",
        "10.0.0.1",
        "::ffff:10.0.0.1",
    ];
    let egress = open().resolver(Script::new(&[&denied])).build().unwrap();
    let url = format!("http://forms.localhost:{}/", receiver.port);
    assert_eq!(post(&egress, &url).await.unwrap_err(), EgressError::NoPublicAddress);
    let mapped = open().resolver(Script::new(&[&["::ffff:127.0.0.1"]])).build().unwrap();
    let (answer, _) = tokio::join!(post(&mapped, &url), receiver.answer(OK));
    assert_eq!(answer.unwrap().status(), 200);
    assert!(receiver.untouched());
}

/// `127.0.0.1` stands for the public address here, and `127.0.0.2` for one of the inside.
fn with_an_inside(resolver: &Script) -> Egress {
    let (inside, _) = Allowlist::builder().push("127.0.0.2", "inside").build().unwrap();
    open().deny(inside).resolver(resolver.clone()).build().unwrap()
}

#[tokio::test]
async fn a_name_that_moves_after_it_was_judged() {
    let outside = Receiver::new().await;
    let inside = Receiver::at("127.0.0.2", outside.port).await;
    let resolver = Script::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let egress = with_an_inside(&resolver);
    let target = egress.target(&format!("http://moves.localhost:{}/", outside.port)).unwrap();
    assert_eq!(resolver.asked(), 0, "a name is resolved when it is used");
    let message = message();
    let (answer, request) =
        tokio::join!(egress.post("org_demo", &target, &message), outside.answer(OK));
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(resolver.asked(), 1, "what was judged is what is connected to");
    assert!(request.contains(&format!("host: moves.localhost:{}\r\n", outside.port)), "{request}");
    // The next request judges anew.
    assert_eq!(
        egress.post("org_demo", &target, &message).await.unwrap_err(),
        EgressError::NoPublicAddress
    );
    assert!(inside.untouched() && outside.untouched());
}

#[tokio::test]
async fn denied_addresses_beside_others_are_left_out() {
    let outside = Receiver::new().await;
    let inside = Receiver::at("127.0.0.2", outside.port).await;
    let resolver = Script::new(&[&["127.0.0.2", "10.0.0.1", "127.0.0.1", "127.0.0.2"]]);
    let egress = with_an_inside(&resolver);
    let url = format!("http://mixed.localhost:{}/", outside.port);
    let (answer, _) = tokio::join!(post(&egress, &url), outside.answer(OK));
    assert_eq!(answer.unwrap().status(), 200);
    assert!(inside.untouched());
}

#[tokio::test]
async fn thousands_of_addresses() {
    let receiver = Receiver::new().await;
    let url = format!("http://many.localhost:{}/", receiver.port);
    let mut many = vec!["10.0.0.1"; 10_000];
    many.push("127.0.0.1");
    let egress = open().resolver(Script::new(&[&many])).build().unwrap();
    assert_eq!(post(&egress, &url).await.unwrap_err(), EgressError::NoPublicAddress);
    // Nobody listens at the first four addresses that may be tried, and a fifth one is not tried.
    let many = ["127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.1"];
    let egress = open().resolver(Script::new(&[&many])).build().unwrap();
    assert_eq!(post(&egress, &url).await.unwrap_err(), EgressError::ConnectFailed);
    assert!(receiver.untouched());
}

#[tokio::test]
async fn the_next_address_where_one_does_not_listen() {
    let receiver = Receiver::new().await;
    let resolver = Script::new(&[&["127.0.0.3", "127.0.0.1"]]);
    let egress = open().resolver(resolver).build().unwrap();
    let url = format!("http://two.localhost:{}/", receiver.port);
    let (answer, _) = tokio::join!(post(&egress, &url), receiver.answer(OK));
    assert_eq!(answer.unwrap().status(), 200);
}

#[tokio::test]
async fn plain_http_goes_to_this_machine_alone() {
    let egress = open().resolver(Script::new(&[&["1.1.1.1", "2606:4700::1111"]])).build().unwrap();
    // A name of this machine that leads elsewhere.
    let refused = post(&egress, "http://public.localhost/").await.unwrap_err();
    assert_eq!(refused, EgressError::NoPublicAddress);
    for host in [
        "1.1.1.1",
        "[2606:4700::1111]",
        "[::ffff:1.1.1.1]",
        "hooks.example.com",
        "localhost.example.com",
        "example.notlocalhost",
        "my-localhost.localhost.com",
    ] {
        let refused = egress.target(&format!("http://{host}/")).unwrap_err();
        assert_eq!(refused, InvalidTarget::PlainHttp, "{host}");
        assert!(egress.target(&format!("https://{host}/")).is_ok(), "{host}");
    }
    // These would be refused with TLS too, so that is not what is wrong with them.
    for host in ["10.0.0.1", "169.254.169.254", "[fd00::1]", "[64:ff9b::127.0.0.1]", "0.0.0.0"] {
        let refused = egress.target(&format!("http://{host}/")).unwrap_err();
        assert_eq!(refused, InvalidTarget::Address, "{host}");
    }
    assert_eq!(egress.target("http://intranet/").unwrap_err(), InvalidTarget::SingleLabel);
    for host in ["localhost", "LocalHost.", "a.b.localhost", "127.0.0.9", "0x7f.1", "[::1]"] {
        assert!(egress.target(&format!("http://{host}:9000/")).is_ok(), "{host}");
    }
}

#[tokio::test]
async fn names_that_are_not_found() {
    let failed = EgressError::NoPublicAddress;
    for script in [Script::new(&[]), Script::new(&[&[]])] {
        let egress = open().resolver(script).build().unwrap();
        assert_eq!(post(&egress, "https://none.example/").await.unwrap_err(), failed);
    }
    // By the system: names that no server is asked for (RFC 6761 section 6).
    let egress = Egress::builder().build().unwrap();
    assert_eq!(post(&egress, "https://none.invalid/").await.unwrap_err(), failed);
    for name in ["localhost", "LOCALHOST.", "intranet", "metadata", "com"] {
        let url = format!("https://{name}/");
        assert_eq!(egress.target(&url).unwrap_err(), InvalidTarget::SingleLabel, "{name}");
    }
    let receiver = Receiver::new().await;
    let egress = open().build().unwrap();
    assert_eq!(egress.target("https://intranet/").unwrap_err(), InvalidTarget::SingleLabel);
    let url = format!("http://localhost:{}/", receiver.port);
    let (answer, _) = tokio::join!(post(&egress, &url), receiver.answer(OK));
    assert_eq!(answer.unwrap().status(), 200);
}

#[tokio::test]
async fn nobody_listens() {
    let receiver = Receiver::new().await;
    let url = receiver.url("/");
    drop(receiver);
    let egress = open().build().unwrap();
    assert_eq!(post(&egress, &url).await.unwrap_err(), EgressError::ConnectFailed);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let inside = Receiver::new().await;
    let egress = open().build().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let receiver = Receiver::new().await;
        let location = inside.url("/latest/meta-data");
        let answer =
            format!("HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let url = receiver.url("/");
        let (answer, _) = tokio::join!(post(&egress, &url), receiver.answer(answer.as_bytes()));
        assert_eq!(answer.unwrap().status().as_u16(), status);
        assert!(receiver.untouched());
    }
    assert!(inside.untouched());
}

#[test]
fn headers_that_a_message_may_have() {
    let header = |name, value: &str| Message::new("").header(name, value).err();
    assert_eq!(header("webhook-signature", "v1,abc= v1,def="), None);
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "CONNECTION",
        "user-agent",
        "expect",
        "te",
        "trailer",
        "upgrade",
        "keep-alive",
        "proxy-authorization",
        "Proxy-Connection",
    ] {
        assert_eq!(header(name, "x"), Some(InvalidMessage::Reserved), "{name}");
    }
    for name in ["", "a b", "a:", "a\r\nHost", "ä"] {
        assert_eq!(header(name, "x"), Some(InvalidMessage::Name), "{name}");
    }
    for value in ["a\r\nHost: b", "a\n", "\0", "ä", &"a".repeat(8193)] {
        assert_eq!(header("x-a", value), Some(InvalidMessage::Value), "{value}");
    }
    let once = Message::new("").header("X-Id", "1").unwrap();
    assert_eq!(once.clone().header("x-id", "1").err(), Some(InvalidMessage::Twice));
    let add = |message: Message, n| message.header(&format!("x-{n}"), "hunter2");
    let most = (1..MAX_HEADERS).try_fold(once, add).unwrap();
    assert!(!format!("{most:?}").contains("hunter2"));
    assert_eq!(most.header("x-more", "1").err(), Some(InvalidMessage::TooMany));
}
