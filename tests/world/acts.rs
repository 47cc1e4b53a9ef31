//! What people and programs do in a story.

use serde_json::{Value, json};
use tipoff_domain::LeadId;

use crate::calls::Answer;
use crate::{World, id};

impl World {
    /// A new person asks at Zillow, with more about them than a name; answers the lead.
    pub async fn lead(&self, name: &str, more: Value) -> LeadId {
        let email = format!("{}@example.com", name.to_lowercase());
        let person = json!({"external_id": name, "kind": "buyer", "name": {"full": name}, "emails": [email]});
        self.sends("zillow", &with(person, more)).await
    }

    /// Those people ask at Zillow, one after the other; answers whom each is
    /// offered to first.
    pub async fn firsts(&self, names: &[&str]) -> Vec<String> {
        let mut firsts = Vec::new();
        for name in names {
            let lead = self.lead_from_zillow(name).await;
            firsts.extend(self.offered(&lead, 1).await);
        }
        firsts
    }

    /// A source of `acme` sends that; answers the lead.
    pub async fn sends(&self, source: &str, lead: &Value) -> LeadId {
        let answer = self.source(source).await.post("/v1/leads", lead).await.expect(202);
        id(&answer.field("id"))
    }

    /// `agent` does that to the lead: `claim`, `pass`, `return` and so on.
    pub async fn does(&self, agent: &str, what: &str, lead: &LeadId) -> Answer {
        self.agent(agent).await.post(&format!("/v1/leads/{lead}/{what}"), &json!({})).await
    }

    /// The operator does that to the lead.
    pub async fn orders(&self, what: &str, lead: &LeadId, body: Value) -> Answer {
        self.operator.post(&format!("/v1/leads/{lead}/{what}?entity=acme"), &body).await
    }

    /// Gives the lead to an agent by hand.
    pub async fn assign(&self, lead: &LeadId, agent: &str) {
        self.orders("assign", lead, json!({"agent": agent})).await.expect(200);
    }

    /// The lead as an admin sees it.
    pub async fn shown(&self, lead: &LeadId) -> Value {
        self.operator.get(&format!("/v1/leads/{lead}?entity=acme")).await.expect(200).json()
    }

    /// Changes those settings of `acme`, and no others.
    pub async fn settle(&self, more: Value) {
        self.edit("", more).await;
    }

    /// Changes that about an agent, and nothing else.
    pub async fn change_agent(&self, agent: &str, more: Value) {
        self.edit(&format!("/agents/{agent}"), more).await;
    }

    /// Changes that about a route, and nothing else.
    pub async fn change_route(&self, route: &str, more: Value) {
        self.edit(&format!("/routes/{route}"), more).await;
    }

    async fn edit(&self, what: &str, more: Value) {
        let at = format!("/v1/entities/acme{what}");
        let whole = self.operator.get(&at).await.expect(200).json();
        self.operator.put(&at, &with(whole, more)).await.expect(200);
    }

    /// An agent leaves the team.
    pub async fn remove_agent(&self, agent: &str) {
        self.removes(&format!("/agents/{agent}")).await;
    }

    /// A route is deleted.
    pub async fn remove_route(&self, route: &str) {
        self.removes(&format!("/routes/{route}")).await;
    }

    async fn removes(&self, what: &str) {
        let path = format!("/v1/entities/acme{what}");
        crate::answer(self.operator.request(reqwest::Method::DELETE, &path)).await.expect(204);
    }
}

/// `whole`, with the fields of `more` in place of its own.
fn with(mut whole: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("no object: {more}") };
    whole.as_object_mut().unwrap().extend(more);
    whole
}
