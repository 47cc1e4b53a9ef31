//! What people and programs live through, end to end.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on stops right there")]

mod aging;
mod chances;
mod changes;
mod claiming;
mod confirming;
mod erased;
mod everyday;
mod examples;
mod held;
mod hours;
mod imports;
mod intake;
mod limits;
mod listing;
mod live;
mod marks;
mod onward;
mod overlooked;
mod pauses;
mod ponds;
mod returned;
mod routers;
mod same_person;
mod telephone;
mod turns;
