use std::sync::Arc;

use serde_json::{Value as Json, json};
use tipoff_board::OnBoard;
use tipoff_domain::{Agent, Channel, Entity, EntityView, Source};
use tipoff_wire::Notice;

use super::*;

const NOW: &str = "2026-11-23T20:30:00Z";
const SECRET: &[u8] = &[7; 32];

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn from<T: serde::de::DeserializeOwned>(json: Json) -> T {
    serde_json::from_value(json).unwrap()
}

fn dana() -> Json {
    json!({
        "source": "zillow", "kind": "buyer", "name": {"full": "Dana Reyes"}, "language": "es",
        "emails": ["dana@example.com"], "phones": ["+15125550101"],
        "message": "Is it still available?\n\nCall me at (512) 555-0101 or dana@example.com.",
        "property": {"address": "15 Oak Ct", "city": "Austin", "region": "TX", "postal_code": "78701", "price": 450_000},
    })
}

fn told(what: What, locale: Option<&str>, lead: Json, now_is: Json) -> Told {
    let entity: Arc<Entity> =
        from(json!({"name": "Acme Realty", "kind": "team", "zone": "America/New_York"}));
    let source: Source = from(json!({"name": "Zillow"}));
    let agent: Agent =
        from(json!({"name": "Ana Ruiz", "email": "ana@example.com", "locale": locale}));
    let view = EntityView {
        sources: [("zillow".parse().unwrap(), Arc::new(source))].into_iter().collect(),
        ..EntityView::new("acme".parse().unwrap(), entity)
    };
    let (entity, id) = (view.id.clone(), "lead_0192f0a1b2c37def8899aabbccddeeff".parse().unwrap());
    let board =
        OnBoard { id, entity: entity.clone(), version: 2, now_is: from(now_is), lead: from(lead) };
    let agent_id = "ana".parse().unwrap();
    let notice = Notice {
        channel: Channel::Email,
        entity,
        lead: board.id.clone(),
        agent: agent_id,
        what,
        over: Vec::new(),
    };
    Told {
        notice,
        view: Arc::new(view),
        agent: Arc::new(agent),
        lead: Arc::new(board),
        many: false,
    }
}

fn after(state: &str, how: Option<&str>) -> Json {
    json!({"state": state, "round": 3, "how": how, "agent": "ana", "received_at": NOW, "t0": NOW, "reroutes": 0, "inquiries": 0})
}

fn offer(locale: Option<&str>, lead: Json) -> Told {
    let what =
        What::Offer { round: 3, until: at("2026-11-23T20:45:00Z"), route: None, restored: None };
    told(what, locale, lead, after("offered", None))
}

fn assignment(locale: Option<&str>, lead: Json, how: &str) -> Told {
    told(What::Assigned { version: 2 }, locale, lead, after("assigned", Some(how)))
}

fn writer() -> Writer {
    Writer::new(
        &"https://tipoff.example.com/".parse().unwrap(),
        SECRET.to_vec(),
        Box::new(|_, _, _| None),
    )
    .unwrap()
}

fn written(told: &Told) -> Letter {
    let writer = writer();
    writer.letter(told, at(NOW)).unwrap()
}

#[test]
fn an_offer_says_who_what_and_until_when_in_english() {
    let letter = written(&offer(Some("en"), dana()));
    assert_eq!(
        letter.subject,
        "New lead: Dana Reyes, 15 Oak Ct, Austin, TX 78701 (claim by 3:45 PM EST)"
    );
    for said in [
        "You have 15 minutes, until 3:45 PM EST.",
        "Source: Zillow",
        "Language: Spanish",
        "$450,000",
        "Is it still available?",
    ] {
        assert!(letter.text.contains(said), "{said} is missing in\n{}", letter.text);
    }
    for said in [
        "You have 15 minutes, until 3:45 PM EST.",
        "<html lang=\"en\">",
        ">Claim this lead</a>",
        "$450,000",
    ] {
        assert!(letter.html.contains(said), "{said} is missing in\n{}", letter.html);
    }
}

#[test]
fn an_offer_says_it_in_spanish_too() {
    let letter = written(&offer(Some("es"), dana()));
    assert!(letter.subject.starts_with("Nuevo prospecto: Dana Reyes, "), "{}", letter.subject);
    for said in [
        "Fecha límite para reclamar: tienes 15 minutos, hasta las 15:45 EST.",
        "Idioma: Español",
        "Fuente: Zillow",
    ] {
        assert!(letter.text.contains(said), "{said} is missing in\n{}", letter.text);
    }
    assert!(letter.html.contains(">Reclamar este prospecto</a>"));
}

#[test]
fn an_agent_without_a_language_is_written_to_in_the_entitys() {
    assert!(written(&offer(None, dana())).subject.starts_with("New lead"));
}

#[test]
fn no_contact_detail_is_told_before_the_lead_is_claimed() {
    let told = offer(Some("en"), dana());
    let card = writer().card(&told, at(NOW)).unwrap();
    let letter = written(&told);
    for text in [&letter.subject, &letter.text, &letter.html, &card.title, &card.body] {
        for secret in ["555-0101", "5550101", "dana@"] {
            assert!(!text.contains(secret), "{secret} stands in\n{text}");
        }
    }
}

