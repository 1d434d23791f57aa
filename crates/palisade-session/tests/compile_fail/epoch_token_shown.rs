fn main() {
    let token = palisade_session::EpochToken::received("wt_").unwrap();
    println!("{token}");
}
