use palisade_session::EpochClaims;

fn main() {
    let claims: EpochClaims = EpochClaims::default();
    let _ = claims.require("read");
}