#[test]
fn the_link_of_an_offer_opens_for_that_agent_and_round() {
    let letter = written(&offer(Some("en"), dana()));
    let token = letter
        .text
        .split("https://tipoff.example.com/c/")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    let link = ClaimLink::open(token, SECRET, |_| 0).unwrap();
    assert_eq!(
        (link.agent.as_str(), link.round, link.until),
        ("ana", 3, at("2026-11-23T20:45:00Z"))
    );
    assert!(
        letter.html.contains(&format!("href=\"https://tipoff.example.com/c/{token}\"")),
        "{}",
        letter.html
    );
}

#[test]
fn an_assignment_tells_everything_and_has_nothing_to_claim() {
    let letter = written(&assignment(Some("en"), dana(), "timeout_agent"));
    assert_eq!(letter.subject, "This lead is yours: Dana Reyes, 15 Oak Ct, Austin, TX 78701");
    for said in [
        "Nobody claimed it in time",
        "Phone: +15125550101",
        "E-mail: dana@example.com",
        "Call me at (512) 555-0101",
    ] {
        assert!(letter.text.contains(said), "{said} is missing in\n{}", letter.text);
    }
    for said in ["href=\"tel:+15125550101\"", "href=\"mailto:dana@example.com\""] {
        assert!(letter.html.contains(said), "{said} is missing in\n{}", letter.html);
    }
    assert!(!letter.text.contains("/c/") && !letter.html.contains("/c/"));
}

#[test]
fn every_way_to_get_a_lead_has_words_in_both_languages() {
    for how in [
        "direct",
        "assign_to_agent",
        "timeout_agent",
        "exhausted",
        "agent_site",
        "manual",
        "returning",
    ] {
        for locale in ["en", "es"] {
            let letter = written(&assignment(Some(locale), dana(), how));
            assert!(
                !letter.text.contains('{') && !letter.text.contains("Unknown"),
                "{how}: {}",
                letter.text
            );
        }
    }
}

#[test]
fn what_a_source_sends_cannot_become_markup_or_another_header() {
    let lead = json!({
        "name": {"full": "<b>Dana</b>\r\nBcc: everybody@example.com"},
        "message": "<script>alert(1)</script>",
        "property": {"address": "\"><img src=x>"},
    });
    let letter = written(&offer(Some("en"), lead));
    assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
    assert!(
        !letter.html.contains("<b>")
            && !letter.html.contains("<script")
            && !letter.html.contains("<img"),
        "{}",
        letter.html
    );
}

#[test]
fn a_lead_of_which_little_is_known_leaves_no_empty_lines_or_labels() {
    let letter = written(&offer(Some("en"), json!({"phones": ["+15125550101"]})));
    assert_eq!(letter.subject, "New lead: Somebody (claim by 3:45 PM EST)");
    assert!(!letter.text.contains("\n\n\n") && !letter.text.contains(": \n"), "{}", letter.text);
}

#[test]
fn a_push_shows_the_time_left_and_opens_the_claim_page() {
    let told = offer(Some("es"), dana());
    let card = writer().card(&told, at(NOW)).unwrap();
    assert_eq!(card.title, "Nuevo prospecto: Dana Reyes");
    assert!(card.body.contains("tienes 15 minutos, hasta las 15:45 EST"), "{}", card.body);
    assert!(card.url.starts_with("https://tipoff.example.com/c/"), "{}", card.url);
}

#[test]
fn a_push_about_a_lead_of_ones_own_opens_its_page_for_that_agent() {
    let card = writer().card(&assignment(Some("en"), dana(), "manual"), at(NOW)).unwrap();
    let token = card.url.strip_prefix("https://tipoff.example.com/c/").unwrap();
    let link = ClaimLink::open(token, SECRET, |_| 0).unwrap();
    assert_eq!(
        (link.lead.as_str(), link.agent.as_str(), link.round),
        ("lead_0192f0a1b2c37def8899aabbccddeeff", "ana", 3)
    );
}

#[test]
fn a_push_about_anything_but_one_lead_of_ones_own_opens_the_bell() {
    let over = What::Over { round: 3, version: 2, why: WhyOver::Taken };
    let missed = What::Missed { version: 2, misses: BTreeMap::from([("ana".parse().unwrap(), 3)]) };
    for what in [over, missed] {
        let told = told(what, Some("en"), dana(), after("offered", None));
        let card = writer().card(&told, at(NOW)).unwrap();
        assert_eq!(card.url, "https://tipoff.example.com/bell");
    }
    let mut many = assignment(Some("en"), dana(), "manual");
    many.many = true;
    assert_eq!(writer().card(&many, at(NOW)).unwrap().url, "https://tipoff.example.com/bell");
}

