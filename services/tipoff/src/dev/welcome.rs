//! What `tipoff dev` says first: where everything is, and what to try.

use std::borrow::Cow;
use std::path::Path;

use chrono::TimeDelta;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value, context};
use tipoff_domain::{AgentId, EntityId};
use tipoff_roster::Roster;

use super::Args;
use super::addresses::Addresses;
use super::ports::{Moved, Ports};
use super::servers::Servers;
use crate::{tell, term};

pub(super) fn text(
    addresses: &Addresses,
    servers: &Servers,
    roster: &Roster,
    args: &Args,
    moved: &[Moved],
    took: TimeDelta,
) -> anyhow::Result<String> {
    let usual = Ports::from(None);
    let Addresses { intake, nats, redis, api, operator_key, entities, .. } = addresses;
    let said = context! {
        version => env!("CARGO_PKG_VERSION"),
        kept => kept(args),
        moved => moved.iter().map(|Moved { what, wanted }| context! { what => *what, wanted => *wanted }).collect::<Vec<_>>(),
        table => table(addresses, servers),
        operator_key, intake, nats, api,
        teams => entities.keys().filter_map(|id| team(id, roster)).collect::<Vec<_>>(),
        demo => demo(addresses),
        tipoff => program(),
        on_nats => unless_usual(nats, usual.nats, "--nats-url"),
        on_redis => unless_usual(redis, usual.redis, "--redis-url"),
        to_intake => unless_usual(intake, usual.intake, "--intake"),
        took => tell::took(took),
    };
    let mut pages = Environment::new();
    pages
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).keep_trailing_newline(true).build()?);
    Ok(pages.render_str(include_str!("welcome.txt"), said)?)
}

fn kept(args: &Args) -> String {
    match &args.data {
        Some(data) => format!("data is kept in {}", data.display()),
        None => "data is thrown away on exit (--data DIR keeps it)".to_owned(),
    }
}

fn table(addresses: &Addresses, servers: &Servers) -> String {
    let row = |name: &str, url: &str, note: &str| [name, url, note].map(str::to_owned);
    let Addresses { api, intake, nats, redis, mailbox, admin, .. } = addresses;
    let (nats_pid, redis_pid) = (servers.nats.pid(), servers.redis.pid());
    let publish = format!("publish to leads.in.<entity>.<source>   (nats-server, pid {nats_pid})");
    term::columns(&[
        row("API", api, "described at /openapi.json"),
        row("Intake", intake, "POST /v1/leads with the key of a source"),
        row("Mailbox", mailbox, "everything that goes out lands here, nothing is sent"),
        row("NATS", nats, &publish),
        row("Redis", redis, &format!("(redis-server, pid {redis_pid})")),
        row("Health", &format!("{admin}/readyz"), "metrics: /metrics"),
    ])
}

fn team(id: &EntityId, roster: &Roster) -> Option<Value> {
    let view = roster.view(id)?;
    let agents: Vec<String> = view.agents.keys().map(AgentId::to_string).collect();
    let routes: Vec<String> = view.routes.iter().map(|route| route.title.clone()).collect();
    Some(context! { id => id.as_str(), name => view.entity.name.clone(), agents, routes })
}

/// An entity to send leads to, and the key of its zillow.
fn demo(addresses: &Addresses) -> Option<Value> {
    addresses.entities.iter().find_map(|(entity, team)| {
        let (_, key) = team.source_keys.iter().find(|(source, _)| **source == *"zillow")?;
        Some(context! { entity => entity.as_str(), key })
    })
}

/// The option that says where something is, where it must be said.
fn unless_usual(url: &str, usual: u16, option: &str) -> String {
    if url.ends_with(&format!(":{usual}")) { String::new() } else { format!(" {option} {url}") }
}

/// How this program is called from here.
fn program() -> String {
    let path = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    let inside =
        path.as_deref().zip(here.as_deref()).and_then(|(path, here)| path.strip_prefix(here).ok());
    inside.map(Path::to_string_lossy).map_or("tipoff".to_owned(), Cow::into_owned)
}
