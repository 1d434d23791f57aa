fn main() {
    let digest = || palisade_apikey::KeyDigest::legacy_sha256([0; 32]);
    let _ = digest() == digest();
}
