fn enter(verdict: palisade_password::Verdict) -> bool {
    if verdict { true } else { false }
}

fn main() {
    let _ = enter;
}
