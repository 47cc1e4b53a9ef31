//! What `tipoff dev` says first: where everything is, and what to try.

use std::path::Path;

use chrono::TimeDelta;
use tipoff_domain::EntityId;
use tipoff_roster::Roster;

use super::Args;
use super::addresses::Addresses;
use super::ports::{Moved, Ports};
use super::servers::Servers;
use super::teams::TeamKeys;
use crate::{tell, term};

pub(super) fn text(
    addresses: &Addresses,
    servers: &Servers,
    roster: &Roster,
    args: &Args,
    moved: &[Moved],
    took: TimeDelta,
) -> String {
    let kept = match &args.data {
        Some(data) => format!("data is kept in {}", data.display()),
        None => "data is thrown away on exit (--data DIR keeps it)".to_owned(),
    };
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("Tipoff {version} (dev)   everything is on 127.0.0.1; {kept}\n\n");
    for Moved { what, wanted } in moved {
        text.push_str(
            &format_args!(
                "  Port {wanted} is taken by something else, so {what} has another one.\n"
            )
            .to_string(),
        );
    }
    text += &places(addresses, servers);
    for entity in addresses.entities.keys() {
        text += &team(entity, roster);
    }
    text += "\nTry it, in another terminal:\n";
    text += &advice(addresses);
    text + &format!("\nReady in {}. Ctrl-C stops everything.\n\n", tell::took(took))
}

fn places(addresses: &Addresses, servers: &Servers) -> String {
    let row = |name: &str, url: &str, note: String| [name.to_owned(), url.to_owned(), note];
    let Addresses { api, intake, nats, redis, mailbox, admin, operator_key, .. } = addresses;
    let table = term::columns(&[
        row("API", api, "described at /openapi.json".to_owned()),
        row("Intake", intake, "POST /v1/leads with the key of a source".to_owned()),
        row("Mailbox", mailbox, "e-mails and pushes land here, nothing is sent".to_owned()),
        row(
            "NATS",
            nats,
            format!(
                "publish to leads.in.<entity>.<source>   (nats-server, pid {})",
                servers.nats.pid()
            ),
        ),
        row("Redis", redis, format!("(redis-server, pid {})", servers.redis.pid())),
        row("Health", &format!("{admin}/readyz"), "metrics: /metrics".to_owned()),
    ]);
    format!("{table}\n  Operator key   {operator_key}\n")
}

fn team(id: &EntityId, roster: &Roster) -> String {
    let Some(view) = roster.view(id) else {
        return String::new();
    };
    let agents: Vec<&str> = view.agents.keys().map(tipoff_domain::AgentId::as_str).collect();
    let routes: Vec<&str> = view.routes.iter().map(|route| route.title.as_str()).collect();
    format!(
        "\n  {} ({id}): {}\n    routes: {}\n",
        view.entity.name,
        agents.join(", "),
        routes.join(" · ")
    )
}

/// Commands to paste, complete for where everything is now.
fn advice(addresses: &Addresses) -> String {
    let usual = Ports::from(None);
    let tipoff = program();
    let Addresses { intake, nats, api, operator_key, .. } = addresses;
    let on_nats = if nats.ends_with(&format!(":{}", usual.nats)) {
        String::new()
    } else {
        format!(" --nats-url {nats}")
    };
    let to_intake = if intake.ends_with(&format!(":{}", usual.intake)) {
        String::new()
    } else {
        format!(" --intake {intake}")
    };
    let trace = format!(
        "  {tipoff} trace ABC123{on_nats}   # why it went where it went; the id is in the second column below\n"
    );
    let Some((entity, key)) = addresses.entities.iter().find_map(a_key) else {
        return format!(
            "  export TIPOFF_KEY={operator_key}\n  curl -X PUT {api}/v1/entities/acme -H \"Authorization: Bearer $TIPOFF_KEY\" \\\n    \
             -H 'Content-Type: application/json' -d '{{\"name\":\"Acme Realty\",\"kind\":\"team\",\"zone\":\"America/New_York\"}}'\n  \
             # then agents, sources and routes in the same way: see the README\n{trace}"
        );
    };
    format!(
        "  export TIPOFF_KEY={key}   # the key of {entity}'s zillow\n  \
         {tipoff} send{to_intake}   # a made-up lead: see it offered below, claim it from the mailbox\n  \
         curl {intake}/v1/leads -H \"Authorization: Bearer $TIPOFF_KEY\" -H 'Content-Type: application/json' \\\n    \
         -d '{{\"name\":{{\"full\":\"Sam Poe\"}},\"phones\":[\"+1 512 555 0101\"],\"hashtags\":[\"open-house\"]}}'\n  \
         nats pub -s {nats} leads.in.{entity}.website '{{\"emails\":[\"kim@example.com\"]}}' -H Nats-Msg-Id:kim-1\n{trace}"
    )
}

fn a_key<'a>((entity, team): (&'a EntityId, &'a TeamKeys)) -> Option<(&'a EntityId, &'a str)> {
    let zillow = team.source_keys.iter().find(|(source, _)| *source == "zillow")?;
    Some((entity, zillow.1))
}

/// How this program is called from here.
fn program() -> String {
    let path = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    let inside =
        path.as_deref().zip(here.as_deref()).and_then(|(path, here)| path.strip_prefix(here).ok());
    inside.map(Path::to_string_lossy).map_or("tipoff".to_owned(), std::borrow::Cow::into_owned)
}
