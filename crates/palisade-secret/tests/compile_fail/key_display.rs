fn main() {
    let key = palisade_secret::MacKey::dangerous_any_length(b"key");
    println!("{key}");
}
