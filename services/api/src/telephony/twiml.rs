//! TwiML: what a telephone provider is told to say and to do.

use std::fmt::Write;

use tipoff_domain::Locale;

/// A response being put together.
#[derive(Debug, Default)]
pub(super) struct Twiml(String);

/// Text as it may stand between tags and in attributes. Characters that XML
/// cannot hold at all are left out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\n' | '\r' | '\t' => safe.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => safe.push(c),
        }
    }
    safe
}

/// In which language a sentence is spoken.
const fn spoken(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "en-US",
        Locale::Es => "es-MX",
    }
}

impl Twiml {
    pub(super) fn say(mut self, locale: Locale, text: &str) -> Self {
        self.put(&format!("<Say language=\"{}\">{}</Say>", spoken(locale), escaped(text)));
        self
    }

    /// What `said` holds is said while one key is waited for; the answer goes
    /// to `action`, also when there is none.
    pub(super) fn gather(mut self, action: &str, seconds: i64, said: &Self) -> Self {
        self.put(&format!(
            "<Gather input=\"dtmf\" numDigits=\"1\" timeout=\"{seconds}\" actionOnEmptyResult=\"true\" \
             method=\"POST\" action=\"{}\">{}</Gather>",
            escaped(action),
            said.0
        ));
        self
    }

    /// Connects to `number`; what became of it goes to `action`.
    pub(super) fn dial(mut self, number: &str, from: Option<&str>, action: &str) -> Self {
        let from = from.map(|from| format!(" callerId=\"{}\"", escaped(from))).unwrap_or_default();
        self.put(&format!(
            "<Dial{from} answerOnBridge=\"true\" timeout=\"25\" method=\"POST\" action=\"{}\">\
             <Number>{}</Number></Dial>",
            escaped(action),
            escaped(number)
        ));
        self
    }

    /// Answers a text message.
    pub(super) fn message(mut self, text: &str) -> Self {
        // Line breaks count in a text message.
        let lines: Vec<String> = text.lines().map(escaped).collect();
        self.put(&format!("<Message>{}</Message>", lines.join("\n")));
        self
    }

    pub(super) fn hang_up(mut self) -> Self {
        self.put("<Hangup/>");
        self
    }

    /// The whole document.
    pub(super) fn finish(self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>{}</Response>", self.0)
    }

    fn put(&mut self, part: &str) {
        write!(self.0, "{part}").expect("writing to a string does not fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_said_while_a_key_is_waited_for() {
        let said = Twiml::default().say(Locale::Es, "Pulsa 1");
        let xml = Twiml::default().gather("/telephony/voice/t/accept?times=1", 8, &said).finish();
        assert!(xml.contains(
            "timeout=\"8\" actionOnEmptyResult=\"true\" method=\"POST\" \
             action=\"/telephony/voice/t/accept?times=1\"><Say language=\"es-MX\">Pulsa 1</Say></Gather>"
        ), "{xml}");
    }

    #[test]
    fn a_name_cannot_dial() {
        let evil = "Dana</Say><Dial>+19005550100</Dial>\u{0}\u{b}&";
        let xml = Twiml::default().say(Locale::En, evil).finish();
        assert!(!xml.contains("<Dial>") && xml.contains("&lt;Dial&gt;"), "{xml}");
        assert!(!xml.contains('\u{0}') && !xml.contains('\u{b}'), "{xml}");
    }
}
