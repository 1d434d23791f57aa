use palisade_webhook::{Verified, Verifier};
use std::time::SystemTime;

fn keep<'h>(verifier: &Verifier, headers: &'h [(&'h str, &'h str)]) -> Verified<'h> {
    let body = Vec::new();
    verifier.verify(headers, &body, SystemTime::now()).unwrap()
}

fn main() {
    let _ = keep;
}
