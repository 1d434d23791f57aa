//! `palisade epoch`.

use std::time::{Duration, SystemTime};

use palisade::session::{Epoch, EpochStanding};
use serde::Serialize;

use crate::args::{EpochCommand, EpochNowArgs, EpochWindowArgs};
use crate::output::{Failure, Output};
use crate::units::{seconds, shown};

#[derive(Serialize)]
struct Bounds {
    epoch: String,
    starts_at: u64,
    refresh_from: u64,
    expires_at: u64,
}

impl Bounds {
    fn of(epoch: Epoch) -> Self {
        Self {
            epoch: epoch.to_string(),
            starts_at: seconds(epoch.starts_at()),
            refresh_from: seconds(epoch.refresh_from()),
            expires_at: seconds(epoch.expires_at()),
        }
    }
}

#[derive(Serialize)]
struct Window {
    #[serde(flatten)]
    bounds: Bounds,
    standing: &'static str,
    at: u64,
    leeway_seconds: f64,
}

pub(crate) fn run(command: &EpochCommand) -> Result<Output, Failure> {
    match command {
        EpochCommand::Now(args) => now(args),
        EpochCommand::Window(args) => window(args),
    }
}

fn now(args: &EpochNowArgs) -> Result<Output, Failure> {
    let at = args.at.map_or_else(SystemTime::now, |at| at.0);
    let epoch = Epoch::of(at).map_err(|error| Failure::error("time", &error))?;
    Output::new(table(epoch), &Bounds::of(epoch))
}

fn window(args: &EpochWindowArgs) -> Result<Output, Failure> {
    let at = args.at.map_or_else(SystemTime::now, |at| at.0);
    let leeway = args.leeway.map_or(Duration::ZERO, |leeway| leeway.0);
    let standing = args.epoch.standing(at, leeway);
    let says = match standing {
        EpochStanding::NotYetValid => "not yet valid",
        EpochStanding::Valid => "valid",
        EpochStanding::RefreshDue => "valid; the token for the next epoch is due",
        EpochStanding::Expired => "expired",
    };
    let works = matches!(standing, EpochStanding::Valid | EpochStanding::RefreshDue);
    let text = format!("{}at         {}\nstanding   {says}\n", table(args.epoch), shown(at));
    let answer = Window {
        bounds: Bounds::of(args.epoch),
        standing: standing.as_str(),
        at: seconds(at),
        leeway_seconds: leeway.as_secs_f64(),
    };
    Ok(Output::new(text, &answer)?.with_status(u8::from(!works)))
}

fn table(epoch: Epoch) -> String {
    format!(
        "epoch      {epoch}\n\
         starts     {}\n\
         refresh    {}\n\
         expires    {}\n",
        shown(epoch.starts_at()),
        shown(epoch.refresh_from()),
        shown(epoch.expires_at()),
    )
}
