fn main() {
    println!("{}", palisade_password::Password::new("correct horse").unwrap());
}
