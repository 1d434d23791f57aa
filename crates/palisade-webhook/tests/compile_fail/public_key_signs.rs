use palisade_webhook::{PublicKey, Scheme, Signer};

fn sign(key: PublicKey) {
    let _ = Signer::builder(Scheme::STANDARD).key("a".parse().unwrap(), key);
}

fn main() {
    let _ = sign;
}
