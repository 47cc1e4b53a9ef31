//! The keys of this system, kept beside its data where that is kept.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tipoff_domain::EntityId;
use tipoff_roster::{NewKey, Role, Roster};

use super::teams::{self, TeamKeys};

/// Every key there is. The roster itself knows only their hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Keys {
    pub(super) operator_key: String,
    pub(super) entities: BTreeMap<EntityId, TeamKeys>,
}

/// The keys from the last time if they still hold, else new ones; with `demo`,
/// both demo teams too.
pub(super) async fn prepare(
    roster: &Roster,
    data: Option<&Path>,
    demo: bool,
) -> anyhow::Result<Keys> {
    let file = data.map(|data| data.join("keys.json"));
    let mut keys = match file.as_deref().map(read).transpose()?.flatten() {
        Some(kept) if roster.verify(&kept.operator_key).await?.is_some() => kept,
        _ => Keys { operator_key: operator(roster).await?, entities: BTreeMap::new() },
    };
    if demo && keys.entities.is_empty() {
        keys.entities = teams::make(roster).await?;
    }
    if let Some(file) = &file {
        write(file, &keys).with_context(|| format!("{} could not be written", file.display()))?;
    }
    if !demo {
        keys.entities.clear();
    }
    Ok(keys)
}

async fn operator(roster: &Roster) -> anyhow::Result<String> {
    let key = NewKey { role: Role::Operator, entity: None, agent: None, source: None };
    Ok(roster.create_key(key).await?.text)
}

fn read(file: &Path) -> anyhow::Result<Option<Keys>> {
    let what = || format!("{} cannot be read; remove it to have new keys made", file.display());
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).with_context(what)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(what),
    }
}

/// Whole or not at all, and for nobody else to read.
fn write(file: &Path, keys: &Keys) -> anyhow::Result<()> {
    let part: PathBuf = file.with_extension("part");
    let mut open =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    open.write_all(&serde_json::to_vec_pretty(keys)?)?;
    open.sync_all()?;
    Ok(std::fs::rename(&part, file)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_kept_for_their_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keys.json");
        assert_eq!(read(&file).unwrap(), None);
        let keys = Keys { operator_key: "tpf_a_b".to_owned(), entities: BTreeMap::new() };
        write(&file, &keys).unwrap();
        assert_eq!(read(&file).unwrap(), Some(keys));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        std::fs::write(&file, "{").unwrap();
        assert!(read(&file).is_err());
    }
}
