fn keep(token: &palisade_session::SessionToken) -> palisade_session::SessionToken {
    token.clone()
}

fn main() {
    let _ = keep;
}
