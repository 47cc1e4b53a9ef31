//! Every page, in both languages.

use serde_json::json;
use tipoff_domain::SourceId;
use tipoff_wire::event::State;

use super::super::Pages;
use super::super::browser::Frame;
use super::*;

const ALL: [Standing; 9] = [
    Standing::Open,
    Standing::Yours,
    Standing::Taken,
    Standing::TooLate,
    Standing::Passed,
    Standing::Withdrawn,
    Standing::Full,
    Standing::Unknown,
    Standing::Away,
];

fn lead() -> OnBoard {
    let now_is = json!({"state": "offered", "round": 1, "pending": ["ana"], "until": "2026-11-22T21:45:00Z",
        "source": "zillow", "received_at": "2026-11-22T21:30:00Z", "t0": "2026-11-22T21:30:00Z",
        "reroutes": 0, "inquiries": 1});
    let lead = json!({"name": {"full": "Dana Reyes"}, "kind": "buyer", "language": "es",
        "emails": ["dana@example.com"], "phones": ["+15125550101"],
        "message": "Is it still available? <script>alert(1)</script>\nCall (512) 555-0101 or dana@example.com.",
        "property": {"address": "15 Oak Ct", "city": "Austin", "region": "TX", "postal_code": "78701", "price": 450_000}});
    OnBoard {
        id: "lead_1".parse().unwrap(),
        entity: "acme".parse().unwrap(),
        version: 2,
        now_is: serde_json::from_value(now_is).unwrap(),
        lead: serde_json::from_value(lead).unwrap(),
    }
}

fn entity() -> EntityView {
    let entity = json!({"name": "Acme Realty", "kind": "team", "zone": "America/New_York"});
    let agent = json!({"name": "Ana Ruiz"});
    let source: SourceId = "zillow".parse().unwrap();
    EntityView {
        agents: [("ana".parse().unwrap(), serde_json::from_value(agent).unwrap())]
            .into_iter()
            .collect(),
        sources: [(source, serde_json::from_value(json!({"name": "Zillow"})).unwrap())]
            .into_iter()
            .collect(),
        ..EntityView::new("acme".parse().unwrap(), serde_json::from_value(entity).unwrap())
    }
}

fn page(standing: Standing, locale: Locale, pooled: bool) -> String {
    let mut view = View::bare(standing);
    if !matches!(standing, Standing::Unknown | Standing::Away) {
        let mut lead = lead();
        if pooled {
            lead.now_is.state = State::Pooled;
        }
        let now = "2026-11-22T21:31:00Z".parse().unwrap();
        view.lead =
            Some(LeadView::new(standing, &lead, &entity(), &"ana".parse().unwrap(), now, locale));
    }
    let mut frame = Frame::new(locale);
    frame.csp_nonce = "CSP".to_owned();
    frame.nonce = if view.asks() { "NONCE".to_owned() } else { String::new() };
    let secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let page = Pages::new(secret).write(crate::page::TEMPLATE, &frame, &view).unwrap();
    // To look at them: TIPOFF_PAGES_TO=folder cargo test -p tipoff-api
    if let Ok(folder) = std::env::var("TIPOFF_PAGES_TO") {
        let name = format!(
            "{folder}/{:?}-{}{}.html",
            standing,
            locale.as_str(),
            if pooled { "-pooled" } else { "" }
        );
        std::fs::write(name, &page).unwrap();
    }
    page
}

fn everywhere() -> impl Iterator<Item = (Standing, Locale, String)> {
    ALL.into_iter().flat_map(|standing| {
        [Locale::En, Locale::Es].map(|locale| (standing, locale, page(standing, locale, false)))
    })
}

#[test]
fn every_page_is_small_and_whole_and_brings_all_it_needs() {
    for (standing, locale, page) in everywhere() {
        assert!(page.len() < 30_000, "{standing:?}: {} bytes", page.len());
        assert!(page.contains(&format!("<html lang=\"{}\">", locale.as_str())), "{standing:?}");
        assert_eq!(page.matches("<h1>").count(), 1, "{standing:?}");
        assert!(page.trim_end().ends_with("</html>"), "{standing:?}");
        for outside in ["http://", "https://", "src=", "@import", "style=\"", "onclick"] {
            assert!(!page.contains(outside), "{standing:?} reaches for {outside}");
        }
    }
}

#[test]
fn contact_details_stand_on_the_winners_page_only() {
    for (standing, locale, page) in everywhere() {
        let theirs = standing == Standing::Yours;
        for detail in
            ["tel:+15125550101", "mailto:dana@example.com", "(512) 555-0101", "Dana Reyes"]
        {
            assert_eq!(page.contains(detail), theirs, "{detail} for {standing:?} in {locale:?}");
        }
        assert_eq!(page.contains("555"), theirs, "{standing:?}");
    }
}

#[test]
fn only_an_open_offer_has_the_two_forms_and_claim_comes_first() {
    for (standing, _, page) in everywhere() {
        let forms = page.matches("<form method=\"post\">").count();
        assert_eq!(forms, if standing == Standing::Open { 2 } else { 0 }, "{standing:?}");
    }
    let page = page(Standing::Open, Locale::En, false);
    let (claim, pass) =
        (page.find("value=\"claim\"").unwrap(), page.find("value=\"pass\"").unwrap());
    assert!(claim < pass);
    assert_eq!(page.matches("value=\"NONCE\"").count(), 2);
}

#[test]
fn an_open_offer_says_until_when_in_words_and_to_screen_readers() {
    let english = page(Standing::Open, Locale::En, false);
    for part in [
        "today, 4:45 PM EST",
        ">14:00<",
        "data-seconds=\"840\"",
        "role=\"timer\" aria-live=\"off\"",
        "$450,000",
    ] {
        assert!(english.contains(part), "{part}");
    }
    let spanish = page(Standing::Open, Locale::Es, false);
    for part in
        ["Reclamar", "Rechazar", "Fecha límite para reclamar", "prospecto", "hoy, 4:45 p. m. EST"]
    {
        assert!(spanish.to_lowercase().contains(&part.to_lowercase()), "{part}");
    }
}

#[test]
fn the_script_counts_and_never_sends() {
    let page = page(Standing::Open, Locale::En, false);
    let script = page
        .split("<script nonce=\"CSP\">")
        .nth(1)
        .and_then(|rest| rest.split("</script>").next())
        .unwrap();
    for sending in ["submit", "fetch", "XMLHttp", "sendBeacon", "click(", "location"] {
        assert!(!script.contains(sending), "{sending}");
    }
}

#[test]
fn what_a_stranger_typed_stays_text() {
    let page = page(Standing::Open, Locale::En, false);
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn a_missed_lead_may_still_be_taken_from_the_pool() {
    let missed = page(Standing::TooLate, Locale::Es, true);
    assert!(missed.contains("value=\"pool\"") && missed.contains("Grupo de Prospectos"));
    assert!(!missed.contains("value=\"claim\""));
    assert!(!page(Standing::Taken, Locale::Es, true).contains("<form"));
}
