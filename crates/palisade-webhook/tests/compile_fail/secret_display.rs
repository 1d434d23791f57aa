use palisade_webhook::SharedSecret;

fn show(secret: &SharedSecret) {
    println!("{secret}");
}

fn main() {
    let _ = show;
}
