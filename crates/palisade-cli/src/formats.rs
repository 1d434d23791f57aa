//! `palisade key formats`.

use std::fmt::Write;

use palisade::apikey::{KeyFormat, Partner};
use serde::Serialize;

use crate::args::FormatsArgs;
use crate::known;
use crate::output::{Failure, Output};

/// Rules for the formats that this command happens to know would look for keys of other services.
const FORMAT_MISSING: &str = "say for which formats: give each of yours with --format, as in \
                              `palisade key formats --gitleaks --format acme_live`";

#[derive(Serialize)]
struct Listed {
    formats: Vec<Described>,
}

#[derive(Serialize)]
struct Described {
    format: String,
    shape: String,
    environment: Option<String>,
    length: usize,
    body: usize,
    check: &'static str,
    server_bound: bool,
    regex: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gitleaks: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<String>,
}

pub(crate) fn formats(args: FormatsArgs) -> Result<Output, Failure> {
    let FormatsArgs { formats, regex, gitleaks, partner, service, endpoint, contact } = args;
    if formats.is_empty() && (regex || gitleaks || partner) {
        return Err(Failure::error("usage", &FORMAT_MISSING));
    }
    let formats = known::formats(formats)?;
    // All three or none, as clap sees to.
    let partner = match (&service, &endpoint, &contact) {
        (Some(service), Some(endpoint), Some(contact)) => {
            Some(Partner { service, endpoint, contact })
        }
        _ => None,
    };
    let described: Vec<Described> = formats
        .iter()
        .map(|format| Described {
            gitleaks: gitleaks.then(|| format.gitleaks_rule()),
            partner: partner.as_ref().map(|partner| format.partner_registration(partner)),
            ..describe(format)
        })
        .collect();

    let text = if regex {
        described.iter().fold(String::new(), |text, one| text + &one.regex + "\n")
    } else if gitleaks {
        separated(described.iter().filter_map(|one| one.gitleaks.as_deref()))
    } else if partner.is_some() {
        separated(described.iter().filter_map(|one| one.partner.as_deref()))
    } else {
        table(&described)
    };
    Output::new(text, &Listed { formats: described })
}

fn describe(format: &KeyFormat) -> Described {
    Described {
        format: format.prefix().to_owned(),
        shape: format.to_string(),
        environment: format.environment().map(str::to_owned),
        length: format.key_length(),
        body: format.body_digits(),
        check: known::check_name(format),
        server_bound: format.is_server_bound(),
        regex: format.regex(),
        gitleaks: None,
        partner: None,
    }
}

/// Texts that end in a line break, an empty line between them.
fn separated<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join("\n")
}

fn table(formats: &[Described]) -> String {
    let widest = |width: fn(&Described) -> usize, heading: &str| {
        formats.iter().map(width).max().unwrap_or(0).max(heading.len())
    };
    let name = widest(|one| one.format.len(), "FORMAT");
    let shape = widest(|one| one.shape.len(), "SHAPE");
    let mut table =
        format!("{:name$}  {:shape$}  LENGTH  CHECK  ENVIRONMENT  BOUND\n", "FORMAT", "SHAPE");
    for one in formats {
        // Writing to a String does not fail.
        let _ = writeln!(
            table,
            "{:name$}  {:shape$}  {:>6}  {:5}  {:11}  {}",
            one.format,
            one.shape,
            one.length,
            one.check,
            one.environment.as_deref().unwrap_or("-"),
            if one.server_bound { "server" } else { "-" },
        );
    }
    table
}
