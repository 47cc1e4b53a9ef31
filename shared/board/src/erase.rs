//! Forgetting a person, on the board and in the log's own words. What streams
//! keep of them goes afterwards ([`Board::forget`]).

use std::collections::BTreeSet;

use tipoff_domain::{EntityId, Lead, LeadId};
use tipoff_runtime::past;
use tipoff_wire::{Event, Stream, subject};

use crate::forget::away;
use crate::keys::Keys;
use crate::place::marks;
use crate::reply::Reply;
use crate::words::of_request;
use crate::{Actor, Board, BoardError, Erase};

/// Leads looked at in one go.
const CHUNK: usize = 500;

impl Board {
    /// Forgets the person of `lead`. It is closed, wherever it stood. Where it
    /// was one more inquiry of somebody we knew (D-30 b), that lead goes too.
    pub async fn erase(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        by: &Actor,
        request: &str,
    ) -> Result<Erase, BoardError> {
        let Some(found) = self.lead(entity, lead).await? else { return Ok(Erase::Unknown) };
        if let Some(other) = &found.now_is.duplicate_of {
            Box::pin(self.erase(entity, other, by, request)).await?;
        }
        let (verb, keys) = (&self.scripts.erase, Keys(self.partition(entity)));
        let marks = marks(&found.lead);
        let mut erase = verb.on(&keys.of_lead(entity, lead));
        erase.key(keys.notices(lead));
        for mark in &marks {
            erase.key(keys.person(entity, mark));
        }
        erase.arg(lead.as_str()).arg(by.name()).arg(marks.len()).arg(of_request(request, &[]));
        let reply: Reply = self.run(self.partition(entity), &erase).await?;
        self.commit(entity, &reply).await?;
        Ok(match reply.word.as_str() {
            "erased" => Erase::Erased(self.expect_lead(entity, lead).await?),
            "unknown" => Erase::Unknown,
            _ => return Err(verb.unknown(reply.word)),
        })
    }

    /// The leads of whoever has one of the addresses or numbers of `person`, latest
    /// first, and then those that have aged out. Looks at every lead of the entity.
    pub async fn leads_of_person(
        &self,
        entity: &EntityId,
        person: &Lead,
    ) -> Result<Vec<LeadId>, BoardError> {
        let wanted: BTreeSet<String> = marks(person).into_iter().collect();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.leads(entity, after.as_deref(), CHUNK).await?;
            let theirs = page
                .leads
                .into_iter()
                .filter(|one| marks(&one.lead).iter().any(|mark| wanted.contains(mark)));
            found.extend(theirs.map(|one| one.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        if self.kept.is_some() {
            found.extend(self.only_in_log(entity, &wanted, &found).await?);
        }
        Ok(found)
    }

    /// The leads of the person that the log has, without those on the board.
    async fn only_in_log(
        &self,
        entity: &EntityId,
        wanted: &BTreeSet<String>,
        on_board: &[LeadId],
    ) -> Result<BTreeSet<LeadId>, BoardError> {
        let (mut found, filter) = (BTreeSet::new(), subject::events_of(entity));
        let reading = past::visit(&self.nats, Stream::Events.name(), &filter, |stored| {
            let Ok(event) = serde_json::from_slice::<Event>(&stored.body) else { return };
            let person = event.payload.and_then(|sent| serde_json::from_value::<Lead>(sent).ok());
            let is_theirs =
                person.is_some_and(|one| marks(&one).iter().any(|mark| wanted.contains(mark)));
            if is_theirs && !on_board.contains(&event.lead) {
                found.insert(event.lead);
            }
        });
        reading.await.map_err(away)?;
        Ok(found)
    }
}
