fn main() {
    let secret = palisade_secret::SecretBytes::dangerous_unchecked(vec![1]);
    let _ = secret.clone();
}
