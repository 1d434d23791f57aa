use palisade_session::{MemoryStore, NewSession, Sessions, SignIn};

async fn twice(sessions: &Sessions<MemoryStore>, begun: SignIn, now: std::time::SystemTime) {
    let _ = sessions.create(begun, NewSession::default(), now).await;
    let _ = sessions.create(begun, NewSession::default(), now).await;
}

fn main() {
    let _ = twice;
}
