//! Agents who stand in a list with a lead that is not theirs there.

use futures::{StreamExt, TryStreamExt, stream};
use tipoff_wire::Partition;

use crate::keys::{Keys, whose};
use crate::lists::lead_of;
use crate::verify::Difference;
use crate::{Board, BoardError};

/// Members read in one go.
const PAGE: usize = 500;
/// Looks at once.
const AT_ONCE: usize = 16;

/// A list of members `entity|agent|lead`.
#[derive(Clone, Copy)]
struct List {
    name: &'static str,
    what: &'static str,
    key: fn(Keys) -> String,
}

const LISTS: [List; 3] = [
    List { name: "offers", what: "the agent's offers", key: Keys::offers },
    List { name: "owned", what: "the agent's leads", key: Keys::owned },
    List { name: "reserved", what: "the reserved places", key: Keys::reserved },
];

impl Board {
    /// All of one partition; `mend` takes them out.
    pub(crate) async fn strays(
        &self,
        partition: Partition,
        mend: bool,
    ) -> Result<Vec<Difference>, BoardError> {
        let mut found = Vec::new();
        for list in LISTS {
            let (key, mut from) = ((list.key)(Keys(partition)), "-".to_owned());
            loop {
                let mut page = redis::cmd("ZRANGEBYLEX");
                page.arg(&key).arg(&from).arg("+").arg("LIMIT").arg(0).arg(PAGE);
                let page: Vec<String> = page.query_async(&mut self.redis.clone()).await?;
                let Some(last) = page.last() else { break };
                from = format!("({last}");
                let looking = page.iter().map(|member| self.stray(partition, list, member, mend));
                let strays = stream::iter(looking).buffer_unordered(AT_ONCE);
                let strays: Vec<_> = strays.try_collect().await?;
                found.extend(strays.into_iter().flatten());
            }
        }
        Ok(found)
    }

    async fn stray(
        &self,
        partition: Partition,
        list: List,
        member: &str,
        mend: bool,
    ) -> Result<Option<Difference>, BoardError> {
        let (Some((entity, agent)), Some(lead)) = (whose(member), lead_of(member)) else {
            return Ok(None);
        };
        let (keys, verb) = (Keys(partition), &self.scripts.unlist);
        let mut unlist = verb.on(&[keys.lead(&lead), (list.key)(keys)]);
        unlist.arg(member).arg(agent.as_str()).arg(entity.as_str()).arg(list.name);
        unlist.arg(u8::from(mend));
        let said: String = self.run_anyway(partition, &unlist).await?;
        match said.as_str() {
            "rightly" => Ok(None),
            "wrongly" => {
                let what = format!("{agent} stands with it in {}, and should not", list.what);
                Ok(Some(Difference { entity, lead: Some(lead), what }))
            }
            other => Err(verb.unknown(other)),
        }
    }
}
