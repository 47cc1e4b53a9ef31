//! Findings in words, in both languages.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::covers::Whence;
use super::week::{Range, WEEK};
use super::{Code, Message};
use crate::{Agent, AgentId, Channel, EntityView, NoMatch, Pond, Route, Span};

/// More than this many of anything are counted, not named.
const NAMED: usize = 4;

fn say(en: String, es: String) -> Message {
    Message { en, es }
}

/// "a, b and 3 more", for both languages.
fn list(names: &[String]) -> Message {
    let join = |and: &str, more: &str| match names {
        [] => String::new(),
        [one] => one.clone(),
        _ if names.len() > NAMED => {
            let rest = names.len() - NAMED;
            format!("{} {and} {rest} {more}", names[..NAMED].join(", "))
        }
        [most @ .., last] => format!("{} {and} {last}", most.join(", ")),
    };
    say(join("and", "more"), join("y", "más"))
}

fn titles(routes: &[&Route]) -> Message {
    list(&routes.iter().map(|route| format!("“{}”", route.title)).collect::<Vec<_>>())
}

fn agents(ids: &[&AgentId]) -> Message {
    list(&ids.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// Minutes since midnight as `09:30`.
pub(super) fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn day(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}

pub(super) fn no_routes(view: &EntityView) -> Message {
    let lot = without_route(view);
    say(
        format!("there is no active route: all leads {}", lot.en),
        format!("no hay ninguna ruta activa: todos los leads {}", lot.es),
    )
}

/// What becomes of leads that no route takes (D-6).
fn without_route(view: &EntityView) -> Message {
    let (en, es) = match view.entity.no_match {
        NoMatch::Pool => ("rest in the pool", "quedan en el fondo común"),
        NoMatch::DefaultRoute => ("go by the default route", "van por la ruta predeterminada"),
    };
    say(en.to_owned(), es.to_owned())
}

pub(super) fn shadowed(route: &Route, by: &[&Route], never: bool) -> Message {
    let (title, by) = (&route.title, titles(by));
    let (en, es) = if never {
        ("it never gets one", "nunca recibe ninguno")
    } else {
        (
            "it gets one only when nobody there can take it",
            "solo recibe uno cuando allí nadie puede tomarlo",
        )
    };
    say(
        format!("{} come first for every lead that “{title}” could take: {en}", by.en),
        format!("{} van antes para todo lead que “{title}” podría tomar: {es}", by.es),
    )
}

pub(super) fn assignments_overlap(route: &Route, first: &[&Route]) -> Message {
    let (title, first) = (&route.title, titles(first));
    say(
        format!(
            "“{title}” and {} assign some of the same leads at the same times; the one higher on the list has them",
            first.en
        ),
        format!(
            "“{title}” y {} asignan algunos de los mismos leads a las mismas horas; los tiene la que está más arriba en la lista",
            first.es
        ),
    )
}

pub(super) fn assignment_overrides(route: &Route, above: &[&Route]) -> Message {
    let (title, above) = (&route.title, titles(above));
    say(
        format!(
            "“{title}” assigns to one agent, so it comes before {} though it stands below",
            above.en
        ),
        format!(
            "“{title}” asigna a un agente, así que va antes que {} aunque está más abajo",
            above.es
        ),
    )
}

pub(super) fn nobody_can_take(route: &Route, off: &[&AgentId], unknown: &[&AgentId]) -> Message {
    let title = &route.title;
    let (off_names, unknown_names) = (agents(off), agents(unknown));
    let (mut en, mut es) = (Vec::new(), Vec::new());
    if !off.is_empty() {
        en.push(format!("paused: {}", off_names.en));
        es.push(format!("en pausa: {}", off_names.es));
    }
    if !unknown.is_empty() {
        en.push(format!("no longer agents: {}", unknown_names.en));
        es.push(format!("ya no son agentes: {}", unknown_names.es));
    }
    if en.is_empty() {
        en.push("it has no agents".to_owned());
        es.push("no tiene agentes".to_owned());
    }
    say(
        format!("nobody on “{title}” can take a lead now ({}); it is skipped", en.join("; ")),
        format!("nadie en “{title}” puede tomar un lead ahora ({}); se omite", es.join("; ")),
    )
}

pub(super) fn unreachable_on_route(route: &Route, missed: &[&AgentId]) -> Message {
    let (title, missed) = (&route.title, agents(missed));
    say(
        format!("none of the channels of “{title}” reach {}: they are skipped", missed.en),
        format!("ningún canal de “{title}” llega a {}: se les omite", missed.es),
    )
}

pub(super) fn timeout_too_short(route: &Route, after: Span, needs: Span, asked: u32) -> Message {
    let (title, each) = (&route.title, route.claim_within);
    let (after, needs) = (in_minutes(after), in_minutes(needs));
    say(
        format!(
            "“{title}” gives {asked} agents {} each and so needs {needs}, but times out after {after}",
            in_minutes(each)
        ),
        format!(
            "“{title}” da {} a cada uno de {asked} agentes y por eso necesita {needs}, pero vence a los {after}",
            in_minutes(each)
        ),
    )
}

/// "15 min" where it is whole minutes, as people count them here.
fn in_minutes(span: Span) -> String {
    match span.as_seconds() {
        seconds if seconds % 60 == 0 && seconds < 7_200 => format!("{} min", seconds / 60),
        _ => span.to_string(),
    }
}

pub(super) fn paused_with_dates(route: &Route, first: NaiveDate, last: NaiveDate) -> Message {
    let (title, first, last) = (&route.title, day(first), day(last));
    say(
        format!("“{title}” is paused, but its dates ({first} to {last}) are still to come"),
        format!("“{title}” está en pausa, pero sus fechas ({first} a {last}) aún no han pasado"),
    )
}

pub(super) fn dates_over(route: &Route, last: NaiveDate) -> Message {
    let (title, last) = (&route.title, day(last));
    say(
        format!("the dates of “{title}” ended on {last}: it takes no more leads"),
        format!("las fechas de “{title}” terminaron el {last}: ya no toma leads"),
    )
}

pub(super) fn never_active(route: &Route) -> Message {
    let title = &route.title;
    say(
        format!("no moment of the coming year lies in the schedule of “{title}”"),
        format!("ningún momento del próximo año cae en el horario de “{title}”"),
    )
}

pub(super) fn window_skipped(
    route: &Route,
    zone: Tz,
    (on, from, to): (NaiveDate, u32, u32),
) -> Message {
    let (title, on, from, to) = (&route.title, day(on), clock(from), clock(to));
    say(
        format!(
            "clocks in {zone} skip {from}–{to} on {on}: “{title}” is never active in that window on that day"
        ),
        format!(
            "los relojes de {zone} saltan {from}–{to} el {on}: “{title}” nunca está activa en esa franja ese día"
        ),
    )
}

fn from_where(sources: &[Whence<'_>]) -> Message {
    let known: Vec<String> =
        sources.iter().filter_map(|source| source.map(ToString::to_string)).collect();
    let names = list(&known);
    match (known.is_empty(), known.len() == sources.len()) {
        (true, _) => say("leads without a source".to_owned(), "leads sin fuente".to_owned()),
        (false, true) => say(format!("leads from {}", names.en), format!("leads de {}", names.es)),
        (false, false) => say(
            format!("leads from {}, and those without a source,", names.en),
            format!("leads de {}, y los que no tienen fuente,", names.es),
        ),
    }
}

pub(super) fn hours(
    code: Code,
    sources: &[Whence<'_>],
    ranges: &[Range],
    view: &EntityView,
) -> Message {
    let (who, when) = (from_where(sources), when(ranges));
    let zone = view.entity.zone;
    if code == Code::PartlyCoveredHours {
        return say(
            format!(
                "{} are taken only if they meet further criteria: {} ({zone})",
                who.en, when.en
            ),
            format!("{} se toman solo si cumplen otros criterios: {} ({zone})", who.es, when.es),
        );
    }
    let lot = without_route(view);
    say(
        format!("{} find no active route and {}: {} ({zone})", who.en, lot.en, when.en),
        format!("{} no encuentran ruta activa y {}: {} ({zone})", who.es, lot.es, when.es),
    )
}

fn when(ranges: &[Range]) -> Message {
    const EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const ES: [&str; 7] = ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"];
    let time = |names: [&str; 7], minute: usize| {
        format!("{} {:02}:{:02}", names[minute / 1_440 % 7], minute % 1_440 / 60, minute % 60)
    };
    let each = |range: &Range, names: [&str; 7], all: &str, weeks: &str| {
        let often = range.weeks.map(|count| format!(" ({count} {weeks})")).unwrap_or_default();
        if range.minutes() == WEEK {
            return format!("{all}{often}");
        }
        // What ends at midnight ends on the day it began.
        let end = match range.to % 1_440 {
            0 => format!("{} 24:00", names[(range.to / 1_440 + 6) % 7]),
            _ => time(names, range.to),
        };
        format!("{}–{end}{often}", time(names, range.from))
    };
    let en: Vec<_> =
        ranges.iter().map(|range| each(range, EN, "all week", "weeks of 52")).collect();
    let es: Vec<_> =
        ranges.iter().map(|range| each(range, ES, "toda la semana", "semanas de 52")).collect();
    say(list(&en).en, list(&es).es)
}

pub(super) fn source_nowhere(source: Whence<'_>, paused: &[&Route], view: &EntityView) -> Message {
    let (who, names, lot) = (from_where(&[source]), titles(paused), without_route(view));
    let (en, es) = if paused.is_empty() {
        (String::new(), String::new())
    } else {
        (format!(" (paused: {})", names.en), format!(" (en pausa: {})", names.es))
    };
    say(
        format!("no active route ever takes {}{en}: they {}", who.en, lot.en),
        format!("ninguna ruta activa toma nunca {}{es}: {}", who.es, lot.es),
    )
}

pub(super) fn agent_without_route(id: &AgentId, agent: &Agent) -> Message {
    let name = &agent.name;
    say(
        format!("{name} ({id}) is on no active route"),
        format!("{name} ({id}) no está en ninguna ruta activa"),
    )
}

pub(super) fn agent_without_channel(id: &AgentId, agent: &Agent) -> Message {
    let name = &agent.name;
    say(
        format!("{name} ({id}) has no address for any channel they want, so no offer reaches them"),
        format!(
            "{name} ({id}) no tiene dirección para ningún canal que desea, así que no le llega ninguna oferta"
        ),
    )
}

fn names_of(channels: &[Channel]) -> String {
    channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>().join(", ")
}

pub(super) fn not_confirmed(id: &AgentId, agent: &Agent, channels: &[Channel]) -> Message {
    let (name, channels) = (&agent.name, names_of(channels));
    say(
        format!(
            "{name} ({id}) is not told by {channels} until they answer a test message, as only confirmed channels count"
        ),
        format!(
            "{name} ({id}) no recibe avisos por {channels} hasta que responda a un mensaje de prueba, pues solo cuentan los canales confirmados"
        ),
    )
}

pub(super) fn untested(agents: &BTreeMap<AgentId, Vec<Channel>>) -> Message {
    let each = |(id, channels): (&AgentId, &Vec<Channel>)| format!("{id} ({})", names_of(channels));
    let all = list(&agents.iter().map(each).collect::<Vec<_>>());
    say(
        format!("no test message was answered yet by {}", all.en),
        format!("aún no respondieron a un mensaje de prueba: {}", all.es),
    )
}

pub(super) fn misses_told_to_nobody() -> Message {
    say(
        "nobody is told of agents who let offers run out: name `admins` of the entity".to_owned(),
        "a nadie se le avisa de los agentes que dejan pasar ofertas: nombra `admins` de la entidad"
            .to_owned(),
    )
}

pub(super) fn pond_without_members(pond: &Pond) -> Message {
    let name = &pond.name;
    say(
        format!("nobody can claim from the pond “{name}”: it has no members"),
        format!("nadie puede reclamar de la laguna “{name}”: no tiene miembros"),
    )
}
