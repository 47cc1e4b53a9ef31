//! Asking a server whether it is there, and whether it is ours.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;

/// How long one question may take.
const ONE_QUESTION: Duration = Duration::from_secs(2);

/// Whether the nats-server on `port` calls itself `name`. (Somebody else's
/// might have taken the port a moment before ours.)
pub(super) async fn nats(port: u16, name: &str) -> bool {
    let greeting = async {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        std::io::Result::Ok(line)
    };
    match tokio::time::timeout(ONE_QUESTION, greeting).await {
        Ok(Ok(line)) => line.contains(&format!("\"{name}\"")),
        Ok(Err(_)) | Err(_) => false,
    }
}

/// Whether the redis-server at `address` is process `pid` and has read its data.
pub(super) async fn redis(address: &str, pid: u32) -> bool {
    says(address, &[format!("process_id:{pid}"), "loading:0".to_owned()]).await
}

/// Whether the Sentinel at `address` is process `pid`.
pub(super) async fn sentinel(address: &str, pid: u32) -> bool {
    says(address, &[format!("process_id:{pid}")]).await
}

async fn says(address: &str, wanted: &[String]) -> bool {
    let question = async {
        let client = redis::Client::open(address)?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("INFO").query_async::<String>(&mut connection).await
    };
    match tokio::time::timeout(ONE_QUESTION, question).await {
        Ok(Ok(info)) => wanted.iter().all(|wanted| info.lines().any(|line| line == wanted)),
        Ok(Err(_)) | Err(_) => false,
    }
}
