//! Phone numbers, as everybody can dial them.

use phonenumber::{Mode, country};

/// Longer than any number with its extension.
const LONGEST: usize = 64;

/// Unpacks the library's tables.
pub fn warm() {
    e164("+15125550101", "US");
}

/// The number in E.164; `None`: it cannot be read as a number of that country
/// or as an international one.
pub fn e164(sent: &str, country: &str) -> Option<String> {
    if sent.len() > LONGEST {
        return None;
    }
    let country: Option<country::Id> = country.parse().ok();
    let number = phonenumber::parse(country, sent).ok()?;
    number.is_valid().then(|| number.format().mode(Mode::E164).to_string())
}

/// The numbers as they are kept, and what was sent where that differs.
/// What cannot be read is kept as it came.
pub fn normalise(sent: Vec<String>, country: &str) -> (Vec<String>, Vec<String>) {
    let (mut phones, mut originals) = (Vec::new(), Vec::new());
    for one in sent {
        let one = one.trim();
        if one.is_empty() {
            continue;
        }
        let phone = e164(one, country).unwrap_or_else(|| one.to_owned());
        if phone != one {
            originals.push(one.to_owned());
        }
        if !phones.contains(&phone) {
            phones.push(phone);
        }
    }
    (phones, originals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_the_country_of_the_entity() {
        assert_eq!(e164("(512) 555-0101", "US").as_deref(), Some("+15125550101"));
        assert_eq!(e164("512.555.0101", "US").as_deref(), Some("+15125550101"));
        assert_eq!(e164("020 7946 0958", "GB").as_deref(), Some("+442079460958"));
        assert_eq!(e164("+44 20 7946 0958", "US").as_deref(), Some("+442079460958"));
    }

    #[test]
    fn what_is_no_number_is_kept_as_it_came() {
        let sent =
            ["call me", "12", "+1 (512) 555-0101", "+15125550101", " "].map(str::to_owned).to_vec();
        let (phones, originals) = normalise(sent, "US");
        assert_eq!(phones, ["call me", "12", "+15125550101"]);
        assert_eq!(originals, ["+1 (512) 555-0101"]);
    }
}
