//! Trouble: faults while leads come in, and whether every promise held.
//!
//! Clients of every kind keep a [`history`] of what they asked and what they
//! were answered. Afterwards a pure [`checker`] decides from that history and
//! from the log alone whether the promises of Tipoff held; it knows nothing of
//! the board, so the board cannot talk it round.

pub mod bus;
pub mod checker;
pub mod clients;
pub mod disk;
pub mod evidence;
pub mod fault;
pub mod forgotten;
pub mod history;
pub mod load;
pub mod memory;
mod node;
pub mod service;
pub mod stores;
pub mod storm;
pub mod system;
pub mod table;
pub mod team;
pub mod watching;
