fn main() {
    let _ = palisade_password::PasswordHash("$2b$12$".to_owned());
}
