//! Codes by which an agent says in a text message which offer they mean: `1 A7`.
//!
//! A code follows from the lead and the round, so that whoever writes the
//! message and whoever reads the answer need not agree on anything else. Nobody
//! is let in by one: it only tells an agent's open offers apart.

use ring::digest::{SHA256, digest};
use tipoff_domain::LeadId;

/// Letters and digits that are not taken for one another.
const LETTERS: &[u8; 16] = b"ACDEFHJKMNPRTWXY";
const DIGITS: &[u8; 8] = b"23456789";
/// What is written into messages; more is asked for only where two are alike.
pub const SHORTEST: usize = 2;
const LONGEST: usize = 6;

/// The code as messages show it.
pub fn short(lead: &LeadId, round: u32) -> String {
    whole(lead, round)[..SHORTEST].to_owned()
}

/// All of it; any beginning of it from [`SHORTEST`] on is a code too.
pub fn whole(lead: &LeadId, round: u32) -> String {
    let hash = digest(&SHA256, format!("{lead}/{round}").as_bytes());
    let character = |(place, byte): (usize, &u8)| {
        let byte = usize::from(*byte);
        let drawn = if place.is_multiple_of(2) {
            LETTERS[byte % LETTERS.len()]
        } else {
            DIGITS[byte % DIGITS.len()]
        };
        char::from(drawn)
    };
    hash.as_ref().iter().take(LONGEST).enumerate().map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_letter_and_a_digit_and_the_same_for_ever() {
        let lead = "lead_1".parse().unwrap();
        let code = short(&lead, 3);
        assert_eq!(code.len(), SHORTEST);
        assert!(code.as_bytes()[0].is_ascii_uppercase() && code.as_bytes()[1].is_ascii_digit());
        assert!(whole(&lead, 3).starts_with(&code));
        assert_eq!(short(&lead, 3), code);
        assert_ne!(whole(&lead, 3), whole(&lead, 4));
    }
}
