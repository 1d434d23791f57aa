fn main() {
    let format = palisade_apikey::KeyFormat::new("gmk_acct_live").unwrap();
    let key = format.mint().unwrap();
    let _ = key.reveal();
    let _ = key.reveal();
}
