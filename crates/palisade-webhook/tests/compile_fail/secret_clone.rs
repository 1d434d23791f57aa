use palisade_webhook::SharedSecret;

fn copy(secret: &SharedSecret) -> SharedSecret {
    secret.clone()
}

fn main() {
    let _ = copy;
}
