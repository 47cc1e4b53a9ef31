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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_once_however_its_host_is_written() {
        let sent = [" Dana@Example.com", "Dana@example.COM ", "", "nobody"].map(str::to_owned);
        assert_eq!(tidy(sent.to_vec()), ["Dana@example.com", "nobody"]);
    }
}
