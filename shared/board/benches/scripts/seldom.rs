//! What happens to some leads, on lists of twenty agents.

use chrono::{DateTime, TimeDelta};
use tipoff_board::{
    Actor, Chance, Claim, Claiming, Credit, Erase, FollowUp, Known, MovedOn, Pass, Passing,
    PondClaim, Recognised, Release, Released, Undone, Withdrawal, Withdrawn, Worked,
};
use tipoff_domain::plan::{Otherwise, Pick, Plan, Rest, Then};
use tipoff_domain::{Cap, Decision, LeadId, PondId, Span};

use crate::table::{Table, agent, plan, plan_on};

pub(crate) const AGENTS: usize = 20;
pub(crate) const LEADS: usize = 200;
/// How people who come again are known.
const KNOWN: Known = Known::Attach { sticky: TimeDelta::days(90) };

impl Table {
    /// What becomes of a jump ball. Each lead has a route of its own, so that no route owes
    /// more than one.
    pub(crate) async fn offers(&self) {
        let leads = || 1_000..1_000 + LEADS;
        self.unmeasured(leads(), |lead| self.place_on_its_own(lead, Pick::All)).await;
        self.measure(&["withdraw"], AGENTS, leads(), |lead| self.withdraw(lead)).await;
        self.unmeasured(leads(), |lead| self.pass_for_now(lead)).await;
        self.measure(&["undo_pass"], AGENTS, leads(), |lead| self.undo_pass(lead)).await;
        self.unmeasured(leads(), |lead| self.pass_for_now(lead)).await;
        self.measure(&["another_chance"], AGENTS, leads(), |lead| self.another_chance(lead)).await;
        self.unmeasured(leads(), |lead| self.claim(lead)).await;
        self.measure(&["room"], AGENTS, leads(), |lead| self.room(lead)).await;
        self.measure(&["credit"], AGENTS, leads(), |lead| self.credit(lead)).await;
        self.measure(&["erase"], AGENTS, leads(), |lead| self.erase(lead)).await;
    }

    /// What rests, is taken and must be worked; and what lies in ponds that are gone.
    pub(crate) async fn ponds(&self) {
        let (leads, stranded) = (|| 2_000..2_000 + LEADS, || 3_000..3_000 + LEADS);
        let (pool, next) =
            (resting(Rest::in_pool(Otherwise::Exhausted)), plan(Pick::First, AGENTS));
        self.unmeasured(leads(), |lead| self.place(lead, &pool)).await;
        self.unmeasured(leads(), |lead| self.take(lead)).await;
        self.measure(&["follow_up"], AGENTS, leads(), |lead| self.follow_up(lead)).await;
        self.unmeasured(leads(), |lead| self.give_back(lead)).await;
        self.unmeasured(leads(), |lead| self.take(lead)).await;
        self.measure(&["worked"], AGENTS, leads(), |lead| self.worked(lead)).await;
        self.unmeasured(leads(), |lead| self.give_back(lead)).await;
        self.unmeasured(leads(), |lead| self.take(lead)).await;
        self.later(TimeDelta::minutes(16)).await;
        self.measure(&["reclaim"], AGENTS, leads(), |lead| self.reclaim(lead)).await;
        self.measure(&["serve"], AGENTS, leads(), |lead| self.serve(lead, &next)).await;
        self.unmeasured(stranded(), |lead| self.place_in_a_pond(lead)).await;
        self.measure(&["rescue"], AGENTS, stranded(), |lead| self.rescue(lead)).await;
    }

    /// Somebody was stored, then asks by themselves; what was stored is let go after that, and
    /// becomes part of what they asked.
    pub(crate) async fn people(&self) {
        let leads = || 4_000..4_000 + LEADS;
        let then = Then::Hold(Otherwise::NotAutomatic);
        let (hold, ball) = (Plan { then, decision: Decision::default() }, plan(Pick::All, AGENTS));
        self.unmeasured(leads(), |lead| self.store(lead, &hold)).await;
        self.unmeasured(leads(), |lead| self.ask_again(lead, &ball)).await;
        self.measure(&["release"], AGENTS, leads(), |lead| self.release(lead)).await;
        // Both leads have an event then, and one answer tells of one only.
        let recognising = ["recognise", "unsent"];
        self.measure(&recognising, AGENTS, leads(), |lead| self.recognise(lead)).await;
    }

    pub(crate) async fn place_on_its_own(&self, lead: LeadId, pick: Pick) {
        let plan = plan_on(own_route(&lead).parse().unwrap(), pick, AGENTS);
        self.place(lead, &plan).await;
    }

    async fn withdraw(&self, lead: LeadId) {
        let (agent, why) = (agent(2), Withdrawal::Undeliverable);
        let withdrawn = self.board.withdraw(&self.entity, &lead, &agent, Some(1), why).await;
        assert_eq!(withdrawn.unwrap(), Withdrawn::Done);
    }

