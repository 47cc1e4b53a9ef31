//! Instants in requests.

use chrono::{DateTime, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// For a field that may be left out.
pub(crate) fn in_reach<'de, D>(from: D) -> Result<Option<DateTime<Utc>>, D::Error>
where
    D: Deserializer<'de>,
{
    let at = Option::<DateTime<Utc>>::deserialize(from)?;
    at.map(tipoff_domain::instant::in_reach).transpose().map_err(D::Error::custom)
}
