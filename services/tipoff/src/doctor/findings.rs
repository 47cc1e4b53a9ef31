//! What was found.

use std::fmt;

/// One thing that was looked at.
struct Finding {
    about: &'static str,
    what: String,
    /// What to do about it; `None`: it is as it should be.
    remedy: Option<String>,
}

/// Everything that was looked at, in order.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn well(&mut self, about: &'static str, what: impl Into<String>) {
        self.0.push(Finding { about, what: what.into(), remedy: None });
    }

    pub(super) fn wrong(
        &mut self,
        about: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(Finding { about, what: what.into(), remedy: Some(remedy.into()) });
    }

    /// Well if `good`, else wrong with this remedy.
    pub(super) fn judge(
        &mut self,
        good: bool,
        about: &'static str,
        what: impl Into<String>,
        remedy: &str,
    ) {
        if good { self.well(about, what) } else { self.wrong(about, what, remedy) }
    }

    pub(super) fn all_well(&self) -> bool {
        self.0.iter().all(|finding| finding.remedy.is_none())
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { about, what, remedy } in &self.0 {
            let mark = if remedy.is_some() { "✗" } else { "✓" };
            writeln!(f, "  {mark} {about:<10} {what}")?;
            if let Some(remedy) = remedy {
                writeln!(f, "    {:<10} → {remedy}", "")?;
            }
        }
        let wrong = self.0.iter().filter(|finding| finding.remedy.is_some()).count();
        match wrong {
            0 => writeln!(f, "\n  All is well."),
            1 => writeln!(f, "\n  One thing needs attention."),
            several => writeln!(f, "\n  {several} things need attention."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_wrong_comes_with_what_to_do() {
        let mut findings = Findings::default();
        findings.well("nats", "2.15.1");
        assert!(findings.all_well());
        findings.judge(false, "redis", "appendfsync is everysec", "set `appendfsync always`");
        assert!(!findings.all_well());
        let told = findings.to_string();
        assert!(
            told.contains("✓ nats       2.15.1") && told.contains("→ set `appendfsync always`"),
            "{told}"
        );
    }
}
