//! A command line of curl, to be pasted into a POSIX shell.

use std::path::Path;

use palisade::webhook::SignedHeaders;

use crate::output::Failure;

/// Posts the body to the URL with these headers.
pub(super) fn command(url: &str, body: &Path, headers: &SignedHeaders) -> Result<String, Failure> {
    if body == Path::new("-") {
        let message =
            "a command with the body from a pipe would send nothing; give the body as a file";
        return Err(Failure::error("usage", &message));
    }
    let unfit = |what: &str| {
        let message =
            format!("{what} holds control characters or is no UTF-8, so no command is printed");
        Failure::error("usage", &message)
    };
    let fits = |text: &&str| !text.contains(char::is_control);
    let body = body.to_str().filter(fits).ok_or_else(|| unfit("the name of the body"))?;
    let url = Some(url).filter(fits).ok_or_else(|| unfit("the URL"))?;

    // `--globoff`: brackets in a URL are not for curl to expand.
    let mut command = String::from("curl --globoff --header 'content-type: application/json'");
    for (name, value) in headers.iter() {
        command.push_str(" --header ");
        command.push_str(&quoted(&format!("{name}: {value}")));
    }
    command.push_str(" --data-binary ");
    command.push_str(&quoted(&format!("@{body}")));
    command.push_str(" --url ");
    command.push_str(&quoted(url));
    Ok(command)
}

/// One word for a shell, in single quotes, in which nothing but a single quote has a meaning.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(x) `y` \"z\" \\"), "'$(x) `y` \"z\" \\'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
