//! What people and programs live through, end to end.

mod chances;
mod changes;
mod claiming;
mod everyday;
mod examples;
mod held;
mod hours;
mod intake;
mod limits;
mod listing;
mod marks;
mod onward;
mod pauses;
mod ponds;
mod routers;
mod same_person;
mod turns;
