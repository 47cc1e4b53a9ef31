//! Hearing of what happens as it happens.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tipoff_tests::{Caller, World, robin};

/// Longest that anybody listens for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who listens, as an `EventSource` does.
pub(crate) struct Live {
    response: Response,
    /// What came and was not read yet.
    came: Vec<u8>,
}

impl Live {
    /// From now on.
    pub(crate) async fn open(caller: &Caller) -> Self {
        Self::open_after(caller, "").await
    }

    /// From the last `id` on that was read.
    pub(crate) async fn open_after(caller: &Caller, last: &str) -> Self {
        let request = caller.request(Method::GET, "/v1/events/stream");
        let response = request.header("last-event-id", last).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        Self { response, came: Vec::new() }
    }

    /// The lines up to the next empty one.
    async fn block(&mut self) -> String {
        loop {
            if let Some(end) = self.came.windows(2).position(|two| two == b"\n\n") {
                let block = self.came.drain(..end + 2).collect();
                return String::from_utf8(block).unwrap();
            }
            let more = self.response.chunk().await.unwrap().expect("the stream goes on");
            self.came.extend_from_slice(&more);
        }
    }

    /// The `id` that stands alone before the first event.
    async fn begins(&mut self) -> String {
        let first = tokio::time::timeout(PATIENCE, self.block()).await.expect("an id comes first");
        let alone = first.trim_end().strip_prefix("id: ").filter(|id| !id.contains('\n'));
        alone.unwrap_or_else(|| panic!("more than an id: {first}")).to_owned()
    }

    /// Every event up to the next of that kind, which is the last of them.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut heard: Vec<Value> = Vec::new();
        let listening = async {
            while heard.last().is_none_or(|event| event["type"] != kind) {
                let block = self.block().await;
                heard.extend(data(&block));
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, listening).await.is_ok();
        assert!(in_time, "no {kind} was heard, only {heard:?}");
        heard
    }
}

/// What a block tells; `None`: it only says where the reader is, or that somebody is there.
fn data(block: &str) -> Option<Value> {
    let data = block.lines().find_map(|line| line.strip_prefix("data: "))?;
    Some(serde_json::from_str(data).unwrap())
}

#[tokio::test]
async fn who_is_cut_off_before_the_first_event_misses_nothing() {
    let world = World::with_team(&["ana"]).await;
    world.route("Robin", robin(&["ana"]), json!({})).await;
    let ana = world.agent("ana").await;
    let place = Live::open(&ana).await.begins().await;

    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    let heard = Live::open_after(&ana, &place).await.until("lead.offered").await;
    assert!(heard.iter().all(|event| event["lead"] == json!(lead)), "{heard:?}");
}
