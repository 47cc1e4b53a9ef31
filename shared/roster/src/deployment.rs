//! What belongs to the deployment as a whole.

use async_nats::jetstream::kv::{CreateErrorKind, Store};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use tipoff_runtime::publish::PATIENCE;
use tokio::time::timeout;

use crate::keys::Key;
use crate::{Deployment, EditError};

/// Reads the deployment, or makes it. Of several who start together one makes
/// it, and the others take that one's.
pub(crate) async fn agree(
    store: &Store,
    partitions: u16,
    secrets: &SystemRandom,
) -> Result<Deployment, EditError> {
    let key = Key::Deployment.to_string();
    if let Some(existing) = read(store, &key).await? {
        return Ok(existing);
    }
    let made = make(partitions, secrets).map_err(|_| unavailable(NoChance))?;
    let value = serde_json::to_vec(&made).map_err(unavailable)?;
    match timeout(PATIENCE, store.create(&key, Bytes::from(value))).await.map_err(unavailable)? {
        Ok(_) => Ok(made),
        Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {
            read(store, &key).await?.ok_or_else(|| unavailable(error))
        }
        Err(error) => Err(unavailable(error)),
    }
}

async fn read(store: &Store, key: &str) -> Result<Option<Deployment>, EditError> {
    let value =
        timeout(PATIENCE, store.get(key)).await.map_err(unavailable)?.map_err(unavailable)?;
    value.map(|value| serde_json::from_slice(&value).map_err(unavailable)).transpose()
}

fn make(partitions: u16, secrets: &SystemRandom) -> Result<Deployment, Unspecified> {
    let vapid = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secrets)?;
    Ok(Deployment {
        partitions: partitions.max(1),
        board_days: 0,
        link_secret: secret(secrets)?,
        vapid_key: URL_SAFE_NO_PAD.encode(vapid),
        draw_secret: secret(secrets)?,
    })
}

fn secret(secrets: &SystemRandom) -> Result<String, Unspecified> {
    let mut bytes = [0; 32];
    secrets.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The system has no random numbers for us.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers")]
pub(crate) struct NoChance;

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> EditError {
    EditError::Unavailable(Box::new(error))
}
