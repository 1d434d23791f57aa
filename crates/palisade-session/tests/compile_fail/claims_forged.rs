fn forge(claims: palisade_session::SessionClaims) -> palisade_session::SessionClaims {
    palisade_session::SessionClaims { generation: None, ..claims }
}

fn main() {
    let _ = forge;
}
