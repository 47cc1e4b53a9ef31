//! Places in lists, as they come back from those who read them.

use tipoff_domain::LeadId;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_board_makes_is_a_cursor() {
        assert!(is_one("1795340700120.lead_1"));
        for other in ["", ".", "1", "1.", ".lead_1", "+1.lead_1", "-1.lead_1", "1.lead|1", "1 .a"] {
            assert!(!is_one(other), "{other}");
        }
    }
}
