//! Places in lists, as they come back from those who read them.

use tipoff_domain::{EntityId, LeadId};

const LONGEST: usize = 200;

/// As the board makes them: a score and the name of a lead.
pub(super) fn is_one(text: &str) -> bool {
    let parts = text.split_once('.').filter(|_| text.len() <= LONGEST);
    parts.is_some_and(|(score, lead)| is_score(score) && lead.parse::<LeadId>().is_ok())
}

/// Digits only: what reads numbers takes a sign, too.
fn is_score(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok()
}

/// A place in a list that goes through several entities.
pub(super) fn within(entity: &EntityId, lead: &str) -> String {
    format!("{entity}.{lead}")
}

/// The same, as it comes back.
pub(super) fn read_within(text: &str) -> Option<(EntityId, LeadId)> {
    let (entity, lead) = text.split_once('.')?;
    Some((entity.parse().ok()?, lead.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_within_several_entities_comes_back_as_it_went() {
        let (entity, lead) = read_within(&within(&"acme".parse().unwrap(), "lead_1")).unwrap();
        assert_eq!((entity.as_str(), lead.as_str()), ("acme", "lead_1"));
        for other in ["", ".", "acme", "acme.", ".lead_1", "acme.lead.1", "ac me.lead_1"] {
            assert_eq!(read_within(other), None, "{other}");
        }
    }

    #[test]
    fn only_what_the_board_makes_is_a_cursor() {
        assert!(is_one("1795340700120.lead_1"));
        for other in ["", ".", "1", "1.", ".lead_1", "+1.lead_1", "-1.lead_1", "1.lead|1", "1 .a"] {
            assert!(!is_one(other), "{other}");
        }
    }
}
