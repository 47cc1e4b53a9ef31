//! Comparing the version a server says it has.

use super::ConnectError;

/// Refuses `found` when it is older than `oldest` or cannot be read.
pub(super) fn check(
    server: &'static str,
    found: &str,
    oldest: (u32, u32),
) -> Result<(), ConnectError> {
    if read(found).is_some_and(|version| version >= oldest) {
        return Ok(());
    }
    let (major, minor) = oldest;
    Err(ConnectError::TooOld {
        server,
        found: found.to_owned(),
        needed: format!("{major}.{minor}"),
    })
}

/// Major and minor of `2.15.1`, `2.14.0-RC.1`, `v7.2`.
fn read(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().trim_start_matches('v').split(['.', '-', '+']);
    let mut number = || parts.next()?.parse().ok();
    Some((number()?, number()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number_and_not_by_letter() {
        for found in ["2.14.0", "2.15.1", "3.0.0", "2.14.0-RC.1", "2.100.0", "v2.14"] {
            assert!(check("nats-server", found, (2, 14)).is_ok(), "{found}");
        }
        for found in ["2.9.10", "2.13.9", "1.99.0", "", "unknown", "2"] {
            assert!(check("nats-server", found, (2, 14)).is_err(), "{found}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_found_and_what_is_needed() {
        let refusal = check("nats-server", "2.9.10", (2, 14)).unwrap_err().to_string();
        assert_eq!(refusal, "nats-server 2.9.10 is too old: Tipoff needs 2.14 or newer");
    }
}
