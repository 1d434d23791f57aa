//! Twilio, which signs the URL and the fields of the form in their order: it cannot be data like the others, nor
//! be read as it comes.

use palisade::webhook::{SharedSecret, TwilioSigner, TwilioUnsigned, TwilioVerifier};

use super::secret_text::{self, check_streams};
use super::sign::{self, Header, Signed};
use super::verify::Verified;
use super::{header_lines, keys};
use crate::args::{SecretArgs, SecretWriting, SignArgs, VerifyWebhookArgs, When};
use crate::output::{Failure, Output};
use crate::units::Size;

const NAME: &str = "twilio";

pub(super) fn sign(args: &SignArgs, json: bool) -> Result<Output, Failure> {
    let unused = args.id.is_some() || matches!(args.time, When::At(_));
    check_unused(unused || args.beside.is_some() || args.curl.is_some())?;
    check_streams(args.secrets.file.iter().chain([&args.body]).map(std::path::PathBuf::as_path))?;
    let url = needed(args.url.as_deref())?;
    let secrets = secrets(&args.secrets)?;
    let token = secrets.first().ok_or_else(none_given)?;
    let body = sign::body(&args.body, json)?;
    let signature = TwilioSigner::new(token).sign(url, &body).map_err(|unsigned| {
        let message = match unsigned {
            TwilioUnsigned::Form => {
                let with_digest = TwilioSigner::url_with_digest("", &body);
                let member = with_digest.trim_start_matches(['?', '&']);
                format!("the body is no form, so the query of the URL must hold {member}")
            }
            unsigned => unsigned.to_string(),
        };
        Failure::error("sign", &message)
    })?;
    let answer = Signed {
        scheme: NAME,
        beside: None,
        headers: vec![Header { name: "X-Twilio-Signature", value: &signature }],
        message_id: None,
        timestamp: None,
        curl: None,
    };
    Output::new(format!("X-Twilio-Signature: {signature}\n"), &answer)
}

pub(super) fn verify(args: &VerifyWebhookArgs, json: bool) -> Result<Output, Failure> {
    let timed = args.tolerance.is_some() || args.any_age;
    check_unused(timed || args.explain || !args.key.is_empty())?;
    let streams = args.secrets.file.iter().chain(&args.headers).chain([&args.body]);
    check_streams(streams.map(std::path::PathBuf::as_path))?;
    let url = needed(args.url.as_deref())?;
    let mut builder =
        TwilioVerifier::builder().max_body(args.max_body.map_or(sign::MAX_BODY, Size::bytes));
    let secrets = secrets(&args.secrets)?;
    if secrets.is_empty() {
        return Err(none_given());
    }
    for (index, token) in secrets.iter().enumerate() {
        builder = builder.key(keys::id(index)?, token);
    }
    let verifier = builder.build()?;
    let headers = header_lines::load(args.headers.as_deref(), &args.header)?;
    let body = sign::body(&args.body, json)?;
    // A service chooses for each endpoint. Here the URL comes from whoever runs the command.
    let proof = if url.contains("bodySHA256=") {
        verifier.verify_digested(&headers, url, &body, args.now.time())?
    } else {
        verifier.verify_form(&headers, url, &body, args.now.time())?
    };
    Verified {
        valid: true,
        scheme: NAME,
        key: proof.key_id().as_str(),
        message_id: None,
        timestamp: None,
        replay_key: proof.replay_key().to_string(),
        body_bytes: body.len() as u64,
    }
    .output()
}

fn secrets(args: &SecretArgs) -> Result<Vec<SharedSecret>, Failure> {
    let writing = args.form.unwrap_or(SecretWriting::Text);
    let texts = secret_text::load(args)?;
    texts.iter().map(|text| Ok(keys::shared_as(text, writing)?)).collect()
}

fn needed(url: Option<&str>) -> Result<&str, Failure> {
    url.ok_or_else(|| {
        let message =
            "the scheme signs the receiver's URL: give it with --url, as the sender knows it";
        Failure::error("policy", &message)
    })
}

fn none_given() -> Failure {
    let message =
        "there is no key: give the auth token with --secret-env NAME or --secret-file PATH";
    Failure::error("usage", &message)
}

fn check_unused(unused: bool) -> Result<(), Failure> {
    if !unused {
        return Ok(());
    }
    let message = "an option is given that has no effect with twilio: it takes secrets, headers, --url, --max-body \
                   and a body";
    Err(Failure::error("usage", &message))
}
