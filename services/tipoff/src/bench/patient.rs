//! Callers as they ought to be: whoever is told to wait does, and asks again.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response, StatusCode};
use tokio::time::sleep;

/// Whoever is told to wait more often than this says what they were told.
const MOST: usize = 20;

/// Calls until the answer is another than to wait, and counts how often it was that. What a
/// call takes includes the waiting.
#[derive(Debug, Default)]
pub(super) struct Patient {
    told_to_wait: AtomicUsize,
}

impl Patient {
    pub(super) async fn send(&self, request: RequestBuilder) -> reqwest::Result<Response> {
        for _ in 0..MOST {
            let Some(copy) = request.try_clone() else { break };
            let response = copy.send().await?;
            let Some(wait) = told_to_wait(&response) else { return Ok(response) };
            self.told_to_wait.fetch_add(1, Relaxed);
            sleep(wait).await;
        }
        request.send().await
    }

    pub(super) fn told_to_wait(&self) -> usize {
        self.told_to_wait.load(Relaxed)
    }
}

/// For how long, if that is the answer.
fn told_to_wait(response: &Response) -> Option<Duration> {
    let (full, fast) = (StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS);
    if ![full, fast].contains(&response.status()) {
        return None;
    }
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
