fn main() {
    let password = || palisade_password::Password::new("correct horse").unwrap();
    let _ = password() == password();
}
