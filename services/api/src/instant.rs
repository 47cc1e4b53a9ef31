//! Instants in requests.

use chrono::{DateTime, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use tipoff_domain::instant::is_in_reach;

pub(crate) const REACH: &str = "must lie between the years 1970 and 2999";

/// For a field that may be left out.
pub(crate) fn in_reach<'de, D>(from: D) -> Result<Option<DateTime<Utc>>, D::Error>
where
    D: Deserializer<'de>,
{
    let at = Option::<DateTime<Utc>>::deserialize(from)?;
    if at.is_some_and(|at| !is_in_reach(at)) { Err(D::Error::custom(REACH)) } else { Ok(at) }
}
