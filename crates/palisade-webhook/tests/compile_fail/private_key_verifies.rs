use palisade_webhook::{PrivateKey, Scheme, Verifier};

fn verify(key: PrivateKey) {
    let _ = Verifier::builder(Scheme::STANDARD).key("a".parse().unwrap(), key);
}

fn main() {
    let _ = verify;
}
