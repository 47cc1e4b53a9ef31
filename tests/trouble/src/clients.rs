//! Clients as they ought to be: whoever gets no clear answer asks again, with
//! the same key, at another process. Every call is taken down.

use std::net::SocketAddr;
use std::time::Duration;

use async_nats::HeaderMap;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_domain::{AgentId, LeadId};
use tipoff_runtime::{Backoff, Clock, Nats};
use tipoff_wire::subject;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::history::{Asked, Recorder, Said};
use crate::team::Team;

const ANSWER_WITHIN: Duration = Duration::from_secs(12);
/// Connections to one door that nobody uses just then: a burst leaves thousands
/// behind, and a process may only have so many files open.
const MOST_IDLE: usize = 200;
/// How soon whoever got no clear answer asks again, at first and at last, unless
/// they were told to wait for longer.
const ASK_AGAIN: (Duration, Duration) = (Duration::from_millis(150), Duration::from_secs(3));

/// Calls services and remembers what they said.
#[derive(Debug, Clone)]
pub struct Clients {
    http: Client,
    nats: Nats,
    clock: Clock,
    recorder: Recorder,
    intakes: Vec<SocketAddr>,
    apis: Vec<SocketAddr>,
    /// For so long nobody gives up.
    pub patience: Duration,
}

#[derive(Deserialize)]
struct Answer {
    id: Option<LeadId>,
    outcome: Option<String>,
    code: Option<String>,
    agent: Option<AgentId>,
}

impl Clients {
    pub fn new(
        nats: &Nats,
        clock: &Clock,
        intakes: &[SocketAddr],
        apis: &[SocketAddr],
    ) -> anyhow::Result<Self> {
        Ok(Self {
            http: Client::builder()
                .timeout(ANSWER_WITHIN)
                .pool_max_idle_per_host(MOST_IDLE)
                .build()?,
            nats: nats.clone(),
            clock: clock.clone(),
            recorder: Recorder::default(),
            intakes: intakes.to_vec(),
            apis: apis.to_vec(),
            patience: Duration::from_secs(40),
        })
    }

    /// How many processes answer agents.
    pub fn doors(&self) -> usize {
        self.apis.len()
    }

    /// What was asked and answered so far.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// A source sends a lead over HTTP until it is told that it is accepted.
    pub async fn send(&self, team: &Team, key: &str, first: usize) -> Said {
        let asked = Asked::Take { key: key.to_owned() };
        let question = Question::Post(Post {
            doors: &self.intakes,
            path: "/v1/leads".to_owned(),
            bearer: &team.source_key,
            key: key.to_owned(),
            body: lead(key),
        });
        self.until_clear(asked, &question, first).await
    }

    /// A source publishes a lead until JetStream has it.
    pub async fn publish(&self, team: &Team, key: &str) -> Said {
        let Ok(source) = "portal".parse() else { return Said::Unknown };
        let asked = Asked::Take { key: key.to_owned() };
        let to = subject::leads_in(&team.entity, &source);
        let question = Question::Publish { to, id: key.to_owned(), body: lead(key).to_string() };
        self.until_clear(asked, &question, 0).await
    }

    /// An agent claims a lead; `round` is the offer's, none in the pool.
    pub async fn claim(
        &self,
        team: &Team,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        first: usize,
    ) -> Said {
        let asked = Asked::Claim { lead: lead.clone(), agent: agent.clone() };
        let key = format!("claim-{lead}-{agent}-{round:?}-{first}");
        let bearer = team.key_of(agent).unwrap_or_default();
        self.act(bearer, asked, (lead, "claim", key), json!({"round": round}), first).await
    }

    /// An agent passes on a lead.
    pub async fn pass(
        &self,
        team: &Team,
        lead: &LeadId,
        agent: &AgentId,
        round: u32,
        first: usize,
    ) -> Said {
        let asked = Asked::Pass { lead: lead.clone(), agent: agent.clone() };
        let key = format!("pass-{lead}-{agent}-{round}");
        let bearer = team.key_of(agent).unwrap_or_default();
        self.act(bearer, asked, (lead, "pass", key), json!({"round": round}), first).await
    }

    /// An agent sends a lead back.
    pub async fn give_back(
        &self,
        team: &Team,
        lead: &LeadId,
        agent: &AgentId,
        first: usize,
    ) -> Said {
        let asked = Asked::Return { lead: lead.clone(), agent: agent.clone() };
        let key = format!("return-{lead}-{agent}");
        let bearer = team.key_of(agent).unwrap_or_default();
        self.act(bearer, asked, (lead, "return", key), json!({}), first).await
    }

    /// An admin gives a lead to somebody.
    pub async fn assign(&self, team: &Team, lead: &LeadId, agent: &AgentId, first: usize) -> Said {
        let asked = Asked::Assign { lead: lead.clone(), agent: agent.clone() };
        let key = format!("assign-{lead}-{agent}");
        let body = json!({"agent": agent});
        self.act(&team.admin_key, asked, (lead, "assign", key), body, first).await
    }

