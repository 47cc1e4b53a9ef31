//! The rules, held against oracles that were written without looking at them.
#![expect(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on stops right there"
)]

mod asked;
mod audit;
mod beyond;
mod channels;
mod criteria;
mod duration;
mod fairness;
mod fixture;
mod hours;
mod limits;
mod lint;
mod listing;
mod matching;
mod next_hop;
mod overnight;
mod people_check;
mod preview;
mod report;
mod route_check;
mod schedule;
mod shares;
mod simulate;
