use std::sync::Arc;

fn forge(record: palisade_session::SessionRecord) -> palisade_session::Session {
    let expires = record.created;
    palisade_session::Session { record: Arc::new(record), expires }
}

fn main() {
    let _ = forge;
}
