//! What the provider's error numbers mean.

use tipoff_contact::is_dead_number;

use crate::carrier::SendError;

/// Too many at once.
const CROWDED: [u32; 4] = [20_429, 14_107, 21_611, 30_001];
/// The account cannot be used: that is ours to mend, and no number's fault.
const ACCOUNT: [u32; 4] = [20_003, 20_005, 30_002, 10_001];

/// `None`: the number says nothing that the HTTP status does not.
pub(super) fn refused(code: u32) -> Option<SendError> {
    if is_dead_number(code) {
        Some(SendError::BadAddress(format!("the number cannot be reached: error {code}")))
    } else if CROWDED.contains(&code) {
        Some(SendError::not_now(format!("the telephone provider wants a pause: error {code}")))
    } else if ACCOUNT.contains(&code) {
        Some(SendError::trouble(format!(
            "the telephone provider does not accept the account: error {code}"
        )))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_nobody_has_is_given_up_and_a_crowd_is_waited_out() {
        assert!(matches!(refused(21_211), Some(SendError::BadAddress(_))));
        assert!(matches!(refused(21_610), Some(SendError::BadAddress(_))));
        assert!(matches!(refused(20_429), Some(SendError::NotNow { .. })));
        assert!(matches!(refused(20_003), Some(SendError::Trouble { .. })));
        assert_eq!(refused(21_602), None);
    }
}