    /// It can be taken back.
    async fn pass_for_now(&self, lead: LeadId) {
        let (agent, undo) = (agent(1), Some(Span::minutes(10)));
        let passing = Passing { undo, ..Passing::by(&agent, "") };
        let passed = self.board.pass(&self.entity, &lead, &passing).await;
        assert_eq!(passed.unwrap(), Pass::Passed);
    }

    async fn undo_pass(&self, lead: LeadId) {
        let undone = self.board.undo_pass(&self.entity, &lead, &agent(1), "").await;
        assert_eq!(undone.unwrap(), Undone::Pending);
    }

    async fn another_chance(&self, lead: LeadId) {
        let chance = self.board.another_chance(&self.entity, &lead, &agent(1), "").await;
        assert_eq!(chance.unwrap(), Chance::Queued);
    }

    async fn room(&self, lead: LeadId) {
        let caps = [None, Some(DateTime::UNIX_EPOCH)].map(|since| Cap { since, count: 1_000 });
        let has_room = self.board.has_room(&self.entity, &lead, &agent(0), &caps).await;
        assert!(has_room.unwrap());
    }

    async fn credit(&self, lead: LeadId) {
        let credited = self.board.credit(&self.entity, &lead, &Actor::Admin, None, "").await;
        assert!(matches!(credited.unwrap(), Credit::Credited(_)));
    }

    async fn erase(&self, lead: LeadId) {
        let erased = self.board.erase(&self.entity, &lead, &Actor::Admin, "").await;
        assert!(matches!(erased.unwrap(), Erase::Erased(_)));
    }

    /// From the pool, which takes it back unless it is worked.
    async fn take(&self, lead: LeadId) {
        let (agent, reclaim_after) = (agent(0), Some(Span::minutes(10)));
        let ponds = vec![PondClaim { reclaim_after, ..PondClaim::pool() }];
        let claiming = Claiming { ponds, ..Claiming::by(&agent, "") };
        let claimed = self.board.claim(&self.entity, &lead, &claiming).await.unwrap();
        assert!(
            matches!(&claimed, Claim::Won(lead) if lead.now_is.act_by.is_some()),
            "{claimed:?}"
        );
    }

    async fn follow_up(&self, lead: LeadId) {
        let due = self.board.time(&self.entity).await.unwrap() + TimeDelta::days(1);
        let (agent, note) = (agent(0), Some("call back"));
        let noted = self.board.follow_up(&self.entity, &lead, Some(&agent), due, note, "").await;
        assert_eq!(noted.unwrap(), FollowUp::Noted);
    }

    async fn worked(&self, lead: LeadId) {
        let worked = self.board.worked(&self.entity, &lead, &agent(0)).await;
        assert_eq!(worked.unwrap(), Worked::Done);
    }

    async fn reclaim(&self, lead: LeadId) {
        let reclaimed = self.board.reclaim(&self.lead(&lead).await, &[]).await;
        assert_eq!(reclaimed.unwrap(), MovedOn::Done);
    }

    async fn serve(&self, lead: LeadId, plan: &Plan) {
        let served = self.board.serve(&self.lead(&lead).await, plan).await;
        assert_eq!(served.unwrap(), MovedOn::Done);
    }

    /// Nothing else rests there.
    async fn place_in_a_pond(&self, lead: LeadId) {
        let pond = Some(own_pond(&lead));
        let plan = resting(Rest { pond, ..Rest::in_pool(Otherwise::ToPond) });
        self.place(lead, &plan).await;
    }

    async fn rescue(&self, lead: LeadId) {
        let rescued = self.board.empty_pond(&self.entity, &own_pond(&lead)).await;
        assert_eq!(rescued.unwrap(), 1);
    }

    async fn store(&self, lead: LeadId, plan: &Plan) {
        self.place_of(&own_address(&lead), lead, plan, KNOWN).await;
    }

    async fn ask_again(&self, lead: LeadId, plan: &Plan) {
        self.place_of(&own_address(&lead), second(&lead), plan, KNOWN).await;
    }

    async fn release(&self, lead: LeadId) {
        let (stored, how) = (self.lead(&lead).await.lead, Released::Sent);
        let released =
            self.board.release(&self.entity, &lead, Some(&stored), KNOWN, how, "").await.unwrap();
        let Release::Released(stands) = &released else { panic!("{released:?}") };
        assert_eq!(stands.now_is.known_by, Some(second(&lead)));
    }

    async fn recognise(&self, lead: LeadId) {
        let recognised = self.board.recognise(&self.lead(&lead).await, KNOWN).await;
        assert_eq!(recognised.unwrap(), Recognised::Attached(second(&lead)));
    }
}

fn resting(rest: Rest) -> Plan {
    Plan { then: Then::Pool(rest), decision: Decision::default() }
}

pub(crate) fn own_route(lead: &LeadId) -> String {
    format!("route_{lead}")
}

fn own_pond(lead: &LeadId) -> PondId {
    format!("pond_{lead}").parse().unwrap()
}

fn own_address(lead: &LeadId) -> String {
    format!("{lead}@example.com")
}

/// The other lead of the same person.
fn second(lead: &LeadId) -> LeadId {
    format!("{lead}-second").parse().unwrap()
}
