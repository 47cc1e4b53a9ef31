//! Making, verifying and revoking keys.

use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::sync::PoisonError;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SecureRandom;
use tipoff_domain::{EntityId, Invalid};
use tipoff_runtime::pace::Allowance;

use super::{Access, ApiKey, ApiKeys, NewKey, Role, Stored};
use crate::bucket::{Bucket, Write};
use crate::deployment::NoChance;
use crate::edit::{encode, not_found, refused};
use crate::keys::Key;
use crate::{EditError, Expect, Roster, keys};

/// Every key begins so; scanners for leaked secrets look for it.
const PREFIX: &str = "tpf_";
/// Bytes of an id and of a secret: 64 and 256 bits.
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;
/// A secret chosen by somebody else is at least this long, in characters.
const SHORTEST_SECRET: usize = 24;
/// Unknown keys that are looked up, by one process; a minute's worth at once.
const ASKED_PER_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// The roster was opened by somebody who checks no keys.
#[derive(Debug, thiserror::Error)]
#[error("this program was started without the keys of the API")]
struct NoKeys;

impl Roster {
    pub async fn create_key(&self, key: NewKey) -> Result<ApiKey, EditError> {
        let (id, secret) = (self.hex::<ID_BYTES>()?, self.hex::<SECRET_BYTES>()?);
        self.keep_key(key, &id, &secret, Expect::Absent).await?;
        let text = format!("{PREFIX}{id}_{secret}");
        Ok(ApiKey { id, text })
    }

    /// Stores a key whose text was chosen by the caller (`tpf_<id>_<secret>`); for `tipoff init --operator-key`.
    pub async fn store_key(&self, key: NewKey, text: &str) -> Result<(), EditError> {
        match read(text) {
            Some((id, secret)) if secret.len() >= SHORTEST_SECRET => {
                self.keep_key(key, id, secret, Expect::Anything).await
            }
            Some(_) | None => {
                let problem = format!(
                    "must look like tpf_<id>_<secret>: an id of letters and digits and a secret of at least \
                     {SHORTEST_SECRET} characters"
                );
                Err(EditError::Invalid(Invalid::one("/key", problem)))
            }
        }
    }

    async fn keep_key(
        &self,
        key: NewKey,
        id: &str,
        secret: &str,
        expect: Expect,
    ) -> Result<(), EditError> {
        self.check_key(&key)?;
        let NewKey { role, entity, agent, source } = key;
        let stored = Stored { role, entity, agent, source, hash: hash(secret) };
        let (key, what) = (keys::api_key(id), format!("key `{id}`"));
        let write = Write { key, what, value: Some(encode(&stored)?), expect };
        self.followed_keys()?.commit(&[write], &self.author).await.map(drop)
    }

    pub async fn revoke_key(&self, id: &str) -> Result<(), EditError> {
        let what = format!("key `{id}`");
        let named = is_id(id);
        if !named || self.followed_keys()?.get(&keys::api_key(id)).await?.is_none() {
            return Err(not_found(what));
        }
        let write = Write { key: keys::api_key(id), what, value: None, expect: Expect::Anything };
        self.followed_keys()?.commit(&[write], &self.author).await.map(drop)
    }

