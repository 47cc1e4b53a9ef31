//! A server under guard.
//!
//! A small shell stands between us and the server and holds the other end of a
//! pipe. When we are gone, however we went, the pipe closes; the shell then
//! stops the server and removes its temporary directory. When the server is
//! gone, the shell says so.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tipoff_runtime::Users;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, sleep};

use super::{Certificates, ServerError, ServerOptions, Watched, configure, program, ready};
use crate::free_address;

/// Arguments: log file, signal for an orderly end, directory to remove (or
/// nothing), then the server's own command line.
///
/// Says the server's process id, and `ended` when it is no more. A line on the
/// pipe while the server runs kills it; afterwards, a line keeps the directory.
const GUARD: &str = r#"
log=$1 signal=$2 directory=$3
shift 3
exec 3<&0
"$@" </dev/null 3<&- >>"$log" 2>&1 &
server=$!
trap '' PIPE
echo "$server"
{ if read -r _ <&3; then kill -9 "$server"; else kill -"$signal" "$server"; fi; } &
watcher=$!
wait "$server"
kill -9 "$watcher"
wait "$watcher"
echo ended
read -r _ <&3 || [ -z "$directory" ] || rm -rf "$directory"
"#;

/// How long a server may take until it answers: one that has half a million leads
/// to read back takes a quarter of a minute.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often a free port may turn out to have been taken.
const PORTS_TRIED: usize = 10;

static NAMES: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nats,
    Redis,
    Sentinel,
}

impl Kind {
    const fn program(self) -> &'static str {
        match self {
            Self::Nats => "nats-server",
            Self::Redis | Self::Sentinel => "redis-server",
        }
    }

    fn find(self) -> Result<PathBuf, ServerError> {
        match self {
            Self::Nats => program::find("TIPOFF_NATS_SERVER", &["nats-server"]),
            Self::Redis | Self::Sentinel => {
                program::find("TIPOFF_REDIS_SERVER", &["redis-server", "valkey-server"])
            }
        }
    }
}

/// One run of the server.
#[derive(Debug)]
struct Run {
    /// Reaped by tokio when it ends; never killed, it must clean up.
    _shell: Child,
    orders: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
    pid: u32,
    over: bool,
}

#[derive(Debug)]
pub(super) struct Guarded {
    place: Place,
    run: Run,
}

impl Guarded {
    pub(super) async fn start(kind: Kind, options: ServerOptions) -> Result<Self, ServerError> {
        let path = kind.find()?;
        let temporary = options.data.is_none();
        let directory =
            directory(kind, options.data).map_err(|source| kind.no_directory(source))?;
        let name =
            format!("tipoff-{}-{}", std::process::id(), NAMES.fetch_add(1, Ordering::Relaxed));
        let ServerOptions { port, users, tls, environment, watches, monitor, .. } = options;
        let mut place = Place {
            kind,
            path,
            directory,
            temporary,
            name,
            port,
            users,
            tls,
            environment,
            watches,
            monitor,
        };
        let mut tries = if port == 0 { PORTS_TRIED } else { 1 };
        loop {
            tries -= 1;
            if port == 0 {
                place.port = free_address().map_err(|error| kind.failed(&error))?.port();
            }
            match place.launch().await {
                Ok(run) => return Ok(Self { place, run }),
                Err(_) if tries > 0 => {}
                Err(error) => {
                    if temporary {
                        std::fs::remove_dir_all(&place.directory).ok();
                    }
                    return Err(error);
                }
            }
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.place.port
    }

    pub(super) fn users(&self) -> Option<&Users> {
        self.place.users.as_ref()
    }

    pub(super) fn speaks_tls(&self) -> bool {
        self.place.tls.is_some()
    }

    #[cfg(test)]
    pub(super) fn directory(&self) -> &Path {
        &self.place.directory
    }

    pub(super) fn pid(&self) -> u32 {
        self.run.pid
    }

    pub(super) async fn kill(&mut self) {
        self.run.kill().await;
    }

    pub(super) async fn restart(&mut self) -> Result<(), ServerError> {
        self.kill().await;
        self.run.keep_directory().await;
        self.run = self.place.launch().await?;
        Ok(())
    }

    pub(super) fn has_ended(&self) -> bool {
        self.run.over
    }

    pub(super) async fn ended(&mut self) -> io::Result<()> {
        self.run.ended().await
    }
}

impl Drop for Guarded {
    /// The guard does the same once the server is gone; but there is no guard
    /// any more after a restart that failed.
    fn drop(&mut self) {
        if self.place.temporary {
            std::fs::remove_dir_all(&self.place.directory).ok();
        }
    }
}

impl Run {
    async fn kill(&mut self) {
        if self.over {
            return;
        }
        // If the shell is gone, so is the server, and there is nobody to tell.
        self.order().await.ok();
        self.ended().await.ok();
    }

