//! Free text that strangers sent, made fit to be shown.

mod phones;

const ONE_LINE: usize = 120;
/// What stands for something hidden.
pub const HIDDEN: &str = "•••";

/// Text for a subject or one line of a mail, whatever was sent.
pub fn one_line(text: &str) -> String {
    shortened(&joined(text), ONE_LINE)
}

/// Text with its lines joined to one, however long.
pub fn joined(text: &str) -> String {
    let plain: String =
        text.chars().map(|c| if c.is_control() || is_line_end(c) { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text with its lines, but no other control characters and no run of empty lines.
pub fn paragraphs(text: &str) -> String {
    let lines =
        text.lines().map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>());
    let mut kept: Vec<String> = Vec::new();
    for line in lines.map(|line| line.trim_end().to_owned()) {
        if !(line.is_empty() && kept.last().is_none_or(String::is_empty)) {
            kept.push(line);
        }
    }
    kept.join("\n").trim_end().to_owned()
}

/// Line and paragraph separator of Unicode.
fn is_line_end(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}') || is_line_end(c)
}

/// At most `limit` characters, cut with an ellipsis.
pub fn shortened(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let cut: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// The same text with what looks like an e-mail address or a telephone number hidden.
///
/// Nine digits are a telephone number, and seven where they are written like one: in
/// groups, or after a plus. Eight in a row may be a listing number. Dates, prices and
/// the ordinals of streets stay. Numbers end with their line.
pub fn without_contact(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let end = word.trim_end().len();
        let is_address = word.contains(['@', '＠']);
        if is_address { format!("{HIDDEN}{}", &word[end..]) } else { word.to_owned() }
    });
    phones::without_phones(&words.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_details_in_free_text_are_hidden() {
        assert_eq!(
            without_contact(
                "Call 512-555-0101,\nor write dana@example.com\u{a0}or dana＠example.com."
            ),
            "Call •••,\nor write •••\u{a0}or •••"
        );
    }

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(
            one_line(" Dana\r\nBcc: all@example.com\u{2028}x\u{0}y "),
            "Dana Bcc: all@example.com x y"
        );
        assert_eq!(one_line(&"a".repeat(500)).chars().count(), ONE_LINE);
    }

    #[test]
    fn lines_that_are_joined_lose_no_word() {
        assert_eq!(joined(&"word\r\n".repeat(500)), ["word"; 500].join(" "));
    }
}
