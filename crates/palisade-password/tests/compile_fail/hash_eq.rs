fn same(one: palisade_password::PasswordHash, other: palisade_password::PasswordHash) -> bool {
    one == other
}

fn main() {
    let _ = same;
}
