fn set_cookie(_: &palisade_session::SessionToken) {}

fn main() {
    let token = palisade_session::EpochToken::received("wt_").unwrap();
    set_cookie(&token);
}
