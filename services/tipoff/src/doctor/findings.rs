//! What was found.

use std::fmt;

/// One thing that was looked at.
struct Finding {
    about: &'static str,
    what: String,
    is: Is,
}

enum Is {
    /// As it should be.
    Well,
    /// Nobody could look, and nobody needs to.
    Unseen,
    /// And what to do about it.
    Wrong(String),
}

/// Everything that was looked at, in order.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn well(&mut self, about: &'static str, what: impl Into<String>) {
        self.push(about, what, Is::Well);
    }

    pub(super) fn wrong(
        &mut self,
        about: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(about, what, Is::Wrong(remedy.into()));
    }

    /// What it says nothing about.
    pub(super) fn unseen(&mut self, about: &'static str, what: impl Into<String>) {
        self.push(about, what, Is::Unseen);
    }

    fn push(&mut self, about: &'static str, what: impl Into<String>, is: Is) {
        self.0.push(Finding { about, what: what.into(), is });
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
        self.wrongs() == 0
    }

    fn wrongs(&self) -> usize {
        self.0.iter().filter(|finding| matches!(finding.is, Is::Wrong(_))).count()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { about, what, is } in &self.0 {
            let mark = match is {
                Is::Well => "✓",
                Is::Unseen => "–",
                Is::Wrong(_) => "✗",
            };
            writeln!(f, "  {mark} {about:<10} {what}")?;
            if let Is::Wrong(remedy) = is {
                writeln!(f, "    {:<10} → {remedy}", "")?;
            }
        }
        match self.wrongs() {
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
