//! What people and programs live through, end to end.

mod claiming;
mod examples;
mod intake;
mod routers;
