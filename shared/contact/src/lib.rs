//! How to reach a person, in the form in which it is kept: numbers that
//! everybody can dial, addresses that are the same whenever they are.

mod email;
mod phone;

pub use email::tidy;
pub use phone::{normalise, warm};