#[test]
fn a_push_says_until_when_however_much_there_is_to_say_of_the_lead() {
    let long = "15 Saint Francis of Assisi Boulevard, ".repeat(8);
    let mut told = offer(Some("en"), json!({"property": {"address": long}}));
    Arc::make_mut(&mut told.lead).now_is.source = Some("s".repeat(60).parse().unwrap());
    let body = writer().card(&told, at(NOW)).unwrap().body;
    assert!(body.contains("3:45 PM EST") && body.contains("15 Saint Francis"), "{body}");
}

#[test]
fn a_name_that_is_an_address_is_not_told_before_the_lead_is_claimed() {
    let lead =
        json!({"name": {"full": "dana@example.com"}, "property": {"address": "Call 512 555 0101"}});
    let offered = written(&offer(Some("en"), lead.clone()));
    assert_eq!(offered.subject, "New lead: Somebody, Call ••• (claim by 3:45 PM EST)");
    let given = written(&assignment(Some("en"), lead, "direct"));
    assert_eq!(given.subject, "This lead is yours: dana@example.com, Call 512 555 0101");
}

#[test]
fn an_entity_may_have_its_own_words_and_ours_are_taken_where_they_are_broken() {
    let own = |_: &EntityId, piece: Piece, _| match piece.to_string().as_str() {
        "offer.subject" => Some(Arc::from("Go, {{ who }}!")),
        "offer.text" => Some(Arc::from("{{ whom }}")),
        _ => None,
    };
    let url = "https://tipoff.example.com/".parse().unwrap();
    let writer = Writer::new(&url, SECRET.to_vec(), Box::new(own)).unwrap();
    let letter = writer.letter(&offer(Some("en"), dana()), at(NOW)).unwrap();
    assert_eq!(letter.subject, "Go, Dana Reyes!");
    assert!(letter.text.contains("A new lead is yours to claim"), "{}", letter.text);
}

#[test]
fn a_room_is_told_who_is_asked_and_can_claim_nothing_by_it() {
    let post = writer().post(&offer(Some("en"), dana()), at(NOW)).unwrap();
    assert!(post.text.contains("Offered to Ana Ruiz, until 3:45 PM EST."), "{}", post.text);
    assert_eq!(post.url, "https://tipoff.example.com/bell");
    assert!(!post.text.contains("555"), "{}", post.text);
}

#[test]
fn times_are_told_by_the_readers_clock_and_to_a_room_by_the_entitys() {
    let mut told = offer(Some("es"), dana());
    Arc::make_mut(&mut told.agent).zone = Some("America/Denver".parse().unwrap());
    assert!(written(&told).text.contains("13:45"), "{}", written(&told).text);
    let post = writer().post(&told, at(NOW)).unwrap();
    assert!(post.text.contains("until 3:45 PM EST."), "{}", post.text);
}

const FIVE: [(&str, &str); 5] = [
    ("ana", "Ana Ruiz"),
    ("ben", "Ben Cole"),
    ("chloe", "Chloe Martin"),
    ("dmitri", "Dmitri Ivanov"),
    ("elena", "Elena Castellanos"),
];

/// Five are asked about a lead with a long address; their entity reads `locale`.
fn offer_to_five(locale: Locale) -> Told {
    let address = "15 Saint Francis of Assisi Boulevard, ".repeat(5);
    let lead = json!({"name": {"full": "Dana Reyes"}, "property": {"address": address}});
    let mut told = offer(None, lead);
    let view = Arc::make_mut(&mut told.view);
    Arc::make_mut(&mut view.entity).locale = locale;
    for (id, name) in FIVE {
        let agent: Agent = from(json!({"name": name}));
        view.agents.insert(id.parse().unwrap(), Arc::new(agent));
    }
    let asked: Vec<AgentId> = FIVE.iter().map(|(id, _)| id.parse().unwrap()).collect();
    Arc::make_mut(&mut told.lead).now_is.pending = asked;
    told
}

#[test]
fn a_room_hears_who_is_asked_and_until_when_however_long_the_address_is() {
    let names = FIVE.map(|(_, name)| name).join(", ");
    for (locale, asked) in [
        (Locale::En, format!("Offered to {names}, until 3:45 PM EST.")),
        (Locale::Es, format!("Se ofrece a {names} hasta las 15:45 EST.")),
    ] {
        let post = writer().post(&offer_to_five(locale), at(NOW)).unwrap();
        assert!(post.text.ends_with(&asked), "{}", post.text);
    }
}

#[test]
fn a_room_is_told_a_thousand_characters_at_most_on_one_line() {
    let own = |_: &EntityId, piece: Piece, _| {
        let chat = piece.to_string() == "offer.chat";
        chat.then(|| Arc::<str>::from("A lead!\n".repeat(500)))
    };
    let url = "https://tipoff.example.com/".parse().unwrap();
    let writer = Writer::new(&url, SECRET.to_vec(), Box::new(own)).unwrap();
    let text = writer.post(&offer(Some("en"), dana()), at(NOW)).unwrap().text;
    assert!(text.starts_with("A lead! A lead!") && text.ends_with('…'), "{text}");
    assert_eq!(text.chars().count(), 1_000);
}
