//! What happens to leads all the time, on lists of so many agents.

use chrono::TimeDelta;
use serde_json::json;
use tipoff_board::{
    Actor, Assign, Claim, Claiming, Close, Known, MovedOn, Pass, Passing, Placed, Return,
};
use tipoff_domain::LeadId;
use tipoff_domain::plan::{Pick, Plan};
use tipoff_wire::Accepted;

use crate::table::{Table, agent, plan};

const AGENTS: [usize; 3] = [1, 20, 500];
/// Leads of each kind: fewer where each costs more.
const LEADS: usize = 600;

impl Table {
    pub(crate) async fn often(&self) {
        for agents in AGENTS {
            let leads = if agents > 100 { LEADS / 6 } else { LEADS };
            let at = |first: usize| (first + agents * 10_000)..(first + agents * 10_000 + leads);
            let ball = plan(Pick::All, agents);
            let (turn, next) = (plan(Pick::Turn, agents), plan(Pick::First, agents));
            // Every change is settled; once is enough.
            let placing = ["place", "settle"];
            self.measure(&placing, agents, at(0), |lead| self.place(lead, &turn)).await;
            self.later(TimeDelta::minutes(16)).await;
            self.measure(&["roll_on"], agents, at(0), |lead| self.roll_on(lead, &next)).await;
            self.unmeasured(at(2_000), |lead| self.place(lead, &ball)).await;
            self.measure(&["claim"], agents, at(2_000), |lead| self.claim(lead)).await;
            self.measure(&["give_back"], agents, at(2_000), |lead| self.give_back(lead)).await;
            self.measure(&["assign"], agents, at(2_000), |lead| self.assign(lead)).await;
            self.measure(&["close"], agents, at(2_000), |lead| self.close(lead)).await;
            self.unmeasured(at(4_000), |lead| self.place(lead, &turn)).await;
            self.measure(&["pass"], agents, at(4_000), |lead| self.pass(lead)).await;
        }
        self.measure(&["sweep"], 0, 0..LEADS, |_| self.sweep()).await;
    }

    pub(crate) async fn place(&self, lead: LeadId, plan: &Plan) {
        self.place_of("dana@example.com", lead, plan, Known::Ignore).await;
    }

    /// The lead of whoever has that address.
    pub(crate) async fn place_of(&self, email: &str, lead: LeadId, plan: &Plan, known: Known) {
        let body =
            json!({"source": "zillow", "emails": [email], "message": "Is it still available?"});
        let accepted = Accepted {
            id: lead,
            entity: self.entity.clone(),
            source: Some("zillow".parse().unwrap()),
            received_at: self.board.time(&self.entity).await.unwrap(),
            lead: serde_json::from_value(body).unwrap(),
        };
        assert_eq!(self.board.place(&accepted, plan, known).await.unwrap(), Placed::New);
    }

    /// Onward, when the offer has run out.
    async fn roll_on(&self, lead: LeadId, plan: &Plan) {
        let lead = self.lead(&lead).await;
        assert_eq!(self.board.roll_on(&lead, plan).await.unwrap(), MovedOn::Done);
    }

    pub(crate) async fn claim(&self, lead: LeadId) {
        let agent = agent(0);
        let claiming = Claiming::by(&agent, "").in_round(Some(1));
        let claimed = self.board.claim(&self.entity, &lead, &claiming).await.unwrap();
        assert!(matches!(claimed, Claim::Won(_)), "{claimed:?}");
    }

    async fn pass(&self, lead: LeadId) {
        let asked = self.lead(&lead).await.now_is.pending;
        let passed = self.board.pass(&self.entity, &lead, &Passing::by(&asked[0], "")).await;
        assert_eq!(passed.unwrap(), Pass::Passed);
    }

    pub(crate) async fn give_back(&self, lead: LeadId) {
        let returned =
            self.board.give_back(&self.entity, &lead, &Actor::Admin, None, "", &[]).await;
        assert!(matches!(returned.unwrap(), Return::Returned(_)));
    }

    async fn assign(&self, lead: LeadId) {
        let assigned = self.board.assign(&self.entity, &lead, &agent(0), &Actor::Admin, "").await;
        assert!(matches!(assigned.unwrap(), Assign::Assigned(_)));
    }

    pub(crate) async fn close(&self, lead: LeadId) {
        let closed = self.board.close(&self.entity, &lead, &Actor::Admin, None, false, "").await;
        assert!(matches!(closed.unwrap(), Close::Closed(_)));
    }

    pub(crate) async fn sweep(&self) {
        self.board.sweep(self.partition()).await.unwrap();
    }
}