    /// Lets the guard go without its taking the directory along; the server
    /// must have ended.
    async fn keep_directory(&mut self) {
        self.order().await.ok();
    }

    async fn order(&mut self) -> io::Result<()> {
        self.orders.write_all(b"\n").await?;
        self.orders.flush().await
    }

    /// May be dropped and called again.
    async fn ended(&mut self) -> io::Result<()> {
        if !self.over {
            self.says.next_line().await?;
            self.over = true;
        }
        Ok(())
    }
}

/// Everything that one run needs to know.
#[derive(Debug)]
pub(super) struct Place {
    kind: Kind,
    path: PathBuf,
    pub(super) directory: PathBuf,
    temporary: bool,
    /// Tells our nats-server from somebody else's.
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) users: Option<Users>,
    pub(super) tls: Option<Certificates>,
    environment: Vec<(String, String)>,
    pub(super) watches: Option<Watched>,
    pub(super) monitor: Option<SocketAddr>,
}

impl Place {
    /// Starts the server and waits until it answers.
    async fn launch(&self) -> Result<Run, ServerError> {
        let mut run = self.spawn().await.map_err(|error| self.kind.failed(&error))?;
        let deadline = Instant::now() + PATIENCE;
        let mut pause = Duration::from_millis(2);
        while !self.answers(run.pid).await {
            // A foreign process: nothing tells us but asking again.
            pause = (pause * 2).min(Duration::from_millis(50));
            let ended = tokio::select! {
                _ = run.ended() => true,
                () = sleep(pause) => false,
            };
            if ended || Instant::now() > deadline {
                run.kill().await;
                run.keep_directory().await;
                let what = if ended { "it ended at once" } else { "it did not answer in time" };
                return Err(self
                    .kind
                    .failed(&format!("{what}; its last words: {}", self.last_words())));
            }
        }
        Ok(run)
    }

    async fn answers(&self, pid: u32) -> bool {
        match self.kind {
            Kind::Nats => ready::nats(self.port, &self.name).await,
            Kind::Redis => ready::redis(&configure::knock(self), pid).await,
            Kind::Sentinel => ready::sentinel(&configure::knock(self), pid).await,
        }
    }

    async fn spawn(&self) -> io::Result<Run> {
        let arguments = self.arguments()?;
        let (signal, remove) =
            if self.temporary { ("KILL", &*self.directory) } else { ("TERM", Path::new("")) };
        let mut shell = Command::new("sh")
            .args(["-c", GUARD, "sh"])
            .arg(self.log())
            .arg(signal)
            .arg(remove)
            .arg(&self.path)
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C is for us; the guard must outlive it.
            .process_group(0)
            .spawn()?;
        let (Some(orders), Some(says)) = (shell.stdin.take(), shell.stdout.take()) else {
            return Err(io::Error::other("the guard has no pipes"));
        };
        let mut says = BufReader::new(says).lines();
        let pid = says.next_line().await?.and_then(|line| line.parse().ok());
        let pid =
            pid.ok_or_else(|| io::Error::other("the guard did not say which process it started"))?;
        Ok(Run { _shell: shell, orders, says, pid, over: false })
    }

    fn arguments(&self) -> io::Result<Vec<String>> {
        match self.kind {
            Kind::Nats => configure::nats(self),
            Kind::Redis => configure::redis(self),
            Kind::Sentinel => configure::sentinel(self),
        }
    }

    fn log(&self) -> PathBuf {
        self.directory.join(format!("{}.log", self.kind.program()))
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join(" | ")
    }
}

impl Kind {
    fn failed(self, why: &impl ToString) -> ServerError {
        ServerError::DidNotStart { program: self.program(), why: why.to_string() }
    }

    fn no_directory(self, source: io::Error) -> ServerError {
        ServerError::Directory { program: self.program(), source }
    }
}

fn directory(kind: Kind, given: Option<PathBuf>) -> io::Result<PathBuf> {
    match given {
        Some(directory) => {
            std::fs::create_dir_all(&directory)?;
            directory.canonicalize()
        }
        // Removed by the guard, which lives longer than we do.
        None => Ok(tempfile::Builder::new()
            .prefix(&format!("tipoff-{}-", kind.program()))
            .tempdir()?
            .keep()),
    }
}
