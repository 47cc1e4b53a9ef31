//! The API over real servers.

mod claim_page;
mod configuration;
mod document;
mod isolation;
mod live;
mod work;
mod world;
