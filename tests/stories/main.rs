//! What people and programs live through, end to end.

mod claiming;
mod examples;
mod hours;
mod intake;
mod limits;
mod listing;
mod onward;
mod routers;
mod turns;
