//! Which channels count, and who is not asked since none does (D-5).

use serde_json::json;
use tipoff_domain::decision::CandidateVerdict;
use tipoff_domain::lint::{Code, Severity, lint};
use tipoff_domain::{Channel, EntityView, Works};

use crate::fixture::{FRIDAY, at, entity, id, lead, order, plan_it, route, view};

fn team() -> EntityView {
    let list = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    view(&["ana", "ben"], vec![route("robin", list, json!({"channels": ["email", "push"]}))])
}

fn known(team: &mut EntityView, agent: &str, works: &[(Channel, Works)]) {
    team.works.insert(id(agent), works.iter().copied().collect());
}

fn asked(team: &EntityView) -> Vec<String> {
    order(&plan_it(&lead(json!({})), team, FRIDAY, 1))
}

#[test]
fn what_is_not_confirmed_counts_unless_the_entity_wants_otherwise() {
    let mut team = team();
    known(&mut team, "ana", &[(Channel::Email, Works::Confirmed)]);
    known(&mut team, "ben", &[]);
    assert_eq!(asked(&team), ["ana", "ben"]);
    entity(&mut team).confirmed_channels_only = true;
    assert_eq!(asked(&team), ["ana"]);
    let plan = plan_it(&lead(json!({})), &team, FRIDAY, 1);
    let ben = plan.decision.candidates.iter().find(|one| one.agent.as_str() == "ben").unwrap();
    assert_eq!(ben.verdict, CandidateVerdict::NoChannel);
}

#[test]
fn an_agent_of_whom_only_the_bell_is_left_is_not_asked() {
    let mut team = team();
    let all = vec![Channel::Email, Channel::InApp];
    std::sync::Arc::make_mut(&mut team.routes[0]).channels = all.clone();
    for agent in ["ana", "ben"] {
        let agent = team.agents.get_mut(&id(agent)).unwrap();
        std::sync::Arc::make_mut(agent).channels.clone_from(&all);
    }
    known(&mut team, "ana", &[(Channel::Email, Works::Failed)]);
    assert_eq!(asked(&team), ["ben"]);
    // Whom only the bell tells by their own wish is told by it.
    std::sync::Arc::make_mut(team.agents.get_mut(&id("ana")).unwrap()).channels =
        vec![Channel::InApp];
    assert_eq!(asked(&team), ["ana", "ben"]);
}

#[test]
fn the_lint_names_whose_channels_nobody_has_confirmed() {
    let mut team = team();
    known(&mut team, "ana", &[(Channel::Email, Works::Confirmed)]);
    known(&mut team, "ben", &[]);
    let found = |team: &EntityView| {
        let all = lint(team, at(FRIDAY)).into_iter();
        all.filter(|one| one.code == Code::ChannelsNotConfirmed).collect::<Vec<_>>()
    };
    assert_eq!(found(&view(&["ana", "ben"], Vec::new())), [], "nobody confirms anything");
    let noted = found(&team);
    assert_eq!((noted.len(), noted[0].severity), (1, Severity::Note));
    assert_eq!(noted[0].facts, json!({"agents": {"ben": ["email"]}}));
    assert!(noted[0].message.en.ends_with("by ben (email)"), "{}", noted[0].message.en);

    entity(&mut team).confirmed_channels_only = true;
    let warned = found(&team);
    assert_eq!((warned.len(), warned[0].severity), (1, Severity::Warning));
    assert_eq!(warned[0].agent, Some(id("ben")));
}
