//! Everything that services say to each other: streams, subjects and messages.
//!
//! Services meet only here. Types and names, no client.

pub mod bell;
pub mod changed;
pub mod code;
pub mod event;
pub mod hook;
pub mod intake;
pub mod line;
pub mod link;
pub mod notice;
pub mod partition;
pub mod stream;
pub mod subject;
pub mod trail;
pub mod trial;

pub use changed::{ChangeKind, Changed};
pub use event::{After, Event, EventKind, OfferMade, PooledWhy};
pub use hook::{Attempt, Called, Glance, Log, Telling};
pub use intake::{Accepted, Rejected};
pub use line::Line;
pub use notice::{Dead, Notice, Setback};
pub use partition::Partition;
pub use stream::Stream;
pub use trial::Trial;
