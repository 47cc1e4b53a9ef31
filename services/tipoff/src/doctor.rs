//! `tipoff doctor`: what is wrong with a deployment, and how to put it right.

mod board;
mod durable;
mod findings;
mod nats;
mod redis;

use std::process::ExitCode;

use findings::Findings;
use reqwest::Url;
use tipoff_runtime::{Clock, Settings};

use crate::exit::{self, Unavailable};
use crate::{reach, term};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    settings: Settings,
    /// Monitoring ports of the servers of NATS, as in http://127.0.0.1:8222, with commas between.
    #[arg(long = "nats-monitor", env = "TIPOFF_NATS_MONITOR", value_delimiter = ',')]
    monitors: Vec<Url>,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    let mut missing = false;
    let bus = match reach::nats(&args.settings).await {
        Ok(nats) => {
            let partitions = nats::examine(&nats, &args.settings, &mut findings).await;
            partitions.map(|partitions| (nats, partitions))
        }
        Err(error) => {
            missing = true;
            absent("nats", &error, &mut findings);
            None
        }
    };
    durable::examine(&args.monitors, &mut findings).await;
    // Doctor looks at what others refuse to work with.
    let lenient = Settings { r#unsafe: true, ..args.settings.clone() };
    match reach::redis(&lenient).await {
        Ok(redis) => {
            redis::examine(&redis, &Clock::system(), &mut findings).await;
            if let Some((nats, partitions)) = bus {
                board::examine(nats, redis, partitions, &mut findings).await;
            }
        }
        Err(error) => {
            missing = true;
            absent("redis", &error, &mut findings);
        }
    }
    term::out(&findings.to_string());
    Ok(match (missing, findings.all_well()) {
        (true, _) => exit::UNAVAILABLE.into(),
        (false, false) => exit::WRONG.into(),
        (false, true) => ExitCode::SUCCESS,
    })
}

fn absent(about: &'static str, error: &anyhow::Error, findings: &mut Findings) {
    match error.downcast_ref::<Unavailable>() {
        Some(Unavailable { what, remedy }) => findings.wrong(about, what, *remedy),
        None => findings.wrong(about, format!("{error:#}"), "use a server that fits"),
    }
}
