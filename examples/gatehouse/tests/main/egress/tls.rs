//! TLS: whose certificate counts.

use std::sync::Arc;

use gatehouse::egress::{Answer, Egress, EgressError, InvalidEgress, TlsProblem};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::receiver::{Receiver, Script, open, post, request};

const NAME: &str = "hooks.example";
const PROBLEM: EgressError = EgressError::TlsFailed(TlsProblem::Certificate);

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

/// The receiver's end of TLS, with a certificate of this authority.
fn acceptor(authority: &Authority, params: &CertificateParams) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

fn trusting(authority: &Authority) -> Egress {
    let resolver = Script::new(&[&["127.0.0.1"]]);
    open().resolver(resolver).root(authority.der()).build().unwrap()
}

/// What became of a request, and what the receiver saw of it: the name it was asked for, and the request.
async fn exchanged(
    egress: &Egress,
    host: &str,
    acceptor: TlsAcceptor,
) -> (Result<Answer, EgressError>, Option<(Option<String>, String)>) {
    let receiver = Receiver::new().await;
    let url = format!("https://{host}:{}/in", receiver.port);
    let seen = async {
        let mut stream = acceptor.accept(receiver.accept().await).await.ok()?;
        let name = stream.get_ref().1.server_name().map(str::to_owned);
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let request = request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 204 OK\r\n\r\n").await.unwrap();
        Some((name, request))
    };
    tokio::join!(post(egress, &url), seen)
}

#[tokio::test]
async fn a_certificate_for_the_host() {
    let authority = authority();
    let egress = trusting(&authority);
    for (host, name) in [(NAME, Some(NAME)), ("HOOKS.example.", Some(NAME)), ("127.0.0.1", None)] {
        let params = params(name.unwrap_or(host));
        let (answer, seen) = exchanged(&egress, host, acceptor(&authority, &params)).await;
        assert_eq!(answer.unwrap().status(), 204);
        let (asked, request) = seen.unwrap();
        assert_eq!(asked.as_deref(), name, "an address is no name to ask for");
        assert!(request.contains(&format!("host: {}:", name.unwrap_or(host))), "{request}");
    }
}

#[tokio::test]
async fn certificates_that_do_not_count() {
    let authority = authority();
    let mut over = params(NAME);
    (over.not_before, over.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let mut ahead = params(NAME);
    (ahead.not_before, ahead.not_after) = (date_time_ymd(4001, 1, 1), date_time_ymd(4002, 1, 1));
    let odd =
        [params("other.example"), params("127.0.0.1"), params("*.hooks.example"), over, ahead];
    for params in odd {
        let acceptor = acceptor(&authority, &params);
        let (answer, seen) = exchanged(&trusting(&authority), NAME, acceptor).await;
        assert_eq!((answer.unwrap_err(), seen), (PROBLEM, None), "{params:?}");
    }
    // The name that an address resolved from is not the address.
    let acceptor = acceptor(&authority, &params(NAME));
    let (answer, _) = exchanged(&trusting(&authority), "127.0.0.1", acceptor).await;
    assert_eq!(answer.unwrap_err(), PROBLEM);
}

#[tokio::test]
async fn an_authority_that_nobody_named() {
    let (ours, theirs) = (authority(), authority());
    let (answer, seen) = exchanged(&trusting(&ours), NAME, acceptor(&theirs, &params(NAME))).await;
    assert_eq!((answer.unwrap_err(), seen), (PROBLEM, None));
    let resolver = Script::new(&[&["127.0.0.1"]]);
    let without = open().resolver(resolver).build().unwrap();
    let (answer, _) = exchanged(&without, NAME, acceptor(&ours, &params(NAME))).await;
    assert_eq!(answer.unwrap_err(), PROBLEM);
    assert_eq!(PROBLEM.reason(), "tls_failed");
}

#[tokio::test]
async fn no_tls_at_all() {
    let receiver = Receiver::new().await;
    let egress = trusting(&authority());
    let url = format!("https://{NAME}:{}/", receiver.port);
    let plain = async {
        let mut stream = receiver.accept().await;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    };
    let (answer, _stream) = tokio::join!(post(&egress, &url), plain);
    assert_eq!(answer.unwrap_err(), EgressError::TlsFailed(TlsProblem::Handshake));
}

#[test]
fn a_root_that_is_none() {
    for root in [&b""[..], b"-----BEGIN CERTIFICATE-----"] {
        assert_eq!(Egress::builder().root(root).build().err(), Some(InvalidEgress::Root));
    }
}
