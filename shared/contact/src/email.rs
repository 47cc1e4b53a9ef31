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

/// Whether a mail system refuses the address rather than one mail or its sender, by
/// what it says (RFC 3463): `5.1.x`, or `5.2.1` for a mailbox that is closed. `5.7.x`
/// is policy, and `5.2.2` a mailbox that is full today.
pub fn is_dead_mailbox(enhanced: &str) -> bool {
    enhanced.starts_with("5.1.") || enhanced == "5.2.1"
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
}
