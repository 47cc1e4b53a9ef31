//! What can be asked on the command line.

use clap::{Parser, Subcommand};

use crate::{
    attempt, bench, credentials, dev, dlq, doctor, erase, init, lint, rebuild, report,
    returned_mail, send, services, simulate, trace, trail, verify, webhooks,
};

/// Routes sales leads to the people who work them.
#[derive(Debug, Parser)]
#[command(name = "tipoff", version, propagate_version = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, read once")]
pub(crate) enum Command {
    /// Take leads in: HTTP, batches and plain NATS
    Ingest(services::IngestArgs),
    /// Decide who gets each lead, and fire deadlines
    Router(services::RouterArgs),
    /// Tell agents: e-mail and push
    Notifier(services::NotifierArgs),
    /// Serve the REST API, claim pages and live updates
    Api(services::ApiArgs),
    /// All four services in one process
    All(Box<services::AllArgs>),
    /// A whole private system on this machine: servers, services and a mailbox that catches everything
    Dev(dev::Args),
    /// Make the streams and the roster; safe to repeat
    Init(init::Args),
    /// Make users for NATS and Redis, one for each service, with the least that it needs
    Credentials(credentials::Args),
    /// Look for what is wrong with a deployment, and say how to put it right
    Doctor(doctor::Args),
    /// Send leads over HTTP, made up or from a file
    Send(send::Args),
    /// Tell everything that happened to a lead, and why
    Trace(trace::Args),
    /// Forget a person: what was sent and what they are recognised by, everywhere
    Erase(erase::Args),
    /// Tell who did what by right of administration
    Trail(trail::Args),
    /// Look for what is odd about an entity's routes and people
    Lint(lint::Args),
    /// Try a lead against an entity's routes: who would get it, and why; nothing is sent
    Try(attempt::Args),
    /// The Lead Routing Stats Report: what became of the leads, per agent
    Report(report::Args),
    /// Play the leads of the last days through a draft of the routes
    Simulate(simulate::Args),
    /// Measure what this machine can do, end to end
    Bench(bench::BenchArgs),
    /// Messages that nobody could handle: list, show and send again
    Dlq(dlq::Args),
    /// Fill the board anew from the log; decisions wait meanwhile
    Rebuild(rebuild::Args),
    /// Pass on a mail that came back, from standard input: an address that is dead is used no more
    ReturnedMail(returned_mail::Args),
    /// Compare the board with the log, at any time, and put right what differs
    Verify(verify::Args),
    /// Endpoints that are told what happens: list, add, remove, rotate, replay
    Webhooks(webhooks::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
