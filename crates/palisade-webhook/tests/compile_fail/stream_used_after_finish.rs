use palisade_webhook::VerifyingStream;

fn more(mut stream: VerifyingStream) {
    let _ = stream.finish();
    let _ = stream.update(b"more");
}

fn main() {
    let _ = more;
}
