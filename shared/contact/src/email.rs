//! E-mail addresses.

/// Trimmed, with the host in lower case, each once. The part before the `@` is
/// its owner's business.
pub fn tidy(sent: Vec<String>) -> Vec<String> {
    let mut emails = Vec::new();
    for one in sent {
        let one = one.trim();
        let email = match one.rsplit_once('@') {
            Some((local, host)) => format!("{local}@{}", host.to_lowercase()),
            None => one.to_owned(),
        };
        if !email.is_empty() && !emails.contains(&email) {
            emails.push(email);
        }
    }
    emails
}

/// What says that nothing reaches anybody at an address (RFC 3463, RFC 7505): no such
/// mailbox, no such host, not an address, moved away, a host that takes no mail, a
/// mailbox that is closed.
const DEAD: [&str; 6] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];

/// Whether a mail system refuses the address rather than one mail or its sender, by
/// what it says. Of the other `5.1.x`, `5.1.7` and `5.1.8` are about the sender; `5.7.x`
/// is policy, and `5.2.2` a mailbox that is full today.
pub fn is_dead_mailbox(enhanced: &str) -> bool {
    DEAD.contains(&enhanced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_once_however_its_host_is_written() {
        let sent = [" Dana@Example.com", "Dana@example.COM ", "", "nobody"].map(str::to_owned);
        assert_eq!(tidy(sent.to_vec()), ["Dana@example.com", "nobody"]);
    }

    #[test]
    fn a_full_mailbox_is_no_dead_one() {
        assert!(["5.1.1", "5.1.10", "5.2.1"].into_iter().all(is_dead_mailbox));
        assert!(!["5.2.2", "5.7.1", "4.1.1", "5.0.0", ""].into_iter().any(is_dead_mailbox));
    }

    #[test]
    fn what_is_said_of_the_sender_or_of_nobody_in_particular_makes_no_dead_mailbox() {
        assert!(["5.1.2", "5.1.3", "5.1.6"].into_iter().all(is_dead_mailbox));
        let others = ["5.1.7", "5.1.8", "5.1.0", "5.1.4", "5.1.9", "5.1.11", "5.1", "550"];
        assert!(!others.into_iter().any(is_dead_mailbox));
    }
}
