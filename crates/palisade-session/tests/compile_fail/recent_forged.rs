use palisade_session::{Factor, RecentAuth, Session};

fn forge(session: Session) -> RecentAuth {
    let verified = session.created();
    RecentAuth { session, factor: Factor::Password, verified }
}

fn main() {
    let _ = forge;
}
