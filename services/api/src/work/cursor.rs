//! Places in lists, as they come back from those who read them.

use tipoff_domain::LeadId;

const LONGEST: usize = 200;

/// As the board makes them: a score and the name of a lead.
pub(super) fn is_one(text: &str) -> bool {
    let parts = text.split_once('.').filter(|_| text.len() <= LONGEST);
    parts
        .is_some_and(|(score, lead)| score.parse::<u64>().is_ok() && lead.parse::<LeadId>().is_ok())
}
