//! Where everything is and who may do what, as `--json` prints it.

use std::collections::BTreeMap;

use serde::Serialize;
use tipoff_domain::EntityId;
use tipoff_runtime::Settings;

use super::teams::TeamKeys;
use super::{Keys, Place, url};

#[derive(Debug, Clone, Serialize)]
pub(super) struct Addresses {
    pub(super) intake: String,
    pub(super) api: String,
    pub(super) nats: String,
    pub(super) redis: String,
    pub(super) mailbox: String,
    pub(super) operator_key: String,
    pub(super) entities: BTreeMap<EntityId, TeamKeys>,
    /// Not for programs: it is found under the API's address in a deployment.
    #[serde(skip)]
    pub(super) admin: String,
}

impl Addresses {
    pub(super) fn new(place: &Place, settings: &Settings, keys: Keys) -> anyhow::Result<Self> {
        let api = url(&place.api)?;
        Ok(Self {
            intake: url(&place.intake)?,
            mailbox: format!("{api}{}", super::mail::PATH),
            api,
            nats: settings.nats_url.clone(),
            redis: settings.redis_url.clone(),
            operator_key: keys.operator_key,
            entities: keys.entities,
            admin: format!("http://{}", place.admin),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dev::teams::AgentKey;

    #[test]
    fn programs_find_exactly_what_they_were_promised() {
        let ana = AgentKey { key: "tpf_ana".to_owned(), email: "ana@example.com".to_owned() };
        let team = TeamKeys {
            admin_key: "tpf_admin".to_owned(),
            source_keys: BTreeMap::from([("zillow".parse().unwrap(), "tpf_zillow".to_owned())]),
            agents: BTreeMap::from([("ana".parse().unwrap(), ana)]),
        };
        let addresses = Addresses {
            intake: "http://127.0.0.1:7081".to_owned(),
            api: "http://127.0.0.1:7080".to_owned(),
            nats: "nats://127.0.0.1:4222".to_owned(),
            redis: "redis://127.0.0.1:6379".to_owned(),
            mailbox: "http://127.0.0.1:7080/dev/mail".to_owned(),
            operator_key: "tpf_op".to_owned(),
            entities: BTreeMap::from([("acme".parse().unwrap(), team)]),
            admin: "http://127.0.0.1:7090".to_owned(),
        };
        assert_eq!(
            serde_json::to_value(addresses).unwrap(),
            json!({
                "intake": "http://127.0.0.1:7081", "api": "http://127.0.0.1:7080", "nats": "nats://127.0.0.1:4222",
                "redis": "redis://127.0.0.1:6379", "mailbox": "http://127.0.0.1:7080/dev/mail", "operator_key": "tpf_op",
                "entities": {"acme": {
                    "admin_key": "tpf_admin", "source_keys": {"zillow": "tpf_zillow"},
                    "agents": {"ana": {"key": "tpf_ana", "email": "ana@example.com"}},
                }},
            })
        );
    }
}
