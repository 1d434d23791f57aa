//! The example in the README is what the command says today.

const README: &str = include_str!("../../README.md");

#[cfg(unix)]
#[test]
fn the_example_is_true() {
    let folder = tempfile::tempdir().unwrap();
    let example = README.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(!example.contains('\''), "a quote would not survive the echo of its command");
    let commands: Vec<String> = example
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .map(|command| format!("printf '%s\\n' '$ {command}'\n{command}\n"))
        .collect();

    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_palisade")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{}", commands.concat())])
        .env("PATH", path)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), example);
}

#[test]
fn every_command_and_reason_is_told_of() {
    for word in [
        "secret generate",
        "key mint",
        "key parse",
        "key mask",
        "key digest",
        "key verify",
        "key formats",
        "password hash",
        "password verify",
        "password inspect",
        "password needs-rehash",
        "password wrap",
        "password tune",
        "password breached build",
        "password breached check",
        "session inspect",
        "session verify",
        "epoch now",
        "epoch window",
        "allowlist check",
        "allowlist lint",
        "allowlist diff",
        "allowlist stats",
        "list_too_large",
        "token_opaque",
        "ratelimit simulate",
        "mixed_times",
        "webhook sign",
        "webhook verify",
        "webhook headers",
        "webhook secret generate",
        "webhook secret inspect",
        "webhook_bad_signature",
        "webhook_malformed_body_time",
        "completions",
        "key_white_space",
        "key_nul",
        "key_encoding",
        "key_mismatch",
        "pepper_missing",
        "password_mismatch",
        "password_too_long",
        "hash_too_costly",
        "line_too_long",
    ] {
        assert!(README.contains(word), "{word}");
    }
}
