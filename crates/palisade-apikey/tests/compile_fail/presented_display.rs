fn show(key: palisade_apikey::PresentedKey<'_, '_>) -> String {
    key.to_string()
}

fn main() {
    let _ = show;
}
