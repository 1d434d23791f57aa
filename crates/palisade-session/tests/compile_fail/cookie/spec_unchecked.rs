fn main() {
    let unchecked = palisade_session::cookie::CookieSpec::builder("sid");
    let _ = unchecked.set_text("secret");
}
