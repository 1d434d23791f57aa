use palisade_webhook::VerifyingStream;

fn read(stream: &VerifyingStream) -> &[u8] {
    stream.body()
}

fn main() {
    let _ = read;
}
