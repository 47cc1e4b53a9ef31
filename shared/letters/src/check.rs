//! Whether an entity's own template can be used, and what it makes.

use tipoff_domain::Locale;

use crate::gsm::{Segments, gsm_safe, segments};
use crate::{Facts, Occasion, Part, Piece, Texts};

/// Longest template, and longest text, in bytes.
const LONGEST: usize = 32 * 1024;
/// A text message of more segments is not a short one.
const MOST_SEGMENTS: usize = 6;
const LINK: &str = "https://tipoff.example.com/c/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789";

/// What a template makes of an invented lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub text: String,
    /// Of a text message.
    pub segments: Option<Segments>,
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    #[error("is longer than {LONGEST} bytes")]
    TooLong,
    #[error("{what} (line {line})")]
    Wrong { what: String, line: usize },
    #[error("makes a text longer than {LONGEST} bytes")]
    MakesTooMuch,
    #[error("makes {0} segments of text message; at most {MOST_SEGMENTS} are sent")]
    TooManySegments(usize),
    #[error("says nothing")]
    Empty,
    #[error("must show the link that it is about: write {{{{ url }}}} where it goes")]
    NoLink,
}

/// Tries `source` as the template of `piece`, on a lead of which everything is
/// known and on one of which next to nothing is.
pub fn check(
    texts: &Texts,
    piece: Piece,
    locale: Locale,
    source: &str,
) -> Result<Preview, BadTemplate> {
    if source.len() > LONGEST {
        return Err(BadTemplate::TooLong);
    }
    make(texts, piece, locale, source, &sparse(piece.0))?;
    make(texts, piece, locale, source, &full(piece.0, locale))
}

fn make(
    texts: &Texts,
    piece: Piece,
    locale: Locale,
    source: &str,
    facts: &Facts,
) -> Result<Preview, BadTemplate> {
    let text = texts.write(piece, locale, Some(source), facts).map_err(|error| {
        let (what, line) = error.what();
        BadTemplate::Wrong { what, line: line.unwrap_or(1) }
    })?;
    if text.len() > LONGEST {
        return Err(BadTemplate::MakesTooMuch);
    }
    if text.trim().is_empty() {
        return Err(BadTemplate::Empty);
    }
    let acts = matches!(piece.1, Part::Text | Part::Html | Part::Sms);
    // Escaped in HTML, the link is still one.
    let links = || text.replace("&#x2f;", "/").contains(LINK);
    if matches!(piece.0, Occasion::Offer | Occasion::Test | Occasion::Many) && acts && !links() {
        return Err(BadTemplate::NoLink);
    }
    if piece.1 != Part::Sms {
        return Ok(Preview { text, segments: None });
    }
    let text = gsm_safe(&text);
    let counted = segments(&text);
    if counted.count > MOST_SEGMENTS {
        return Err(BadTemplate::TooManySegments(counted.count));
    }
    Ok(Preview { text, segments: Some(counted) })
}

fn sparse(occasion: Occasion) -> Facts {
    let facts = Facts {
        lang: "en".to_owned(),
        entity: "Acme".to_owned(),
        who: "Dana".to_owned(),
        url: LINK.to_owned(),
        ..Facts::default()
    };
    match occasion {
        Occasion::Offer => {
            let (left, until) = ("15 minutes".to_owned(), "3:45 PM EST".to_owned());
            Facts { left, until, code: "A7".to_owned(), ..facts }
        }
        Occasion::Assigned => Facts { how: "direct".to_owned(), ..facts },
        Occasion::Over => Facts { why: "taken".to_owned(), ..facts },
        Occasion::Missed => Facts { missed: vec!["Dana: 3".to_owned()], ..facts },
        Occasion::Many => facts,
        Occasion::Test => Facts { who: "Ana".to_owned(), code: "314159".to_owned(), ..facts },
    }
}

fn full(occasion: Occasion, locale: Locale) -> Facts {
    let text = str::to_owned;
    let own = occasion == Occasion::Assigned;
    if matches!(occasion, Occasion::Test | Occasion::Missed) {
        return Facts { lang: text(locale.as_str()), ..sparse(occasion) };
    }
    Facts {
        lang: text(locale.as_str()),
        entity: text("Acme Realty"),
        who: text("Dana Reyes"),
        wants: crate::words::say(locale, "kind", &crate::words::args([("kind", "buyer".into())])),
        property: text("15 Oak Ct, Austin, TX 78701"),
        price: text("$450,000"),
        source: text("Zillow"),
        language: text("English"),
        message: text("Is it still available?"),
        phones: if own { vec![text("+15125550101")] } else { Vec::new() },
        emails: if own { vec![text("dana@example.com")] } else { Vec::new() },
        agents: text("Ana Ruiz"),
        ..sparse(occasion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(piece: &str, source: &str) -> Result<Preview, BadTemplate> {
        check(&Texts::new().unwrap(), piece.parse().unwrap(), Locale::En, source)
    }

    #[test]
    fn what_a_template_makes_is_shown() {
        let shown = checked("offer.subject", "{{ who }} wants {{ property }}").unwrap();
        assert_eq!(shown.text, "Dana Reyes wants 15 Oak Ct, Austin, TX 78701");
        let shown = checked("offer.sms", "Lead: {{ who }} {{ url }}").unwrap();
        assert_eq!(shown.segments.map(|one| one.count), Some(1));
    }

    #[test]
    fn a_fact_that_does_not_exist_is_named_with_its_line() {
        let wrong = checked("offer.subject", "Hello\n{{ whom }}").unwrap_err();
        assert!(matches!(wrong, BadTemplate::Wrong { line: 2, .. }), "{wrong:?}");
        assert!(matches!(checked("offer.subject", "{{ who"), Err(BadTemplate::Wrong { .. })));
    }

    #[test]
    fn an_offer_without_its_link_is_refused() {
        assert_eq!(checked("offer.sms", "Lead: {{ who }}"), Err(BadTemplate::NoLink));
        assert!(checked("assigned.sms", "Lead: {{ who }}").is_ok());
    }

    #[test]
    fn a_template_that_goes_round_and_round_is_stopped() {
        let endless =
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert!(matches!(checked("offer.subject", endless), Err(BadTemplate::Wrong { .. })));
    }

    #[test]
    fn what_is_put_into_html_is_escaped_there() {
        let made = checked("offer.html", "<p>{{ url }}</p>{{ '<b>' }}").unwrap();
        assert!(made.text.contains("&lt;b&gt;"), "{}", made.text);
    }

    #[test]
    fn a_text_message_of_many_segments_is_refused() {
        let long = format!("{{{{ url }}}} {}", "long ".repeat(200));
        assert!(matches!(checked("offer.sms", &long), Err(BadTemplate::TooManySegments(_))));
    }

    #[test]
    fn the_templates_of_this_build_pass() {
        let texts = Texts::new().unwrap();
        for (piece, source) in [
            ("offer.sms", include_str!("../templates/offer/sms.txt.j2")),
            ("offer.html", include_str!("../templates/offer/body.html.j2")),
            ("offer.text", include_str!("../templates/offer/body.txt.j2")),
            ("assigned.html", include_str!("../templates/assigned/body.html.j2")),
        ] {
            for locale in [Locale::En, Locale::Es] {
                let made = check(&texts, piece.parse().unwrap(), locale, source);
                assert!(made.is_ok(), "{piece}: {made:?}");
            }
        }
    }
}
