//! How to reach a person, in the form in which it is kept: numbers that
//! everybody can dial, addresses that are the same whenever they are.

mod email;
mod phone;
mod refusal;

pub use email::{is_dead_mailbox, tidy};
pub use phone::{e164, normalise, warm};
pub use refusal::is_dead_number;
