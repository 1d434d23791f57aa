//! The policy that the options ask for.

use palisade::password::{Argon2id, Bcrypt, Hasher, HasherBuilder, Mint, Normalization};

use crate::args::{MintArg, MintScheme, NormalForm, PolicyArgs};
use crate::output::Failure;
use crate::peppers;
use crate::units::Size;

/// What the options say; the rest is for the command to set.
pub(crate) fn builder(args: &PolicyArgs) -> Result<HasherBuilder, Failure> {
    let builder = Hasher::builder().mint(mint(&args.mint)?);
    Ok(match peppers::load(&args.peppers)? {
        Some(ring) => builder.peppers(ring),
        None => builder,
    })
}

fn mint(args: &MintArg) -> Result<Mint, Failure> {
    let &MintArg { scheme, memory, passes, lanes, cost, prehash } = args;
    match scheme {
        MintScheme::Argon2id if cost.is_some() || prehash => {
            Err(Failure::error("usage", &"--cost and --prehash go with --scheme bcrypt"))
        }
        MintScheme::Bcrypt if memory.is_some() || passes.is_some() || lanes.is_some() => {
            let message = "--memory, --passes and --lanes go with --scheme argon2id";
            Err(Failure::error("usage", &message))
        }
        MintScheme::Argon2id => {
            let owasp = Argon2id::OWASP;
            let memory = memory.unwrap_or(Size::from_bytes(owasp.memory_bytes()));
            let memory_kib = u32::try_from(memory.bytes() / 1024)
                .map_err(|_| Failure::error("policy", &"--memory is more than Argon2 can take"))?;
            let (passes, lanes) =
                (passes.unwrap_or(owasp.passes()), lanes.unwrap_or(owasp.lanes()));
            Ok(Argon2id::new(memory_kib, passes, lanes)?.into())
        }
        MintScheme::Bcrypt => {
            let bcrypt = Bcrypt::new(cost.unwrap_or(Bcrypt::COST_12.cost()))?;
            Ok(if prehash { bcrypt.with_prehash() } else { bcrypt }.into())
        }
    }
}

impl From<NormalForm> for Normalization {
    fn from(form: NormalForm) -> Self {
        match form {
            NormalForm::None => Self::None,
            NormalForm::Nfc => Self::Nfc,
            NormalForm::Nfkc => Self::Nfkc,
        }
    }
}
