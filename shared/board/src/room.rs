//! How much memory Redis has left. It throws nothing out (`noeviction`): once it is full it takes
//! nothing more, and leads wait in LEADS until there is room.

use redis::Value;

use crate::{Board, BoardError};

/// What one server uses of its memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    pub used: u64,
    /// As `maxmemory` says; `None`: it says nothing.
    pub most: Option<u64>,
}

impl Memory {
    /// Whoever uses this part of what there is needs more soon.
    pub const ALARMING: f64 = 0.7;

    /// How much of what there is, from 0 to 1; `None`: nothing says how much there is.
    #[expect(clippy::cast_precision_loss, reason = "a part of a whole")]
    pub fn part(self) -> Option<f64> {
        self.most.map(|most| self.used as f64 / most as f64)
    }

    fn read(said: &str) -> Option<Self> {
        let number = |name: &str| {
            said.lines().find_map(|line| line.trim().strip_prefix(name)?.parse::<u64>().ok())
        };
        let most = number("maxmemory:").filter(|most| *most > 0);
        Some(Self { used: number("used_memory:")?, most })
    }
}

impl Board {
    /// What every server of the board uses.
    pub async fn memory(&self) -> Result<Vec<Memory>, BoardError> {
        let mut info = redis::cmd("INFO");
        let said: Value = info.arg("memory").query_async(&mut self.redis.clone()).await?;
        Ok(texts(said).iter().filter_map(|said| Memory::read(said)).collect())
    }
}

/// One server answers a text; of a cluster each does, by its address.
fn texts(said: Value) -> Vec<String> {
    match said {
        Value::BulkString(bytes) => vec![String::from_utf8_lossy(&bytes).into_owned()],
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => vec![text],
        Value::Map(servers) => servers.into_iter().flat_map(|(_, said)| texts(said)).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_uses_is_a_part_of_what_it_may_use() {
        let said = "# Memory\r\nused_memory:700\r\nused_memory_human:700B\r\nmaxmemory:1000\r\nmaxmemory_human:1000B\r\n";
        let memory = Memory::read(said).unwrap();
        assert_eq!(memory, Memory { used: 700, most: Some(1_000) });
        assert!(memory.part().unwrap() >= Memory::ALARMING);
        assert_eq!(
            Memory::read(&said.replace("maxmemory:1000", "maxmemory:0")).unwrap().part(),
            None
        );
        assert_eq!(Memory::read("# Server\r\n"), None);
    }

    #[test]
    fn every_server_of_a_cluster_says_what_it_uses() {
        let text = |text: &str| Value::BulkString(text.into());
        let servers = [("10.0.0.1:6379", "used_memory:1"), ("10.0.0.2:6379", "used_memory:2")];
        let said = Value::Map(servers.map(|(at, said)| (text(at), text(said))).to_vec());
        let used =
            texts(said).iter().filter_map(|said| Some(Memory::read(said)?.used)).sum::<u64>();
        assert_eq!(used, 3);
    }
}
