use palisade_webhook::Verified;

fn forge(body: &[u8]) -> Verified<'_> {
    Verified { body }
}

fn main() {
    let _ = forge;
}
