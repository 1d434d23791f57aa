fn main() {
    let format = palisade_apikey::KeyFormat::new("gmk_acct_live").unwrap();
    println!("{}", format.mint().unwrap());
}
