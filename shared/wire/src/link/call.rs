//! Links that a telephone provider is given with a call, and comes back to with
//! what the agent did.

use chrono::{DateTime, Utc};
use tipoff_domain::{AgentId, EntityId, LeadId};

use super::{BadLink, Reader, open, put_lead, put_text, seal};

/// Such a link claims nothing on the claim page, and a claim link answers no call.
const CALL: &[u8] = b"tipoff call\0";

/// One call to one agent about one lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLink {
    pub entity: EntityId,
    pub lead: LeadId,
    pub agent: AgentId,
    pub about: About,
}

/// Why the agent is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// They are asked: acceptance is on.
    Offer { round: u32, until: DateTime<Utc> },
    /// It is theirs already.
    Assigned,
}

impl CallLink {
    /// As it stands in a URL. `secret`: see [`super::read_secret`].
    pub fn seal(&self, secret: &[u8]) -> String {
        let mut said = Vec::new();
        match self.about {
            About::Assigned => said.push(0),
            About::Offer { round, until } => {
                said.push(1);
                said.extend(round.to_be_bytes());
                said.extend(until.timestamp_millis().to_be_bytes());
            }
        }
        put_text(&mut said, self.entity.as_str());
        put_text(&mut said, self.agent.as_str());
        put_lead(&mut said, &self.lead);
        seal(CALL, &said, secret)
    }

    /// Reads what [`CallLink::seal`] wrote; believes nothing that is not signed.
    pub fn open(text: &str, secret: &[u8]) -> Result<Self, BadLink> {
        let said = open(CALL, text, secret)?;
        let mut reader = Reader(&said);
        let about = match reader.chunk()? {
            [0] => About::Assigned,
            [1] => {
                let round = u32::from_be_bytes(reader.chunk()?);
                let until = DateTime::from_timestamp_millis(i64::from_be_bytes(reader.chunk()?));
                About::Offer { round, until: until.ok_or(BadLink::Garbled)? }
            }
            _ => return Err(BadLink::Garbled),
        };
        let (entity, agent, lead) = (reader.name()?, reader.name()?, reader.lead()?);
        reader.end(Self { entity, lead, agent, about })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::ClaimLink;

    const SECRET: &[u8] = &[7; 32];

    fn call(about: About) -> CallLink {
        let name = "lead_0192f0a1b2c37def8899aabbccddeeff";
        CallLink {
            entity: "acme".parse().unwrap(),
            lead: name.parse().unwrap(),
            agent: "ana".parse().unwrap(),
            about,
        }
    }

    fn offer() -> About {
        About::Offer { round: 3, until: "2026-11-22T09:45:00.120Z".parse().unwrap() }
    }

    #[test]
    fn a_call_comes_back_as_it_was_made() {
        for about in [offer(), About::Assigned] {
            let sealed = call(about).seal(SECRET);
            assert_eq!(CallLink::open(&sealed, SECRET), Ok(call(about)));
        }
    }

    #[test]
    fn a_link_of_one_kind_opens_no_other() {
        let call = call(offer());
        let (entity, lead, agent) = (call.entity.clone(), call.lead.clone(), call.agent.clone());
        let until = "2026-11-22T09:45:00.120Z".parse().unwrap();
        let claim = ClaimLink { entity, lead, agent, round: 3, until };
        assert_eq!(ClaimLink::open(&call.seal(SECRET), SECRET, |_| 0), Err(BadLink::Forged));
        assert_eq!(CallLink::open(&claim.seal(SECRET, 0), SECRET), Err(BadLink::Forged));
    }

    #[test]
    fn a_changed_call_is_nobodys() {
        let sealed = call(offer()).seal(SECRET);
        let other = if sealed.ends_with('A') { "B" } else { "A" };
        let changed = format!("{}{other}", &sealed[..sealed.len() - 1]);
        assert!(CallLink::open(&changed, SECRET).is_err());
        assert_eq!(CallLink::open(&sealed, &[8; 32]), Err(BadLink::OtherSecret));
    }
}
