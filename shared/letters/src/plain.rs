//! Free text that strangers sent, made fit to be shown.

const ONE_LINE: usize = 120;
/// That many digits together can be a telephone number; prices and listing
/// numbers have fewer.
const PHONE_DIGITS: usize = 9;
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

/// At most `limit` characters, cut with an ellipsis.
pub fn shortened(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let cut: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// The same text with what looks like an e-mail address or a telephone number hidden.
pub fn without_contact(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let end = word.trim_end().len();
        if word.contains('@') { format!("{HIDDEN}{}", &word[end..]) } else { word.to_owned() }
    });
    without_phones(&words.collect::<String>())
}

fn without_phones(text: &str) -> String {
    let in_number = |c: char| c.is_numeric() || "+-.()/ \u{a0}".contains(c);
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_numeric() || c == '+' || c == '(') {
        let (before, from) = rest.split_at(start);
        let run = &from[..from.find(|c| !in_number(c)).unwrap_or(from.len())];
        let digits = run.chars().filter(|c| c.is_numeric()).count();
        let number = run.trim_end_matches(|c: char| !c.is_numeric());
        kept.push_str(before);
        if digits >= PHONE_DIGITS {
            kept.push_str(HIDDEN);
            kept.push_str(&run[number.len()..]);
        } else {
            kept.push_str(run);
        }
        rest = &from[run.len()..];
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_details_in_free_text_are_hidden() {
        let hidden = |text: &str| without_contact(text);
        assert_eq!(
            hidden("Call 512-555-0101, or write dana@example.com."),
            "Call •••, or write •••"
        );
        assert_eq!(hidden("(512) 555 0101 or +1.512.555.0101"), "••• or •••");
        assert_eq!(hidden("5125550101"), "•••");
        assert_eq!(hidden("٥١٢٥٥٥٠١٠١"), "•••");
    }

    #[test]
    fn prices_dates_and_listing_numbers_stay() {
        let text = "Is MLS 12345678 still $1,250,000? Free on 11/22 at 3:30 (or 4).";
        assert_eq!(without_contact(text), text);
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
