fn main() {
    let _ = palisade_password::Verdict::Match { rehash: None };
}
