//! Whoever lets one offer after the other run out is paused, where the entity
//! wants that.

use tipoff_board::{BoardError, OnBoard};
use tipoff_domain::{AgentId, EntityId, MissedOffers};
use tipoff_roster::EditError;
use tracing::{info, warn};

use crate::sweep::Mover;

#[derive(Debug, thiserror::Error)]
enum NotPaused {
    #[error("the board could not be asked what they missed")]
    Board(#[from] BoardError),
    #[error("the roster was not changed")]
    Roster(#[from] EditError),
}

impl Mover {
    /// `lead` as it stood when its offers ran out. What fails here is tried again
    /// with their next miss.
    pub(crate) async fn pause_who_misses(&self, lead: &OnBoard) {
        let missed = &lead.now_is.pending;
        let rule =
            self.roster.view(&lead.entity).and_then(|view| view.entity.missed_offers.clone());
        let Some(rule) = rule.filter(|_| !missed.is_empty()) else { return };
        if rule.pause_at.is_none() {
            return;
        }
        if let Err(error) = self.pause(&lead.entity, missed, &rule).await {
            warn!(error = &error as &dyn std::error::Error, entity.id = %lead.entity, "agents who miss offers are not paused");
        }
    }

    async fn pause(
        &self,
        entity: &EntityId,
        agents: &[AgentId],
        rule: &MissedOffers,
    ) -> Result<(), NotPaused> {
        for (agent, count) in self.board.misses(entity, agents).await? {
            if rule.pauses(count) {
                self.roster.pause_agent(entity, &agent).await?;
                // When they are back they have as many before them as anybody.
                self.board.forget_misses(entity, &agent).await?;
                info!(entity.id = %entity, agent.id = %agent, missed = count, "paused for not answering");
            }
        }
        Ok(())
    }
}
