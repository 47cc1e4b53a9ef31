//! What whoever looks for overlooked leads asks of the board.

use tipoff_domain::LeadId;
use tipoff_wire::Partition;

use crate::keys::Keys;
use crate::{Board, BoardError};

/// How far the streams were looked over, by sequence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Audited {
    /// LEADS.
    pub leads: u64,
    /// EVENTS.
    pub events: u64,
}

/// What the board knows of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awareness {
    /// It has an entry, which tells more than that it came in (see `place.lua`).
    pub is_there: bool,
    /// Where its last event stands in the log, as far as the board knows.
    pub sequence: u64,
    /// Whether events of it are on their way to the log.
    pub waits: bool,
}

type Text = Option<String>;
/// A lead's state, its place in the log and what it has waiting; why and until when it
/// is held, and how it was let go.
type Said = (Text, Option<u64>, Text, Text, Text, Text);

impl Board {
    /// How far each of these partitions was looked over.
    pub async fn audited(&self, partitions: &[Partition]) -> Result<Vec<Audited>, BoardError> {
        let mut found = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let mut stamps = redis::cmd("HMGET");
            stamps.arg(Keys(*partition).clock()).arg("audited_leads").arg("audited_events");
            let (leads, events): (Option<u64>, Option<u64>) =
                stamps.query_async(&mut self.redis.clone()).await?;
            found.push(Audited { leads: leads.unwrap_or(0), events: events.unwrap_or(0) });
        }
        Ok(found)
    }

    /// Notes how far they were looked over.
    pub async fn note_audited(
        &self,
        partitions: &[Partition],
        done: Audited,
    ) -> Result<(), BoardError> {
        for partition in partitions {
            let mut stamps = redis::cmd("HSET");
            stamps.arg(Keys(*partition).clock());
            stamps.arg(&[("audited_leads", done.leads), ("audited_events", done.events)]);
            let () = stamps.query_async(&mut self.redis.clone()).await?;
        }
        Ok(())
    }

    /// What the board knows of these leads, in this order.
    pub async fn known(&self, leads: &[(Partition, LeadId)]) -> Result<Vec<Awareness>, BoardError> {
        let mut known = vec![Awareness { is_there: false, sequence: 0, waits: false }; leads.len()];
        let mut places: Vec<usize> = (0..leads.len()).collect();
        places.sort_by_key(|place| leads[*place].0);
        // A cluster takes the keys of one slot at a time.
        for places in places.chunk_by(|one, next| leads[*one].0 == leads[*next].0) {
            let partition = leads[places[0]].0;
            let said: Vec<Said> = self
                .read(partition, |all| {
                    for place in places {
                        let lead = Keys(partition).lead(&leads[*place].1);
                        all.cmd("HMGET").arg(lead).arg("state").arg("seq").arg("unsent");
                        all.arg("why").arg("until").arg("released");
                    }
                })
                .await?;
            for (place, said) in places.iter().zip(said) {
                known[*place] = aware(said);
            }
        }
        Ok(known)
    }
}

fn aware((state, sequence, unsent, why, until, released): Said) -> Awareness {
    // Held for nothing: it came in, and what was decided then is lost.
    let has_come_in = state.as_deref() == Some("held") && why.or(until).or(released).is_none();
    Awareness {
        is_there: state.is_some() && !has_come_in,
        sequence: sequence.unwrap_or(0),
        waits: unsent.is_some(),
    }
}
