fn main() {
    let key = palisade_secret::MacKey::dangerous_any_length(b"key");
    let _ = key.mac(&[b"a"]) == key.mac(&[b"b"]);
}
