fn compare(stored: &palisade_session::SecretDigest, presented: &palisade_session::SecretDigest) -> bool {
    stored == presented
}

fn main() {
    let _ = compare;
}
