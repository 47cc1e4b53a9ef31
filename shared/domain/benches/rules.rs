//! What the rules cost: a plan by the number of routes and of agents, and a
//! look at a schedule. `make micro` compares them with another revision.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops right there")]

use std::hint::black_box;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use tipoff_domain::plan::{dice, plan_next};
use tipoff_domain::{
    Agent, AgentId, Arrival, EntityView, Hop, Lead, Route, RouteId, Schedule, plan,
};

const AGENTS: [usize; 4] = [1, 20, 100, 500];
const ROUTES: [usize; 4] = [1, 10, 100, 1_000];

fn friday() -> DateTime<Utc> {
    "2026-11-20T20:00:00Z".parse().unwrap()
}

fn lead() -> Lead {
    let lead = json!({
        "source": "zillow", "kind": "buyer", "emails": ["dana@example.com"], "hashtags": ["relocation"],
        "property": {"city": "Austin", "postal_code": "78701", "price": 450_000},
    });
    serde_json::from_value(lead).unwrap()
}

fn route(number: usize, strategy: &Value, criteria: &Value) -> Arc<Route> {
    let route = json!({
        "id": format!("route_{number}"), "title": format!("Route {number}"), "strategy": strategy, "criteria": criteria,
    });
    Arc::new(serde_json::from_value(route).unwrap())
}

/// The last of the routes takes the lead, the others do not.
fn view(routes: usize, agents: usize, strategy: &Value) -> EntityView {
    let entity = json!({"name": "Acme", "kind": "team", "zone": "America/New_York"});
    let agent = |number: usize| {
        let agent = json!({"name": "A", "email": format!("agent{number}@example.com")});
        let agent: Agent = serde_json::from_value(agent).unwrap();
        (format!("agent{number}").parse::<AgentId>().unwrap(), Arc::new(agent))
    };
    let passing = json!({"kinds": ["buyer"], "areas": ["10001"]});
    let mut all: Vec<_> = (1..routes).map(|number| route(number, strategy, &passing)).collect();
    all.push(route(0, strategy, &json!({})));
    EntityView {
        agents: (0..agents).map(agent).collect(),
        routes: all.into(),
        ..EntityView::new("acme".parse().unwrap(), serde_json::from_value(entity).unwrap())
    }
}

fn plans(criterion: &mut Criterion) {
    let (lead, now) = (lead(), friday());
    let robin = json!({"kind": "round_robin", "agents": "all"});
    let mut group = criterion.benchmark_group("plan");
    let mut planning = |name: &str, count: usize, view: &EntityView| {
        group.bench_with_input(BenchmarkId::new(name, count), view, |bencher, view| {
            bencher.iter(|| plan(&Arrival::of(black_box(&lead)), view, now, &mut dice([7; 32])));
        });
    };
    for routes in ROUTES {
        planning("routes", routes, &view(routes, 20, &robin));
    }
    for agents in AGENTS {
        planning("round_robin", agents, &view(1, agents, &robin));
        planning("random", agents, &view(1, agents, &json!({"kind": "random", "agents": "all"})));
        let ball = json!({"kind": "jump_ball", "agents": "all"});
        planning("jump_ball", agents, &view(1, agents, &ball));
        let odds: Value = (0..agents)
            .map(|agent| (format!("agent{agent}"), json!("average")))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let weighted = json!({"kind": "weighted_random", "odds": odds});
        planning("weighted_random", agents, &view(1, agents, &weighted));
    }
    group.finish();
}

fn hop<'a>(
    lead: &'a Lead,
    route: &'a RouteId,
    tried: &'a [AgentId],
    now: DateTime<Utc>,
) -> Hop<'a> {
    Hop {
        lead,
        route: Some(route),
        tried,
        again: &[],
        tags: &[],
        jump_ball: false,
        first_offer: now,
        board_now: now,
        reroutes: 0,
        full: &[],
    }
}

/// Half of the agents have had it.
fn hops(criterion: &mut Criterion) {
    let (lead, now) = (lead(), friday());
    let mut group = criterion.benchmark_group("plan_next");
    for agents in AGENTS {
        let view = view(1, agents, &json!({"kind": "round_robin", "agents": "all"}));
        let asked: Vec<AgentId> = view.agents.keys().take(agents / 2).cloned().collect();
        let route = &view.routes[0].id;
        group.bench_with_input(BenchmarkId::new("round_robin", agents), &view, |bencher, view| {
            bencher.iter(|| {
                let hop = hop(black_box(&lead), route, &asked, now);
                plan_next(&hop, view, now, &mut dice([7; 32]))
            });
        });
    }
    group.finish();
}

fn schedules(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("schedule");
    let nine_to_five = json!({"from": "09:00", "to": "17:00"});
    let dates: Vec<Value> = (1..=12)
        .map(|month| json!({"from": format!("2025-{month:02}-01"), "to": format!("2025-{month:02}-15")}))
        .chain([json!({"from": "2026-11-01", "to": "2026-11-30"})])
        .collect();
    for (name, more) in [
        ("always", json!({})),
        (
            "office_hours",
            json!({"days": ["mon", "tue", "wed", "thu", "fri"], "hours": nine_to_five}),
        ),
        ("many_dates", json!({"dates": dates})),
    ] {
        let mut whole = json!({"zone": "America/New_York"});
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let schedule: Schedule = serde_json::from_value(whole).unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(&schedule).admits(black_box(friday())));
        });
    }
    group.finish();
}

criterion_group!(benches, plans, hops, schedules);
criterion_main!(benches);