    /// Revokes every key that `which` holds for.
    pub(crate) async fn revoke_keys(
        &self,
        which: impl Fn(&Access) -> bool,
    ) -> Result<(), EditError> {
        let keys = self.followed_keys()?.read().accesses();
        for access in keys.into_iter().filter(which) {
            match self.revoke_key(&access.key_id).await {
                Ok(()) | Err(EditError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Keys of one entity (`None`: operators), without their secrets; none where no keys are
    /// followed.
    pub fn keys(&self, entity: Option<&EntityId>) -> Vec<Access> {
        let Some(keys) = &self.api_keys else { return Vec::new() };
        let mut keys = keys.read().accesses();
        keys.retain(|access| access.entity.as_ref() == entity);
        keys.sort_by(|one, other| one.key_id.cmp(&other.key_id));
        keys
    }

    /// What is known of a key, without its secret; `None`: there is no such key.
    pub fn key(&self, id: &str) -> Option<Access> {
        self.api_keys.as_ref()?.read().by_id.get(id).map(|stored| stored.access(id))
    }

    fn followed_keys(&self) -> Result<&Bucket<ApiKeys>, EditError> {
        self.api_keys.as_deref().ok_or_else(|| EditError::Unavailable(Box::new(NoKeys)))
    }

    /// Who this key is; `None`: nobody, or somebody who is not there any more. Constant time;
    /// asks the bucket itself about what the watch has not seen yet.
    pub async fn verify(&self, text: &str) -> Result<Option<Access>, EditError> {
        let Some((id, secret)) = read(text) else { return Ok(None) };
        let known = self.followed_keys()?.read().by_id.get(id).cloned();
        let stored = match known {
            Some(stored) => Some(stored),
            None => self.ask_for_key(id).await?,
        };
        // Of two hashes of a secret, how far they agree tells nothing about the secret.
        let Some(stored) = stored.filter(|stored| stored.hash == hash(secret)) else {
            return Ok(None);
        };
        let access = stored.access(id);
        Ok(self.is_there(&access).await?.then_some(access))
    }

    /// Whether the agent or the source of a key is there: their removal may have broken off
    /// before it came to the key.
    async fn is_there(&self, access: &Access) -> Result<bool, EditError> {
        let Access { entity: Some(entity), agent, source, .. } = access else { return Ok(true) };
        let view = self.view(entity);
        let view = view.as_deref();
        let (known, key) = match (agent, source) {
            (Some(agent), _) => (
                view.is_some_and(|view| view.agents.contains_key(agent)),
                Key::Agent(entity.clone(), agent.clone()),
            ),
            (None, Some(source)) => (
                view.is_some_and(|view| view.sources.contains_key(source)),
                Key::Source(entity.clone(), source.clone()),
            ),
            (None, None) => return Ok(true),
        };
        Ok(known || self.entities.get(&key.to_string()).await?.is_some())
    }

    /// A key that was made elsewhere a moment ago. Whoever makes keys up does not
    /// make us ask without end: the watch brings what was made.
    async fn ask_for_key(&self, id: &str) -> Result<Option<Stored>, EditError> {
        if !self.may_ask() {
            return Ok(None);
        }
        let entry = self.followed_keys()?.get(&keys::api_key(id)).await?;
        Ok(entry.and_then(|entry| serde_json::from_slice(&entry.value).ok()))
    }

    fn may_ask(&self) -> bool {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let (allowed, now) = (Allowance::per_second(ASKED_PER_SECOND), self.clock.now());
        if asking.wait(allowed, now).is_some() {
            return false;
        }
        asking.take(allowed, now);
        true
    }

    fn check_key(&self, key: &NewKey) -> Result<(), EditError> {
        let mut invalid = Invalid::default();
        let mut only = |field: &str, given: bool, wanted: bool| match (given, wanted) {
            (false, true) => invalid.add(field, "is needed for this role"),
            (true, false) => invalid.add(field, "does not belong to this role"),
            (true, true) | (false, false) => {}
        };
        only("/entity", key.entity.is_some(), key.role != Role::Operator);
        only("/agent", key.agent.is_some(), key.role == Role::Agent);
        only("/source", key.source.is_some(), key.role == Role::Source);
        refused(invalid.into_result())?;
        let Some(entity) = &key.entity else { return Ok(()) };
        let view = self.view(entity).ok_or_else(|| not_found(format!("entity `{entity}`")))?;
        if let Some(agent) = key.agent.as_ref().filter(|agent| !view.agents.contains_key(*agent)) {
            return Err(not_found(format!("agent `{agent}`")));
        }
        if let Some(source) =
            key.source.as_ref().filter(|source| !view.sources.contains_key(*source))
        {
            return Err(not_found(format!("source `{source}`")));
        }
        Ok(())
    }

    fn hex<const BYTES: usize>(&self) -> Result<String, EditError> {
        let mut bytes = [0; BYTES];
        self.secrets.fill(&mut bytes).map_err(|_| EditError::Unavailable(Box::new(NoChance)))?;
        let mut text = String::with_capacity(BYTES * 2);
        for byte in bytes {
            write!(text, "{byte:02x}").expect("writing to a string does not fail");
        }
        Ok(text)
    }
}

/// The id and the secret of a key's text.
fn read(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    (is_id(id) && !secret.is_empty() && secret.len() <= 256).then_some((id, secret))
}

fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_key_is_looked_up() {
        assert_eq!(
            read("tpf_abc_secret_with_underscores"),
            Some(("abc", "secret_with_underscores"))
        );
        for text in [
            "",
            "tpf_",
            "tpf_abc",
            "tpf_abc_",
            "tpf__secret",
            "abc_secret",
            "tpf_a.b_secret",
            "tpf_*_secret",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
