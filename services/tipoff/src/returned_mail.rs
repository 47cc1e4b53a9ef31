//! `tipoff returned-mail`: passes on a mail that came back, as a mail system hands
//! it to a program (`returns: "|tipoff returned-mail"` among the aliases). While the
//! API is away it says so as mail systems expect it, and they try again.

use std::io::Read;

use anyhow::Context;

use crate::client::Caller;
use crate::exit::{TryAgain, Unavailable};
use crate::term;

/// No report is longer; what comes after that is the mail that came back.
const LONGEST: u64 = 900 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    caller: Caller,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let mut mail = Vec::new();
    let read = std::io::stdin().take(LONGEST).read_to_end(&mut mail);
    read.context("the mail cannot be read from standard input")?;
    let asking = args.caller.ask_about("/v1/returned-mail", "message/rfc822", mail);
    let said = asking.await.map_err(or_again)?;
    let text = |name: &str| said[name].as_str().unwrap_or_default();
    term::out(&match text("outcome") {
        "address_dead" => format!("the address is used no more: {}\n", text("status")),
        "noted" => format!("noted: {}\n", text("status")),
        "not_ours" => "it is about no mail of ours\n".to_owned(),
        _ => "it is no report of a mail that could not be delivered\n".to_owned(),
    });
    Ok(())
}

fn or_again(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Unavailable>() {
        Ok(away) => TryAgain(away).into(),
        Err(error) => error,
    }
}
