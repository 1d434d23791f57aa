fn forge(user: palisade_session::UserId) -> palisade_session::SignIn {
    palisade_session::SignIn { user, generation: 0 }
}

fn main() {
    let _ = forge;
}
