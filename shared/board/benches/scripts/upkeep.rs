//! What keeps a board right, or makes it right again. Where all leads are gone through in one
//! go, Redis learns a script with the first few of them.

use std::time::Duration;

use chrono::TimeDelta;
use tipoff_domain::LeadId;
use tipoff_domain::plan::Pick;

use crate::seldom::{AGENTS, LEADS, own_route};
use crate::table::{Table, plan};

const ROUTERS: usize = 20;
/// How often everything is lost, each time to be brought back in some twenty calls.
const LOSSES: usize = 5;

impl Table {
    /// The gate of a partition that has no lead yet, and who routes.
    pub(crate) async fn gates(&self) {
        self.tell(&["shut_down", "open"], 0, self.shut_and_open()).await;
        self.measure(&["gate"], 0, 0..LEADS, |_| self.look_at_the_gate()).await;
        self.measure(&["opened"], 0, 0..LEADS, |_| self.read()).await;
        for number in 0..ROUTERS {
            self.hear_of_routers(number).await;
        }
        self.measure(&["members"], 0, 0..LEADS, |_| self.hear_of_all_routers()).await;
    }

    /// Nobody swept while offers ran out: fewer than a sweep puts off in one go.
    pub(crate) async fn gaps(&self) {
        let (ball, first, others) = (plan(Pick::All, AGENTS), [0], 1..LEADS);
        self.sweep().await;
        self.unmeasured(first, |lead| self.place(lead, &ball)).await;
        self.nobody_sweeps().await;
        self.sweep().await;
        self.unmeasured(first, |lead| self.close(lead)).await;
        self.unmeasured(others.clone(), |lead| self.place(lead, &ball)).await;
        self.nobody_sweeps().await;
        self.tell(&["extend"], AGENTS, self.sweep()).await;
        self.unmeasured(others.clone(), |lead| self.is_put_off(lead)).await;
        self.unmeasured(others, |lead| self.close(lead)).await;
    }

    /// The board is compared with the log: every place in a list is looked at, and the turn of
    /// every lead's own route is put right.
    pub(crate) async fn differences(&self) {
        let leads = || 6_000..6_000 + LEADS;
        self.unmeasured(leads(), |lead| self.place_on_its_own(lead, Pick::Turn)).await;
        self.unmeasured(leads(), |lead| self.spoil(lead)).await;
        let mending = async {
            let (_, found) = self.board.verify(true, &mut |_| ()).await.unwrap();
            assert_eq!(found.len(), 2 * LEADS, "the first is {:?}", found.first());
        };
        self.tell(&["unlist", "remind"], AGENTS, mending).await;
    }

    /// Everything that was closed or erased before.
    pub(crate) async fn age_out(&self) {
        self.later(TimeDelta::days(2)).await;
        let board = self.board.clone().aging_out_after(1);
        let aging = async {
            let gone = board.age_out(&self.entity).await.unwrap();
            assert!(usize::try_from(gone).unwrap() >= LEADS, "only {gone} are gone");
        };
        self.tell(&["age_out"], AGENTS, aging).await;
    }

    /// Everything comes back from the log, sixty-four leads in a call.
    pub(crate) async fn repair(&self) {
        self.lose_everything().await;
        let losing = async {
            for _ in 0..LOSSES {
                self.lose_everything().await;
            }
        };
        self.tell(&["repair"], AGENTS, losing).await;
    }

    /// One after the other, as two who do it at once wait for each other.
    async fn shut_and_open(&self) {
        for _ in 0..LEADS {
            let opened = self.board.rebuild(&mut |_| ()).await.unwrap();
            assert_eq!(opened.partitions, 1);
        }
    }

    async fn look_at_the_gate(&self) {
        assert_eq!(self.board.gates().await.unwrap().open, 1);
    }

    /// Nothing but whether it may be trusted.
    async fn read(&self) {
        self.board.ready(&self.entity).await.unwrap();
    }

    async fn hear_of_routers(&self, number: usize) -> usize {
        let (router, patience) = (format!("router{number}"), Duration::from_mins(10));
        self.board.routers(&router, patience, false).await.unwrap().len()
    }

    async fn hear_of_all_routers(&self) {
        assert_eq!(self.hear_of_routers(0).await, ROUTERS);
    }

    /// For longer than any offer lasts: only the clock moves, not the stamp of the last sweep.
    async fn nobody_sweeps(&self) {
        let later = self.board.time(&self.entity).await.unwrap() + TimeDelta::minutes(16);
        let mut move_on = redis::cmd("HSET");
        move_on.arg(self.key("clock")).arg("high").arg(later.timestamp_millis());
        self.ask::<()>(&move_on).await;
    }

    async fn is_put_off(&self, lead: LeadId) {
        let now_is = self.lead(&lead).await.now_is;
        assert!(now_is.put_off_ms.is_some(), "{now_is:?}");
    }

    /// The route takes it for nobody's turn, and somebody is asked who was not.
    async fn spoil(&self, lead: LeadId) {
        let turn = format!("next:{}|{}", self.entity, own_route(&lead));
        let mut forget = redis::cmd("HSET");
        self.ask::<()>(forget.arg(self.key("turns")).arg(turn).arg("nobody")).await;
        let stranger = format!("{}|stranger|{lead}", self.entity);
        let mut list = redis::cmd("ZADD");
        self.ask::<()>(list.arg(self.key("offers")).arg(0).arg(stranger)).await;
    }

    async fn lose_everything(&self) {
        self.ask::<()>(&redis::cmd("FLUSHALL")).await;
        let rebuilt = self.board.rebuild(&mut |_| ()).await.unwrap();
        // At least those whose offers were put off.
        assert!(usize::try_from(rebuilt.repaired).unwrap() >= LEADS, "{rebuilt:?}");
    }
}
