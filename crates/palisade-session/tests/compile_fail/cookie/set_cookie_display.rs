fn main() {
    let spec = palisade_session::cookie::CookieSpec::host("sid").build().unwrap();
    println!("{}", spec.set_text("secret").unwrap());
}
