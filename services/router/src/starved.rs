//! The routers' consumers, one for each line of leads, where one stands still
//! though leads wait, or stands ahead of them all: it is made anew, from where it
//! had come to. Whatever comes twice is on the board already.

use async_nats::jetstream::consumer::{DeliverPolicy, Info, pull};
use async_nats::jetstream::stream::Stream;
use tipoff_wire::{Line, subject};
use tokio::time::timeout;

use crate::overlooked::{LookError, PATIENCE, unsaid};

/// What the routers' consumer of a line is called.
pub(crate) const fn consumer(line: Line) -> &'static str {
    match line {
        Line::Prompt => "router",
        Line::Bulk => "router-bulk",
    }
}

/// How far a consumer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    delivered: u64,
    acknowledged: u64,
    /// Messages that nobody was given yet.
    waiting: u64,
    /// Where the stream ended when that was known already: whoever asked for it
    /// before would take a consumer that goes on for one that stands ahead.
    end: u64,
    /// Somebody wants it to stand still.
    is_paused: bool,
}

impl Progress {
    /// `None`: there is none yet, or no longer.
    pub(crate) async fn of(line: Line, leads: &Stream) -> Result<Option<Self>, LookError> {
        let asked = timeout(PATIENCE, leads.get_consumer::<pull::Config>(consumer(line))).await;
        let Ok(consumer) = asked.map_err(unsaid)? else { return Ok(None) };
        let stream = timeout(PATIENCE, leads.get_info()).await.map_err(unsaid)?.map_err(unsaid)?;
        let info = consumer.cached_info();
        Ok(Some(Self {
            delivered: info.delivered.stream_sequence,
            acknowledged: info.ack_floor.stream_sequence,
            waiting: info.num_pending,
            end: stream.state.last_sequence,
            is_paused: info.paused,
        }))
    }

    /// Up to which of the `last` leads in the stream a round ago all have been given to somebody
    /// or should have been: what waits its turn is not overlooked, as long as there is progress.
    pub(crate) fn has_had_time(self, before: Self, last: u64) -> u64 {
        let goes_on = self.delivered > before.delivered && before.waiting > 0;
        if goes_on { last.min(before.delivered) } else { last }
    }

    /// Whether nobody was given anything for a whole round though leads waited,
    /// or nobody can be: it stands ahead of the last one.
    pub(crate) fn is_starved(self, before: Self) -> bool {
        let stands_still = Self { end: self.end, ..before } == self && self.waiting > 0;
        !self.is_paused && (stands_still || self.delivered > self.end)
    }

    /// Makes it anew, to go on from here.
    pub(crate) async fn go_on(self, line: Line, leads: &Stream) -> Result<(), LookError> {
        let name = consumer(line);
        let config = |there: &Info| pull::Config {
            durable_name: Some(name.to_owned()),
            filter_subject: subject::leads_new_of(line),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: self.acknowledged.min(self.end) + 1,
            },
            ack_wait: there.config.ack_wait,
            max_deliver: there.config.max_deliver,
            max_ack_pending: there.config.max_ack_pending,
            ..pull::Config::default()
        };
        let making = async {
            let there = leads.get_consumer::<pull::Config>(name).await.map_err(unsaid)?;
            leads.delete_consumer(name).await.map_err(unsaid)?;
            // If another router is first, it begins at the beginning; that does no harm.
            leads.create_consumer(config(there.cached_info())).await.map(drop).map_err(unsaid)
        };
        timeout(PATIENCE, making).await.map_err(unsaid)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use async_nats::jetstream;
    use futures::StreamExt;
    use tipoff_testkit::NatsServer;

    use super::*;

    /// A stream whose messages are given to somebody the moment they come, until the flag is raised.
    async fn flow(leads: &Stream, context: &jetstream::Context, enough: &AtomicBool) {
        let durable = Some(consumer(Line::Prompt).to_owned());
        let config = pull::Config { durable_name: durable, ..pull::Config::default() };
        let mut given = leads.create_consumer(config).await.unwrap().messages().await.unwrap();
        while !enough.load(Ordering::Relaxed) {
            context.publish("flow", "a lead".into()).await.unwrap().await.unwrap();
            given.next().await.unwrap().unwrap().ack().await.unwrap();
        }
    }

    /// Where the stream ended before it was asked, the consumer has left behind by then.
    #[tokio::test]
    async fn a_consumer_through_which_leads_flow_does_not_stand_ahead_of_them() {
        let server = NatsServer::start().await.unwrap();
        let context = jetstream::new(async_nats::connect(server.url()).await.unwrap());
        let config = jetstream::stream::Config {
            name: "FLOW".to_owned(),
            subjects: vec!["flow".to_owned()],
            ..jetstream::stream::Config::default()
        };
        let leads = context.create_stream(config).await.unwrap();
        let enough = AtomicBool::new(false);
        let looking = async {
            let mut looks = 0;
            while looks < 300 {
                let Some(now) = Progress::of(Line::Prompt, &leads).await.unwrap() else { continue };
                assert!(now.delivered <= now.end, "{now:?} would stand ahead of all leads");
                looks += 1;
            }
            enough.store(true, Ordering::Relaxed);
        };
        tokio::join!(flow(&leads, &context, &enough), looking);
    }

    /// One that stands so far in a stream of a hundred.
    fn at(delivered: u64, waiting: u64) -> Progress {
        Progress { delivered, acknowledged: delivered, waiting, end: 100, is_paused: false }
    }

    #[test]
    fn a_consumer_is_starved_that_stands_still_while_leads_wait() {
        assert!(at(7, 3).is_starved(at(7, 3)));
        assert!(at(7, 3).is_starved(Progress { end: 99, ..at(7, 3) }), "and more come");
        assert!(!at(8, 3).is_starved(at(7, 3)), "it goes on");
        assert!(!at(7, 0).is_starved(at(7, 0)), "nothing waits");
    }

    #[test]
    fn a_consumer_is_starved_that_stands_ahead_of_all_leads() {
        assert!(at(190, 0).is_starved(at(190, 0)));
        assert!(!at(100, 0).is_starved(at(90, 0)));
    }

    #[test]
    fn what_waits_its_turn_has_had_no_time_yet_as_long_as_others_come_through() {
        assert_eq!(at(9, 3).has_had_time(at(7, 3), 20), 7);
        assert_eq!(at(7, 3).has_had_time(at(7, 3), 20), 20, "nobody comes through");
        assert_eq!(at(25, 0).has_had_time(at(7, 0), 20), 20, "nobody waited");
    }

    #[test]
    fn a_consumer_that_somebody_paused_stays_as_they_wanted() {
        let paused = Progress { is_paused: true, ..at(7, 3) };
        assert!(!paused.is_starved(paused));
    }
}
