fn forge(record: std::sync::Arc<palisade_apikey::KeyRecord>) -> palisade_apikey::Authenticated {
    palisade_apikey::Authenticated { record }
}

fn main() {
    let _ = forge;
}
