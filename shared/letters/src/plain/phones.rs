//! Telephone numbers in free text, however they are spelled.

use super::{HIDDEN, is_line_break};

/// So many digits in a row are a telephone number; listing numbers have fewer.
const MOST_IN_A_ROW: usize = 9;
/// In groups, or after a plus, fewer will do.
const FEWEST_IN_GROUPS: usize = 7;
/// As in 104th.
const LONGEST_ORDINAL: usize = 3;

/// The same text with what looks like a telephone number hidden.
pub(super) fn without_phones(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_numeric() || c == '+' || c == '(') {
        let (before, from) = rest.split_at(start);
        kept.push_str(before);
        let date = date_at(from);
        let run = date.unwrap_or_else(|| run_at(from));
        if date.is_none() && is_phone(run) {
            let number = run.trim_end_matches(|c: char| !c.is_numeric());
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

/// As far as it could be one number: up to an ordinal as in 12th, which begins anew.
fn run_at(text: &str) -> &str {
    let end = text.find(|c| !may_stand_in_a_number(c)).unwrap_or(text.len());
    let (run, after) = text.split_at(end);
    let others = run.trim_end_matches(char::is_numeric);
    let ordinal = run[others.len()..].chars().count() <= LONGEST_ORDINAL
        && ["st", "nd", "rd", "th"].iter().any(|ending| {
            after.get(..2).is_some_and(|letters| letters.eq_ignore_ascii_case(ending))
        });
    if ordinal && !others.is_empty() { others } else { run }
}

fn may_stand_in_a_number(c: char) -> bool {
    let is_space = c.is_whitespace() && !is_line_break(c);
    let is_dash = matches!(c, '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}');
    // Address books put marks of the direction of writing around numbers.
    let is_unseen = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    c.is_numeric() || is_space || is_dash || is_unseen || "+./()[]·•".contains(c)
}

fn is_phone(run: &str) -> bool {
    let groups = run.split(|c: char| !c.is_numeric()).filter(|group| !group.is_empty());
    let groups: Vec<usize> = groups.map(|group| group.chars().count()).collect();
    let digits: usize = groups.iter().sum();
    let in_groups = groups.len() > 1 || run.starts_with('+');
    digits >= MOST_IN_A_ROW || in_groups && digits >= FEWEST_IN_GROUPS && !is_price(&groups)
}

/// As in 1.250.000; with more digits it is rather 612 345 678.
fn is_price(groups: &[usize]) -> bool {
    let [first, thousands @ ..] = groups else { return false };
    *first < 3 && !thousands.is_empty() && thousands.iter().all(|group| *group == 3)
}

/// The date at the beginning, if one stands there: 11/22/2026 or 2026-11-22.
fn date_at(text: &str) -> Option<&str> {
    let between = ['/', '.', '-'];
    let in_date = |c: char| c.is_ascii_digit() || between.contains(&c);
    let word = &text[..text.find(|c| !in_date(c)).unwrap_or(text.len())];
    let word = word.trim_end_matches(between);
    let parts: Vec<&str> = word.split(between).collect();
    let [first, second, third] = parts[..] else { return None };
    let short = |part: &str| matches!(part.len(), 1 | 2);
    let year = |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    let is_date = short(second) && (short(first) && year(third) || year(first) && short(third));
    is_date.then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_hidden_however_it_is_spelled() {
        for spelled in [
            "5125550101",
            "612345678",
            "555-0101",
            "555 0101",
            "+15550101",
            "(512) 555-0101",
            "(512) 555\u{2011}0101",
            "+1 (512) 555\u{2011}0101",
            "512\u{2013}555\u{2013}0101",
            "512\u{2212}555\u{2212}0101",
            "612\u{a0}345\u{a0}678",
            "512\u{2009}555\u{202f}0101",
            "512.555.0101",
            "512/555/0101",
            "[512] 555 0101",
            "512·555·0101",
            "\u{202a}+1 512 555\u{200b}0101",
            "٥١٢ ٥٥٥ ٠١٠١",
            "٥١٢٥٥٥٠١٠١",
            "５１２－５５５－０１０１",
        ] {
            let shown = without_phones(&format!("Ring {spelled}, please"));
            assert!(!shown.contains(char::is_numeric), "{spelled}: {shown}");
            assert!(shown.starts_with("Ring ") && shown.ends_with("•••, please"), "{shown}");
        }
    }

    #[test]
    fn a_number_after_a_date_or_an_ordinal_is_hidden_all_the_same() {
        assert_eq!(without_phones("11/22/2026 512-555-0101"), "11/22/2026 •••");
        assert_eq!(without_phones("the 4th 512-555-0101"), "the 4th •••");
        assert_eq!(without_phones("512-555-0101st"), "•••st");
    }

    #[test]
    fn prices_dates_addresses_and_listing_numbers_stay() {
        for text in [
            "Is MLS 12345678 still $1,250,000? Free on 11/22 at 3:30 (or 4).",
            "3 beds, 450,000 in 78701",
            "450000 or 1.250.000 € or 12 500 000",
            "Moves in 12/01/2026 at 2, or 2026-12-01.",
            "10250 104th Ave NE, or 15 Oak Ct",
            "one on each of\n15\n2000\n2500",
        ] {
            assert_eq!(without_phones(text), text);
        }
    }

    #[test]
    fn what_stands_behind_a_number_stays() {
        assert_eq!(without_phones("ring +1 512.555.0101."), "ring •••.");
        assert_eq!(without_phones("512-555-0101 please"), "••• please");
        assert_eq!(without_phones("(512) 555 0101 or +1.512.555.0101"), "••• or •••");
    }
}
