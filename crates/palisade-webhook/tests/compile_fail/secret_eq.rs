use palisade_webhook::SharedSecret;

fn same(a: &SharedSecret, b: &SharedSecret) -> bool {
    a == b
}

fn main() {
    let _ = same;
}
