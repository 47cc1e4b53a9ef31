//! A partition: a slice of entities whose board shares one hash slot (D-38).

use std::fmt;

use serde::{Deserialize, Serialize};
use tipoff_domain::EntityId;

/// How many partitions there are unless a deployment says otherwise. The
/// number is recorded in the roster when a deployment is set up and never changes.
pub const DEFAULT_PARTITIONS: u16 = 64;

/// One slice of entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partition(pub u16);

impl Partition {
    /// The partition of `entity` among `count`: FNV-1a of its name, so that
    /// every process and every release agrees.
    pub fn of(entity: &EntityId, count: u16) -> Self {
        let hash = fnv1a(entity.as_str().as_bytes());
        let slice = hash % u64::from(count.max(1));
        Self(u16::try_from(slice).expect("a remainder of a u16 fits a u16"))
    }

    /// All of them.
    pub fn all(count: u16) -> impl Iterator<Item = Self> {
        (0..count).map(Self)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// FNV-1a, 64 bits. Not for secrets.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
