//! What a mail carries on its way, so that it can be told whose it was when it
//! comes back undelivered.

use tipoff_domain::{AgentId, EntityId, LeadId};

use super::{BadLink, Reader, open, put_lead, put_text, seal};

/// Such a mark claims nothing and confirms nothing.
const RETURNED: &[u8] = b"tipoff returned\0";

/// One mail to one address of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnMark {
    pub entity: EntityId,
    pub agent: AgentId,
    /// The address's mark; of another address it says nothing.
    pub address: String,
    /// What it told of, if that can be told another way: the lead and the round.
    pub offer: Option<(LeadId, u32)>,
}

impl ReturnMark {
    /// Header of the mail that carries it.
    pub const HEADER: &str = "Tipoff-Return";

    /// As it stands in a header. `secret`: see [`super::read_secret`].
    pub fn seal(&self, secret: &[u8]) -> String {
        let mut said = Vec::new();
        for name in [self.entity.as_str(), self.agent.as_str(), self.address.as_str()] {
            put_text(&mut said, name);
        }
        if let Some((lead, round)) = &self.offer {
            said.extend(round.to_be_bytes());
            put_lead(&mut said, lead);
        }
        seal(RETURNED, &said, secret)
    }

    /// Reads what [`ReturnMark::seal`] wrote; believes nothing that is not signed.
    pub fn open(text: &str, secret: &[u8]) -> Result<Self, BadLink> {
        let said = open(RETURNED, text, secret)?;
        let mut reader = Reader(&said);
        let (entity, agent, address) = (reader.name()?, reader.name()?, reader.name()?);
        let offer = if reader.0.is_empty() {
            None
        } else {
            let round = u32::from_be_bytes(reader.chunk()?);
            Some((reader.lead()?, round))
        };
        reader.end(Self { entity, agent, address, offer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::CallLink;

    const SECRET: &[u8] = &[7; 32];

    fn mark(offer: Option<(LeadId, u32)>) -> ReturnMark {
        ReturnMark {
            entity: "acme".parse().unwrap(),
            agent: "ana".parse().unwrap(),
            address: "00112233445566778899aabbccddeeff".to_owned(),
            offer,
        }
    }

    #[test]
    fn a_mark_comes_back_as_it_was_made_and_opens_nothing_else() {
        let lead: LeadId = "lead_0192f0a1b2c37def8899aabbccddeeff".parse().unwrap();
        for mark in [mark(None), mark(Some((lead, 3)))] {
            let sealed = mark.seal(SECRET);
            assert_eq!(ReturnMark::open(&sealed, SECRET), Ok(mark));
            assert_eq!(CallLink::open(&sealed, SECRET), Err(BadLink::Forged));
            assert!(ReturnMark::open(&sealed, &[8; 32]).is_err());
            assert!(sealed.len() < 200, "it fits a line of a header");
        }
    }
}
