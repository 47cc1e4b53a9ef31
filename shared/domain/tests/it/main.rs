//! The rules, held against oracles that were written without looking at them.

mod duration;
mod fixture;
mod matching;
mod next_hop;
mod route_check;
mod schedule;
mod shares;
