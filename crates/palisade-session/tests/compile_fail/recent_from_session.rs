fn close_account(_: &palisade_session::RecentAuth) {}

fn handler(session: &palisade_session::Session) {
    close_account(session);
}

fn main() {
    let _ = handler;
}
