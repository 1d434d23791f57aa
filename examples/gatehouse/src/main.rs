//! The `gatehouse` command.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use gatehouse::FIRST_OWNER;
use gatehouse::config::Config;

const HELP: &str = "\
gatehouse: the reference service of Palisade

  gatehouse                          serve until SIGINT or SIGTERM
  gatehouse issue-admin-key [ORG]    issue an admin key for the organisation, org_demo unless
                                     given, and print it; the service may be running
  gatehouse pepper-report            print how many keys are stored under which pepper
  gatehouse wrap-digests             put the newest pepper around the digests that are still
                                     under an old one; the service may be running, with both
  gatehouse revoke-pepper ID         give up a pepper that leaked or was lost: revoke every key
                                     under it
  gatehouse import-users FILE        add the users of a file with lines `login:stored-hash`, as
                                     `htpasswd -B` writes, or of stdin with `-`; all or none
  gatehouse wrap-passwords           put Argon2id and the pepper around stored passwords that are
                                     weak or without one; the service may be running
  gatehouse end-sessions LOGIN       end all sessions of a user; the service may be running
  gatehouse end-all-sessions         end all sessions of everyone; the service may be running
  gatehouse allowlist show WORKSPACE
                                     print from where a workspace may be reached: the owner of keys, or
                                     the login name of a user
  gatehouse allowlist clear WORKSPACE
                                     let everyone reach it, for who locked themselves out; the service
                                     may be running
  gatehouse received [NUMBER]        list the webhooks that were received, or print the body of one
  gatehouse help                     print this

The configuration is in the environment; the README of gatehouse lists the variables.
";

/// How long threads that nobody waits for any more may go on once the service stopped.
const LEFT_BEHIND_TIME: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            // Not `eprintln!`, which panics when stderr is closed.
            let _ = writeln!(io::stderr(), "gatehouse: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut stdout = io::stdout();
    match words.as_slice() {
        [] => {
            let config = configured()?;
            let runtime = runtime()?;
            let served = runtime.block_on(gatehouse::serve(&config, &mut stdout));
            // Lookups of names cannot be called off, and take as long as the servers of names like.
            runtime.shutdown_timeout(LEFT_BEHIND_TIME);
            served?;
        }
        ["issue-admin-key", owner @ ..] if owner.len() <= 1 => {
            let owner = owner.first().unwrap_or(&FIRST_OWNER).parse()?;
            let config = configured()?;
            runtime()?.block_on(gatehouse::print_admin_key(&config, owner, &mut stdout))?;
        }
        ["pepper-report"] => {
            let config = configured()?;
            runtime()?.block_on(gatehouse::print_pepper_report(&config, &mut stdout))?;
        }
        ["wrap-digests"] => {
            let config = configured()?;
            runtime()?.block_on(gatehouse::wrap_digests(&config, &mut stdout))?;
        }
        ["revoke-pepper", pepper] => {
            let (pepper, config) = (pepper.parse()?, configured()?);
            runtime()?.block_on(gatehouse::revoke_pepper(&config, &pepper, &mut stdout))?;
        }
        ["import-users", file] => {
            let config = configured()?;
            runtime()?.block_on(gatehouse::import_users(&config, file, &mut stdout))?;
        }
        ["wrap-passwords"] => {
            let config = configured()?;
            runtime()?.block_on(gatehouse::wrap_passwords(&config, &mut stdout))?;
        }
        ["end-sessions", login] => {
            let (login, config) = (login.parse()?, configured()?);
            runtime()?.block_on(gatehouse::end_sessions(&config, &login, &mut stdout))?;
        }
        ["end-all-sessions"] => {
            let config = configured()?;
            runtime()?.block_on(gatehouse::end_all_sessions(&config, &mut stdout))?;
        }
        ["allowlist", "show", workspace] => {
            let config = configured()?;
            runtime()?.block_on(gatehouse::print_allowlist(&config, workspace, &mut stdout))?;
        }
        ["allowlist", "clear", workspace] => {
            let config = configured()?;
            runtime()?.block_on(gatehouse::clear_allowlist(&config, workspace, &mut stdout))?;
        }
        ["received"] => {
            let config = configured()?;
            runtime()?.block_on(gatehouse::print_received(&config, &mut stdout))?;
        }
        ["received", number] => {
            let (number, config) = (number.parse()?, configured()?);
            runtime()?.block_on(gatehouse::print_received_body(&config, number, &mut stdout))?;
        }
        ["help" | "-h" | "--help"] => stdout.write_all(HELP.as_bytes())?,
        ["allowlist", "show" | "clear"] => {
            return lacks("allowlist show|clear", "WORKSPACE, the owner of keys, or a login name");
        }
        ["end-sessions"] => return lacks("end-sessions", "LOGIN, the login name of a user"),
        ["revoke-pepper"] => return lacks("revoke-pepper", "ID, the id of a pepper"),
        ["import-users"] => {
            return lacks("import-users", "FILE, the path of a file, or - for stdin");
        }
        _ => {
            // What was given is not repeated: it could be a key in the wrong place.
            writeln!(io::stderr(), "gatehouse: there is no such command\n\n{HELP}")?;
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A command without the word that it needs.
fn lacks(command: &str, word: &str) -> Result<ExitCode, Box<dyn Error>> {
    writeln!(io::stderr(), "gatehouse: `gatehouse {command}` needs one word more: {word}")?;
    Ok(ExitCode::from(2))
}

/// The error and its causes in one line, without those that it repeats already.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

fn configured() -> Result<Config, Box<dyn Error>> {
    let config = Config::from_env()?;
    gatehouse::log::init(&config);
    Ok(config)
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
