use palisade_webhook::{Fresh, ReplayKey};

fn forge(key: ReplayKey) -> Fresh {
    Fresh { key }
}

fn main() {
    let _ = forge;
}
