//! Asking again what a broken connection took with it.

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::Nats;

impl Nats {
    /// Asks, and with every new connection once more: what was on its way when
    /// the old one broke, question or answer, is lost, and nobody says so. The
    /// first answer counts. Only for what may be asked twice.
    pub async fn insist<A: Future>(&self, ask: impl Fn() -> A) -> A::Output {
        let mut connections = self.connections.clone();
        connections.mark_unchanged();
        let mut asked = FuturesUnordered::from_iter([ask()]);
        loop {
            tokio::select! {
                biased;
                // What was asked first is answered first, if at all.
                Some(answer) = asked.next() => return answer,
                Ok(()) = connections.changed() => asked.push(ask()),
            }
        }
    }
}
