//! Why a telephone provider does not reach a number, in the error numbers of
//! Twilio's dialect.

/// Nobody is reached there by this means, now or later: not a number, not one
/// that can be texted or called, or its owner said STOP. Not 30003, a telephone
/// that is switched off or has no signal, and not 21612, a sender and a receiver
/// between whom no text goes, which may be the sender's fault.
const DEAD: [u32; 10] =
    [13_224, 21_211, 21_214, 21_217, 21_610, 21_614, 30_004, 30_005, 30_006, 32_009];

/// Whether an error says that the number itself is of no use.
pub fn is_dead_number(error: u32) -> bool {
    DEAD.contains(&error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowded_line_is_no_dead_number() {
        assert!(is_dead_number(21_610) && is_dead_number(30_006));
        assert!(!is_dead_number(20_429) && !is_dead_number(30_001) && !is_dead_number(30_008));
        assert!(!is_dead_number(30_003) && !is_dead_number(21_612));
    }
}
