//! Five hundred agents at once (scenario 10).

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tipoff_trouble::checker::Verdict;
use tipoff_trouble::clients::Clients;
use tipoff_trouble::evidence::{Evidence, Outage};
use tipoff_trouble::history::Said;
use tipoff_trouble::storm;
use tipoff_trouble::system::System;
use tipoff_trouble::team::{Team, team};
use tipoff_trouble::watching::{Seen, Watching};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::stage::{build, holds};

const AGENTS: usize = 500;

struct Crowd {
    system: System,
    clients: Clients,
    team: Team,
    lead: Seen,
    _directory: tempfile::TempDir,
}

impl Crowd {
    /// One lead that all of them are asked about.
    async fn gathered() -> Self {
        let (build, directory) = build(1);
        let system = System::start(&build).await.unwrap();
        let ball = json!({"kind": "jump_ball", "agents": "all"});
        let team = team(&system.roster, "crowd", &ball, "10s", AGENTS).await.unwrap();
        let System { nats, clock, intakes, apis, .. } = &system;
        let clients = Clients::new(nats, clock, intakes, apis).unwrap();
        let (listener, _events) = mpsc::unbounded_channel();
        let watching = Watching::start(nats.clone(), listener);
        while !matches!(clients.send(&team, "web-1", 0).await, Said::Accepted(_)) {}
        let lead = watching.until("web-1", |seen| seen.last.offers.len() == AGENTS).await.unwrap();
        Self { system, clients, team, lead, _directory: directory }
    }

    /// What an agent hears who claims it; each press is a request of its own.
    async fn claim(&self, agent: usize, press: usize) -> Said {
        let (lead, round) = (&self.lead.lead, Some(self.lead.last.after.round));
        self.clients.claim(&self.team, lead, &self.team.agents[agent], round, press).await
    }

    async fn verdict(&self) -> Verdict {
        // Who was told is not what is asked here.
        let ended = self.system.clock.now();
        let evidence = Evidence {
            silences: vec![Outage { from: self.lead.last.at, to: ended }],
            history: self.clients.recorder().history(),
            log: storm::log(&self.system).await.unwrap(),
            ended,
            ..Evidence::default()
        };
        holds(&evidence)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_five_hundred_who_claim_at_once_one_has_it_and_pressing_twice_does_no_harm() {
    let crowd = Crowd::gathered().await;
    let once = (0..AGENTS).map(|agent| (agent, 0));
    let ten_press_twice = (0..AGENTS).step_by(AGENTS / 10).map(|agent| (agent, 1));
    let all = once.chain(ten_press_twice);
    let said =
        join_all(all.map(async |(agent, press)| (agent, crowd.claim(agent, press).await))).await;
    let (owners, others): (Vec<_>, Vec<_>) =
        said.iter().partition(|(_, said)| matches!(said, Said::Won | Said::AlreadyYours));
    let winner = owners[0].0;
    assert!(owners.iter().all(|(agent, _)| *agent == winner), "{owners:?}");
    assert!(others.iter().all(|(_, said)| *said == taken()), "{others:?}");
    assert_eq!(owners.iter().filter(|(_, said)| *said == Said::Won).count(), 1, "{owners:?}");

    assert_eq!(crowd.claim(winner, 2).await, Said::AlreadyYours, "the winner presses once more");
    let another = (winner + 1) % AGENTS;
    assert_eq!(crowd.claim(another, 2).await, taken(), "and so does somebody else");
    assert_eq!(crowd.verdict().await.won, 1);
}

fn taken() -> Said {
    Said::No("taken".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_claims_when_the_deadline_is_over_is_refused_by_the_clock_that_fires_it() {
    let crowd = Crowd::gathered().await;
    let until = crowd.lead.last.after.until.unwrap();
    let left = (until - crowd.system.clock.now()).to_std().unwrap_or_default();
    sleep(left + Duration::from_millis(1)).await;
    let said = join_all((0..20).map(|agent| crowd.claim(agent, 0))).await;
    assert!(said.iter().all(|said| *said == Said::No("too_late".to_owned())), "{said:?}");
    assert_eq!(crowd.verdict().await.won, 0);
}
