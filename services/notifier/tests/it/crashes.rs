//! A notifier that dies, wherever it is. What others see of a crash is only after which
//! of its packets it came, so it dies after each of them in turn: what lies between two
//! of them nobody can tell apart.

use futures::StreamExt;
use futures::stream;
use serde_json::json;
use tipoff_domain::LeadId;
use tipoff_testkit::proxy::{Proxy, Steps};
use tipoff_testkit::sink::{Caught, WebhookSink};
use tipoff_wire::Stream;

use crate::desk::{Desk, Notifier, PATIENCE, dana};

/// At once; each has servers of its own.
const AT_ONCE: usize = 8;
const SETTINGS: &[&str] = &["--webhooks-inside"];

/// Agents with a mailbox, one of whom has a browser as well, and an endpoint.
struct Office {
    desk: Desk,
    hook: WebhookSink,
    agents: Vec<String>,
}

/// How often each agent, the browser and the endpoint were told.
#[derive(Debug)]
struct Told {
    mails: Vec<usize>,
    pushes: usize,
    calls: usize,
}

impl Told {
    fn all(&self) -> impl Iterator<Item = usize> {
        self.mails.iter().copied().chain([self.pushes, self.calls])
    }
}

impl Office {
    async fn open(agents: usize) -> Self {
        let desk = Desk::set_up().await;
        let agents: Vec<String> = (0..agents).map(|number| format!("agent{number}")).collect();
        for agent in &agents {
            desk.agent(agent, json!({})).await;
        }
        desk.browser(&agents[0]).await;
        let hook = crate::webhook::sink().await;
        crate::webhook::endpoint(&desk, "hook_1", &hook, &["lead.offered"]).await;
        Self { desk, hook, agents }
    }

    async fn offer(&self) -> LeadId {
        let agents: Vec<&str> = self.agents.iter().map(String::as_str).collect();
        self.desk.offer(&agents, dana()).await
    }

    /// Waits until everybody was told and everything is settled.
    async fn all_told(&self, lead: &LeadId) {
        let is_told = |caught: &[Caught]| self.mails(caught, lead).iter().all(|mails| *mails > 0);
        let told = |caught: &[Caught]| is_told(caught).then_some(());
        self.desk.mailbox.wait_for("everybody's mail", told).await;
        self.desk.caught(lead, "push").await;
        self.hook.told_of(1).await;
        self.desk.all_done(&[Stream::Events, Stream::Notify, Stream::Webhooks]).await;
    }

    fn told(&self, lead: &LeadId) -> Told {
        let calls = self.hook.told();
        Told {
            mails: self.mails(&self.desk.mailbox.caught(), lead),
            pushes: self.desk.count(lead, "push"),
            calls: calls.iter().filter(|call| call.body["data"]["lead"] == lead.as_str()).count(),
        }
    }

    /// How many about the lead came to each agent.
    fn mails(&self, caught: &[Caught], lead: &LeadId) -> Vec<usize> {
        let to = |agent: &String| {
            let address = format!("{agent}@example.com");
            let is_it = |one: &&Caught| {
                (one.channel == "email" && one.to == address)
                    && one.lead.as_deref() == Some(lead.as_str())
            };
            caught.iter().filter(is_it).count()
        };
        self.agents.iter().map(to).collect()
    }
}

/// A notifier that can say so much and no more.
struct Mortal {
    notifier: Notifier,
    steps: Steps,
    _roads: [Proxy; 3],
}

impl Mortal {
    async fn start(office: &Office) -> Self {
        let (desk, steps) = (&office.desk, Steps::without_end());
        let road = async |url: &str| {
            let (_, server) = url.split_once("://").unwrap();
            Proxy::within(server.parse().unwrap(), steps.clone()).await.unwrap()
        };
        let (nats, redis) = (desk.nats_server.url(), desk.redis_server.url());
        let roads = [road(&nats).await, road(&redis).await, road(&desk.smtp.url()).await];
        let [nats, redis, smtp] = roads.each_ref().map(Proxy::address);
        let urls = [format!("nats://{nats}"), format!("redis://{redis}"), format!("smtp://{smtp}")];
        let [nats, redis, smtp] = urls.each_ref().map(String::as_str);
        let notifier = desk.notifier_over_roads((nats, redis, smtp), SETTINGS).await;
        // So that every connection is there.
        office.all_told(&office.offer().await).await;
        Self { notifier, steps, _roads: roads }
    }
}

/// Packets that it takes to tell everybody of an offer, and to settle that.
async fn packets(agents: usize) -> u64 {
    let office = Office::open(agents).await;
    let mortal = Mortal::start(&office).await;
    let before = mortal.steps.taken();
    office.all_told(&office.offer().await).await;
    mortal.steps.taken() - before
}

/// What becomes of an offer whose notifier dies after so many packets.
async fn dies_after(packets: u64, agents: usize) -> Told {
    let office = Office::open(agents).await;
    let mortal = Mortal::start(&office).await;
    mortal.steps.allow(packets);
    let lead = office.offer().await;
    tokio::time::timeout(PATIENCE, mortal.steps.over()).await.expect("it says so much");
    mortal.notifier.die().await;

    let next = office.desk.notifier(SETTINGS);
    office.all_told(&lead).await;
    next.end().await;
    office.told(&lead)
}

/// Nobody is left out, and nobody hears of it more than once again.
async fn nobody_is_left_out(agents: usize) {
    let packets = packets(agents).await;
    let deaths = stream::iter(0..=packets)
        .map(async |after| (after, dies_after(after, agents).await))
        .buffer_unordered(AT_ONCE);
    let told: Vec<(u64, Told)> = deaths.collect().await;
    for (after, told) in &told {
        let most = if *after == 0 { 1 } else { 2 };
        assert!(told.all().all(|times| (1..=most).contains(&times)), "after {after}: {told:?}");
    }
    let twice = told.iter().filter(|(_, told)| told.all().any(|times| times == 2)).count();
    assert!((1..told.len()).contains(&twice), "it dies before, while and after it tells: {told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notifier_that_dies_after_any_of_its_packets_leaves_nobody_untold() {
    nobody_is_left_out(1).await;
}

/// Their notices are written down first, each in the line of its channel.
#[tokio::test(flavor = "multi_thread")]
async fn a_notifier_that_dies_after_any_packet_to_many_leaves_none_of_them_untold() {
    nobody_is_left_out(9).await;
}
