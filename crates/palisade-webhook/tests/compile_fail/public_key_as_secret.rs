use palisade_webhook::{PublicKey, SharedSecret};

fn confuse(key: PublicKey) -> SharedSecret {
    key.into()
}

fn main() {
    let _ = confuse;
}
