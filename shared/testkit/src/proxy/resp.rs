//! Just enough of Redis's protocol to refuse every command.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Road;

/// Answers every command with this error, until the road changes.
pub(super) async fn refuse(
    client: TcpStream,
    error: &'static str,
    mut road: watch::Receiver<Road>,
) -> io::Result<()> {
    let mut client = BufStream::new(client);
    let answering = async {
        loop {
            skip_command(&mut client).await?;
            client.write_all(format!("-{error}\r\n").as_bytes()).await?;
            client.flush().await?;
        }
    };
    tokio::select! {
        _ = road.wait_for(|road| *road != Road::Says(error)) => Ok(()),
        answered = answering => answered,
    }
}

/// Reads `*<n>\r\n` and n times `$<length>\r\n<bytes>\r\n`.
async fn skip_command(client: &mut BufStream<TcpStream>) -> io::Result<()> {
    for _ in 0..number(client, b'*').await? {
        let mut word = vec![0; number(client, b'$').await? + 2];
        client.read_exact(&mut word).await?;
    }
    Ok(())
}

async fn number(client: &mut BufStream<TcpStream>, mark: u8) -> io::Result<usize> {
    let mut line = Vec::new();
    client.read_until(b'\n', &mut line).await?;
    let text = line.strip_prefix(&[mark]).and_then(|rest| str::from_utf8(rest).ok());
    let number = text.and_then(|text| text.trim_end().parse().ok());
    number.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
