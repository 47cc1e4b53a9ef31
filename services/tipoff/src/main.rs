//! `tipoff`: every service, dev mode and the tools, in one binary.

mod attempt;
mod bench;
mod cli;
mod client;
mod credentials;
mod dev;
mod dlq;
mod doctor;
mod erase;
mod exit;
mod files;
mod init;
mod lint;
mod reach;
mod rebuild;
mod report;
mod returned_mail;
mod send;
mod services;
mod simulate;
mod tell;
mod term;
mod trace;
mod trail;
mod verify;
mod webhooks;
mod why;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command};

/// Small things come and go by the million here.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // Fails only if somebody installed one before, and nobody runs before main.
    rustls::crypto::ring::default_provider().install_default().ok();
    files::as_many_as_may_be();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            error.print().ok();
            return if error.use_stderr() { exit::USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    match run(cli.command).await {
        Ok(code) => code,
        Err(error) => {
            term::err(&format!("tipoff: {error:#}\n"));
            exit::code(&error).into()
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Ingest(args) => Box::pin(services::ingest(args)).await?,
        Command::Router(args) => Box::pin(services::router(args)).await?,
        Command::Notifier(args) => Box::pin(services::notifier(args)).await?,
        Command::Api(args) => Box::pin(services::api(args)).await?,
        Command::All(args) => Box::pin(services::all(*args)).await?,
        Command::Dev(args) => return Box::pin(dev::run(args)).await,
        Command::Init(args) => Box::pin(init::run(args)).await?,
        Command::Credentials(args) => credentials::run(&args)?,
        Command::Doctor(args) => return Box::pin(doctor::run(args)).await,
        Command::Send(args) => Box::pin(send::run(args)).await?,
        Command::Trail(args) => Box::pin(trail::run(args)).await?,
        Command::Trace(args) => Box::pin(trace::run(args)).await?,
        Command::Erase(args) => return Box::pin(erase::run(args)).await,
        Command::Lint(args) => return Box::pin(lint::run(args)).await,
        Command::Try(args) => Box::pin(attempt::run(args)).await?,
        Command::Report(args) => Box::pin(report::run(args)).await?,
        Command::Simulate(args) => Box::pin(simulate::run(args)).await?,
        Command::Bench(args) => Box::pin(bench::run(args)).await?,
        Command::Dlq(args) => Box::pin(dlq::run(args)).await?,
        Command::Rebuild(args) => Box::pin(rebuild::run(args)).await?,
        Command::Verify(args) => return Box::pin(verify::run(args)).await,
        Command::ReturnedMail(args) => returned_mail::run(args).await?,
        Command::Webhooks(args) => Box::pin(webhooks::run(args)).await?,
    }
    Ok(ExitCode::SUCCESS)
}
