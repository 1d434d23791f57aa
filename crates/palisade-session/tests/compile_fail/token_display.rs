fn log(token: &palisade_session::SessionToken) -> String {
    token.to_string()
}

fn main() {
    let _ = log;
}
