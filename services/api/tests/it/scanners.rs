//! Mail scanners, link previews and prefetchers open every link they find. None
//! of them claims.

use axum::http::Method;
use tipoff_domain::LeadId;
use tipoff_wire::link::{ClaimLink, read_secret};

use crate::world::{Answer, Call, Keys, World};

/// Opened so often each.
const ROUNDS: usize = 50;

const SAFE_LINKS: &str = "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1) Microsoft SafeLinks";
const FORM: &str = "application/x-www-form-urlencoded";

/// What a scanner does with a link that it has found.
struct Scanner {
    what: &'static str,
    method: Method,
    query: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

const fn opens(what: &'static str, headers: &'static [(&'static str, &'static str)]) -> Scanner {
    Scanner { what, method: Method::GET, query: "", headers, body: "" }
}

const fn sends(what: &'static str, method: Method, body: &'static str) -> Scanner {
    Scanner { what, method, query: "", headers: &[("content-type", FORM)], body }
}

fn scanners() -> [Scanner; 20] {
    [
        opens("a plain client", &[]),
        opens("Safe Links", &[("user-agent", SAFE_LINKS)]),
        opens("a gateway", &[("user-agent", "Mimecast"), ("via", "1.1 mail.example.com")]),
        opens("a preview", &[("user-agent", "Slackbot-LinkExpanding 1.0"), ("accept", "*/*")]),
        opens("a messenger", &[("user-agent", "WhatsApp/2.23")]),
        opens("a crawler", &[("user-agent", "Googlebot/2.1"), ("from", "bot@example.com")]),
        opens("a prefetch", &[("purpose", "prefetch"), ("x-moz", "prefetch")]),
        opens("a prerender", &[("sec-purpose", "prefetch;prerender")]),
        opens("a range", &[("range", "bytes=0-1023")]),
        opens(
            "a frame of another site",
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "iframe")],
        ),
        Scanner { query: "?action=claim", ..opens("who puts the form into the address", &[]) },
        Scanner { query: "?utm_source=mail&lang=en", ..opens("who adds to the address", &[]) },
        Scanner { method: Method::HEAD, ..opens("a head", &[]) },
        Scanner {
            method: Method::OPTIONS,
            ..opens("a question", &[("origin", "https://example.com")])
        },
        sends("an empty form", Method::POST, ""),
        sends("a form that was guessed", Method::POST, "action=claim"),
        sends(
            "a form with a made-up secret",
            Method::POST,
            "action=claim&nonce=AAAAAAAAAAAAAAAAAAAAAA",
        ),
        sends("another method", Method::PUT, "action=claim"),
        sends("a removal", Method::DELETE, ""),
        Scanner {
            headers: &[("content-type", "application/json"), ("x-http-method-override", "POST")],
            ..sends("JSON", Method::POST, r#"{"action":"claim"}"#)
        },
    ]
}

impl Scanner {
    async fn scan(&self, world: &World, path: &str) -> Answer {
        let mut call: Call<'_> = world.call(self.method.clone(), &format!("{path}{}", self.query));
        for (name, value) in self.headers {
            call = call.header(name, value);
        }
        call.raw(self.body).send().await
    }
}

fn link(world: &World, keys: &Keys, lead: &LeadId) -> String {
    let secret = read_secret(&world.roster.deployment().link_secret).unwrap();
    let (entity, lead) = (keys.entity.clone(), lead.clone());
    let until = "2026-11-22T09:45:00Z".parse().unwrap();
    let link = ClaimLink { entity, lead, agent: "ana".parse().unwrap(), round: 1, until };
    format!("/c/{}", link.seal(&secret, 0))
}

#[tokio::test]
async fn twenty_kinds_of_scanners_open_a_link_a_thousand_times_and_claim_nothing() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let path = link(&world, &keys, &lead);
    let before = world.events(&keys.entity, &lead).await;
    for _ in 0..ROUNDS {
        for scanner in scanners() {
            let seen = scanner.scan(&world, &path).await;
            assert!(!seen.status.is_server_error(), "{}: {}", scanner.what, seen.status);
            let shows = seen.text.contains("dana@example.com") || seen.text.contains("5550101");
            assert!(!shows, "{} is shown whom the lead is about", scanner.what);
        }
    }
    assert_eq!(world.events(&keys.entity, &lead).await, before);
}

/// Some run what scripts a page has, with its cookies; so no script may press the button.
#[tokio::test]
async fn the_script_of_the_page_sends_nothing() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let page = world.call(Method::GET, &link(&world, &keys, &lead)).send().await.expect(200).text;
    let scripts: Vec<&str> =
        page.split("<script").skip(1).filter_map(|rest| rest.split("</script>").next()).collect();
    assert!(!scripts.is_empty());
    for script in scripts {
        for sends in
            ["submit", "fetch", "XMLHttpRequest", "sendBeacon", ".click(", "location", "src="]
        {
            assert!(!script.contains(sends), "{sends} in {script}");
        }
    }
    for sends in ["http-equiv=\"refresh\"", "onload", "onclick", "autofocus onfocus"] {
        assert!(!page.contains(sends), "{sends} in {page}");
    }
}