    /// An admin looks, once, whose a lead is.
    pub async fn look(&self, team: &Team, lead: &LeadId, first: usize) -> Said {
        let at = self.apis[first % self.apis.len()];
        let request = self.http.get(format!("http://{at}/v1/leads/{lead}"));
        let asked = Asked::Show { lead: lead.clone() };
        let begun = self.recorder.begin(asked, self.clock.now());
        let said = match answer(request.bearer_auth(&team.admin_key)).await {
            Some((200, answer, _)) => Said::Owner(answer.agent),
            Some((status, answer, _)) => refused(status, answer.code),
            None => Said::Unknown,
        };
        self.recorder.end(begun, said.clone(), self.clock.now());
        said
    }

    /// Whether an admin is shown what rests in the team's pool: nobody is while its
    /// partition is shut.
    pub async fn is_shown(&self, team: &Team, door: usize) -> bool {
        let at = self.apis[door % self.apis.len()];
        let request = self.http.get(format!("http://{at}/v1/entities/{}/pool", team.entity));
        matches!(answer(request.bearer_auth(&team.admin_key)).await, Some((200, ..)))
    }

    async fn act(
        &self,
        bearer: &str,
        asked: Asked,
        (lead, verb, key): (&LeadId, &str, String),
        body: Value,
        first: usize,
    ) -> Said {
        let path = format!("/v1/leads/{lead}/{verb}");
        let question = Question::Post(Post { doors: &self.apis, path, bearer, key, body });
        self.until_clear(asked, &question, first).await
    }

    /// Asks until the answer is clear, each time at another door.
    async fn until_clear(&self, asked: Asked, question: &Question<'_>, first: usize) -> Said {
        let give_up = Instant::now() + self.patience;
        let mut backoff = Backoff::new(ASK_AGAIN.0, ASK_AGAIN.1);
        for number in first.. {
            let begun = self.recorder.begin(asked.clone(), self.clock.now());
            let (said, wait) = match question {
                Question::Post(post) => self.post(post, number).await,
                Question::Publish { to, id, body } => {
                    (self.put_on_the_bus(to, id, body).await, None)
                }
            };
            self.recorder.end(begun, said.clone(), self.clock.now());
            if said != Said::Unknown || Instant::now() > give_up {
                return said;
            }
            let again = async { backoff.wait(&CancellationToken::new()).await };
            tokio::join!(again, sleep(wait.unwrap_or_default()));
        }
        Said::Unknown
    }

    /// What was said, and how long to wait at least before asking again.
    async fn post(&self, post: &Post<'_>, number: usize) -> (Said, Option<Duration>) {
        let at = post.doors[number % post.doors.len()];
        let request = self.http.post(format!("http://{at}{}", post.path)).bearer_auth(post.bearer);
        let request = request.header("Idempotency-Key", &post.key).json(&post.body);
        let Some((status, answer, wait)) = answer(request).await else {
            return (Said::Unknown, None);
        };
        let said = match status {
            202 => Said::Accepted(answer.id),
            200 => match answer.outcome.as_deref() {
                Some("won") => Said::Won,
                Some("already_yours") => Said::AlreadyYours,
                _ => Said::Done,
            },
            _ => refused(status, answer.code),
        };
        (said, wait)
    }

    async fn put_on_the_bus(&self, to: &str, id: &str, body: &str) -> Said {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", id);
        let (to, body) = (to.to_owned(), body.to_owned().into());
        let publishing =
            async { self.nats.jetstream.publish_with_headers(to, headers, body).await?.await };
        match tokio::time::timeout(ANSWER_WITHIN, publishing).await {
            Ok(Ok(_)) => Said::Accepted(None),
            _ => Said::Unknown,
        }
    }
}

/// What a status other than success says.
fn refused(status: u16, code: Option<String>) -> Said {
    match status {
        // Not now, or nobody knows: it is asked again.
        429 | 503 | 504 => Said::Unknown,
        _ => Said::No(code.unwrap_or_else(|| status.to_string())),
    }
}

/// What is asked, and asked again.
enum Question<'a> {
    Post(Post<'a>),
    Publish { to: String, id: String, body: String },
}

struct Post<'a> {
    doors: &'a [SocketAddr],
    path: String,
    bearer: &'a str,
    key: String,
    body: Value,
}

/// The status, the body, and how long to wait before asking again. `None`: it
/// broke off, so nobody knows.
async fn answer(request: RequestBuilder) -> Option<(u16, Answer, Option<Duration>)> {
    let response = request.send().await.ok()?;
    let wait =
        response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
    let (status, body) = (response.status().as_u16(), response.bytes().await.ok()?);
    Some((status, serde_json::from_slice(&body).ok()?, wait.map(Duration::from_secs)))
}

fn lead(key: &str) -> Value {
    json!({
        "external_id": key, "kind": "buyer", "name": {"full": format!("Person {key}")},
        "emails": [format!("{key}@example.com")], "phones": ["+15125550101"],
        "message": "Is it still available?", "property": {"address": "15 Oak Ct", "price": 450_000},
    })
}
