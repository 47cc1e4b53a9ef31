//! What is said to scripts: plain words, as they read them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use tipoff_domain::plan::{Along, Candidate, Marks, Otherwise, Pick, Plan, Step, Then};
use tipoff_domain::{Cap, PondClaim};

use crate::read::to_word;

/// A plan as `carry_out.lua` reads it.
pub(crate) fn of_plan(plan: &Plan) -> Vec<String> {
    let decision = plan.decision.shortened();
    let decision = serde_json::to_string(&decision).unwrap_or_default();
    let bare = |what: &str, why: String| {
        let mut words = vec![what.to_owned(), why];
        words.resize(8, String::new());
        words.push(decision.clone());
        words
    };
    match &plan.then {
        Then::Pool(rest) => {
            let mut words = bare("pool", to_word(&rest.why));
            words[2] = rest.route.as_ref().map(ToString::to_string).unwrap_or_default();
            words.extend(of_marks(rest.marks.as_ref()));
            words.push(rest.pond.as_ref().map(ToString::to_string).unwrap_or_default());
            words
        }
        Then::Hold(why) => bare("hold", to_word(why)),
        Then::Wait(until) => {
            let mut words = bare("hold", to_word(&Otherwise::UntilOpening));
            words[6] = until.timestamp_millis().to_string();
            words
        }
        Then::Step(step) => of_step(step, decision),
    }
}

fn of_step(step: &Step, decision: String) -> Vec<String> {
    let pick = match step.pick {
        Pick::Turn => "turn",
        Pick::Fresh => "fresh",
        Pick::Smooth => "smooth",
        Pick::Drawn => "drawn",
        Pick::Spread => "spread",
        Pick::First => "first",
        Pick::All => "all",
    };
    let mut words = vec![
        "step".to_owned(),
        String::new(),
        step.route.as_ref().map(ToString::to_string).unwrap_or_default(),
        pick.to_owned(),
        to_word(&step.by),
        step.assign.as_ref().map(to_word).unwrap_or_default(),
        step.window.num_milliseconds().to_string(),
        step.reroutes.to_string(),
        decision,
    ];
    words.extend(of_marks(step.marks.as_ref()));
    // No pond.
    words.push(String::new());
    words.extend(of_candidates(&step.candidates, step.pick));
    words
}

/// Whether the route has just taken the lead up, and what it puts on it then.
fn of_marks(marks: Option<&Marks>) -> [String; 4] {
    let Some(marks) = marks else { return Default::default() };
    let tags = &marks.tags;
    [
        "1".to_owned(),
        if tags.is_empty() { String::new() } else { serde_json::json!(tags).to_string() },
        // No character of a name may mean anything on the way.
        marks.smart_plan.iter().flat_map(|plan| plan.chars()).filter(|c| !c.is_control()).collect(),
        marks.along.iter().map(of_along).collect::<Vec<_>>().join(";"),
    ]
}

/// As in `isa:ivy,ida`.
fn of_along(along: &Along) -> String {
    format!("{}:{}", along.role, joined(along.among.iter().map(ToString::to_string)))
}

/// Four lists: everybody in order, those who cannot have it, weights as in
/// `ana=50`, limits as in `ana@open:3;1795357647143:5`.
fn of_candidates(candidates: &[Candidate], pick: Pick) -> [String; 4] {
    let barred = candidates.iter().filter(|candidate| !candidate.eligible);
    let weighed = candidates.iter().filter(|_| pick == Pick::Smooth);
    let limited = candidates.iter().filter(|one| one.eligible && !one.caps.is_empty());
    [
        joined(candidates.iter().map(|one| one.agent.to_string())),
        joined(barred.map(|one| one.agent.to_string())),
        joined(weighed.map(|one| format!("{}={}", one.agent, one.weight))),
        joined(limited.map(|one| format!("{}@{}", one.agent, of_caps(&one.caps)))),
    ]
}

fn joined(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(",")
}

/// Limits as `limits.lua` reads them.
pub(crate) fn of_caps(caps: &[Cap]) -> String {
    let word = |cap: &Cap| match cap.since {
        Some(since) => format!("{}:{}", since.timestamp_millis(), cap.count),
        None => format!("open:{}", cap.count),
    };
    caps.iter().map(word).collect::<Vec<_>>().join(";")
}

/// Empty for any round.
pub(crate) fn of_round(round: Option<u32>) -> String {
    round.map(|round| round.to_string()).unwrap_or_default()
}

/// A pond to claim from, as `claim.lua` reads it.
pub(crate) fn of_pond(claim: &PondClaim) -> String {
    let pond = claim.pond.as_ref().map_or("pool", |pond| pond.as_str());
    let cap = claim.cap.map(|cap| cap.to_string()).unwrap_or_default();
    let reclaim = claim.reclaim_after.map(|after| after.as_millis().to_string());
    format!("{pond}:{cap}:{}", reclaim.unwrap_or_default())
}

/// A request as `id.what`: its own name, and what it asks. A lead remembers a few
/// of them, so they are short.
pub(crate) fn of_request(request: &str, asks: &[&str]) -> String {
    let short = |text: &str, letters: usize| {
        let mut hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()));
        hash.truncate(letters);
        hash
    };
    if request.is_empty() {
        return String::new();
    }
    format!("{}.{}", short(request, 12), short(&asks.join("\u{1f}"), 6))
}

/// What a person wrote, as JSON, so that no character of it can mean anything on the way.
pub(crate) fn quoted(text: Option<&str>) -> String {
    text.map(|text| serde_json::Value::from(text).to_string()).unwrap_or_default()
}
