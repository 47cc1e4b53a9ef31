//! A whole Tipoff in one thread: sources, routers, agents, the board and the
//! log, with a clock, a network and crashes that follow from a seed.
//!
//! Plans are made by the planner itself, and leads change as the model of the
//! board says, which the scripts are held against. What is simulated is how a
//! change is decided, committed and repaired (ARCHITECTURE.md, "Redis decides,
//! the log commits"): every message may be lost, late or answered in vain, every
//! process may die between any two steps, and the board may come back without
//! its last changes or empty. Millions of steps take a minute; a step that
//! breaks a promise can be played again by its seed.

mod board;
mod log;
mod office;
mod promises;
mod steps;
mod story;
mod work;

pub use promises::Broken;
pub use story::{Outcome, Rules, play};
