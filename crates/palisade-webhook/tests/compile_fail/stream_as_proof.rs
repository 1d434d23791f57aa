use palisade_webhook::{MemoryReplays, ReplayGuard, VerifyingStream};
use std::time::SystemTime;

async fn admit(guard: ReplayGuard<MemoryReplays>, stream: VerifyingStream) {
    let _ = guard.admit(&stream, SystemTime::now()).await;
}

fn main() {
    let _ = admit;
}
