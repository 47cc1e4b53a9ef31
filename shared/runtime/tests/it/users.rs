//! Each user of the servers tries everything, and is refused what is not its own.

use std::collections::BTreeSet;

use redis::Value;
use tipoff_runtime::{User, Users, connect};
use tipoff_testkit::servers::ServerOptions;
use tipoff_testkit::{NatsServer, RedisServer};
use tipoff_wire::Stream;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::settings;

fn users() -> Users {
    Users::of(b"the test's").and_source("acme".parse().unwrap(), "zillow".parse().unwrap())
}

fn guarded(users: Users) -> ServerOptions {
    ServerOptions { users: Some(users), ..Default::default() }
}

/// A user of NATS that says what it wants and hears whether it may.
struct Asking {
    server: BufReader<TcpStream>,
}

impl Asking {
    async fn as_user(server: &NatsServer, user: &str) -> Self {
        let place = server.url().replace("nats://", "");
        let mut asking = Self { server: BufReader::new(TcpStream::connect(place).await.unwrap()) };
        asking.server.read_line(&mut String::new()).await.unwrap();
        let pass = users().password(user);
        let hello = format!(
            r#"CONNECT {{"user":"{user}","pass":"{pass}","verbose":false,"pedantic":false}}"#
        );
        assert!(asking.may(&hello).await, "{user} is not let in");
        asking
    }

    /// Whether the server takes it; the answer to a PING comes after all that went before.
    async fn may(&mut self, what: &str) -> bool {
        let whole = format!("{what}\r\nPING\r\n");
        self.server.get_mut().write_all(whole.as_bytes()).await.unwrap();
        let mut allowed = true;
        loop {
            let mut line = String::new();
            assert!(self.server.read_line(&mut line).await.unwrap() > 0, "hung up after {what}");
            match line.trim_end() {
                "PONG" => return allowed,
                refusal if refusal.starts_with("-ERR") => allowed = false,
                _ => {}
            }
        }
    }

    async fn may_publish(&mut self, subject: &str) -> bool {
        self.may(&format!("PUB {subject} 0\r\n")).await
    }

    async fn may_subscribe(&mut self, subject: &str) -> bool {
        let allowed = self.may(&format!("SUB {subject} 7")).await;
        self.may("UNSUB 7").await;
        allowed
    }
}

/// Everything there is to publish to.
fn subjects() -> Vec<String> {
    let mut all: Vec<String> = DATA.iter().map(|subject| (*subject).to_owned()).collect();
    let streams: Vec<&str> = Stream::ALL.iter().map(|stream| stream.name()).collect();
    for stream in streams.into_iter().chain(["KV_roster", "KV_auth", "KV_heard"]) {
        for verb in [
            "CREATE",
            "UPDATE",
            "DELETE",
            "PURGE",
            "SNAPSHOT",
            "RESTORE",
            "MSG.DELETE",
            "MSG.GET",
            "PEER.REMOVE",
            "LEADER.STEPDOWN",
            "INFO",
        ] {
            all.push(format!("$JS.API.STREAM.{verb}.{stream}"));
        }
        all.push(format!("$JS.API.DIRECT.GET.{stream}"));
        all.push(format!("$JS.API.CONSUMER.NAMES.{stream}"));
        all.push(format!("$JS.API.CONSUMER.LIST.{stream}"));
        all.push(format!("$JS.API.CONSUMER.CREATE.{stream}"));
        for name in
            ["ingest", "router", "notifier", "webhooks", "announcements", "notify-email", "made-up"]
        {
            for verb in ["CREATE", "MSG.NEXT", "INFO", "DELETE"] {
                all.push(format!("$JS.API.CONSUMER.{verb}.{stream}.{name}"));
            }
            all.push(format!("$JS.ACK.{stream}.{name}.1.1.1.1.1"));
        }
        all.push(format!("dead.{stream}"));
    }
    all
}

const DATA: &[&str] = &[
    "leads.in.acme.zillow",
    "leads.in.acme.other",
    "leads.in.other.zillow",
    "leads.new.3.acme",
    "leads.rejected.acme.zillow",
    "events.3.acme.lead_1",
    "notify.email.acme",
    "bell.acme.ana.lead_1",
    "undelivered.acme.lead_1.1.ana",
    "calls.acme.lead_1.1.ana",
    "webhooks.acme.hook_1",
    "attempts.acme.hook_1",
    "changes.acme",
    "calls.acme.lead_1.1.ana",
    "audit.acme",
    "wake.3",
    "anything.else",
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    "$JS.API.ACCOUNT.PURGE.acme",
    "$SYS.REQ.SERVER.PING",
    "$KV.roster.deployment",
    "$KV.roster.entity.acme",
    "$KV.roster.agent.acme.ana",
    "$KV.roster.source.acme.zillow",
    "$KV.roster.seen.acme.zillow",
    "$KV.roster.pond.acme.p",
    "$KV.roster.route.acme.r",
    "$KV.roster.order.acme",
    "$KV.roster.push.acme.ana.x",
    "$KV.roster.reach.acme.ana.email",
    "$KV.roster.room.acme.slack",
    "$KV.roster.webhook.acme.hook_1",
    "$KV.auth.key.abc",
    "$KV.heard.abc",
    "_INBOX_ingest.x",
    "_INBOX_router.x",
    "_INBOX_notifier.x",
    "_INBOX_api.x",
    "_INBOX_admin.x",
    "_INBOX_all.x",
    "_INBOX.x",
];

/// What every service may publish to, to follow the roster.
const SERVICES: &str = "$JS.API.INFO $JS.API.STREAM.INFO.> $JS.API.DIRECT.GET.KV_roster.> \
    $JS.API.CONSUMER.CREATE.KV_roster $JS.API.CONSUMER.CREATE.KV_roster.> $JS.API.CONSUMER.INFO.KV_roster.>";

/// What those may as well who are shown keys.
const KEYS: &str = "$JS.API.CONSUMER.CREATE.KV_auth $JS.API.CONSUMER.CREATE.KV_auth.> $JS.API.CONSUMER.INFO.KV_auth.>";

const INGEST: &str = "leads.new.3.acme leads.rejected.acme.zillow dead.LEADS_IN \
    $KV.roster.source.acme.zillow $KV.roster.seen.acme.zillow $JS.API.STREAM.MSG.GET.LEADS \
    $JS.API.CONSUMER.CREATE.LEADS_IN.ingest $JS.API.CONSUMER.INFO.LEADS_IN.ingest \
    $JS.API.CONSUMER.MSG.NEXT.LEADS_IN.ingest $JS.ACK.LEADS_IN.ingest.>";

const ROUTER: &str = "events.3.acme.lead_1 wake.3 dead.LEADS leads.rejected.acme.zillow $KV.roster.agent.acme.ana $JS.API.DIRECT.GET.EVENTS $JS.API.STREAM.MSG.GET.EVENTS $JS.ACK.LEADS.router.> $JS.ACK.LEADS.router-bulk.> \
    $JS.API.CONSUMER.CREATE.LEADS.> $JS.API.CONSUMER.INFO.LEADS.> \
    $JS.API.CONSUMER.MSG.NEXT.LEADS.> $JS.API.CONSUMER.DELETE.LEADS.> \
    $JS.API.CONSUMER.CREATE.EVENTS.> $JS.API.CONSUMER.INFO.EVENTS.> \
    $JS.API.CONSUMER.MSG.NEXT.EVENTS.> $JS.API.CONSUMER.DELETE.EVENTS.> \
    $KV.roster.agent.acme.ana $JS.API.CONSUMER.CREATE.LEADS $JS.API.CONSUMER.CREATE.EVENTS";

const NOTIFIER: &str = "events.3.acme.lead_1 wake.3 notify.email.acme bell.acme.ana.lead_1 \
    undelivered.acme.lead_1.1.ana calls.acme.lead_1.1.ana webhooks.acme.hook_1 attempts.acme.hook_1 changes.acme dead.EVENTS dead.NOTIFY dead.WEBHOOKS dead.CHANGES dead.KV_roster \
    $JS.API.DIRECT.GET.CHANGES $JS.API.CONSUMER.CREATE.CHANGES.webhooks $JS.API.CONSUMER.INFO.CHANGES.webhooks \
    $JS.API.CONSUMER.MSG.NEXT.CHANGES.webhooks $JS.API.CONSUMER.DELETE.CHANGES.webhooks $JS.ACK.CHANGES.webhooks.> \
    $JS.API.CONSUMER.MSG.NEXT.KV_roster.announcements $JS.ACK.KV_roster.announcements.> \
    $JS.API.STREAM.MSG.GET.CALLS $KV.roster.push.acme.ana.x $KV.roster.reach.acme.ana.email $KV.roster.room.acme.slack $KV.roster.webhook.acme.hook_1 \
    $JS.API.STREAM.MSG.GET.UNDELIVERED $JS.API.DIRECT.GET.EVENTS $JS.API.STREAM.MSG.GET.EVENTS $JS.API.DIRECT.GET.LEADS \
    $JS.API.DIRECT.GET.REJECTED $JS.API.DIRECT.GET.LEADS_IN $JS.API.DIRECT.GET.BELL $JS.API.DIRECT.GET.DEAD \
    $JS.API.STREAM.MSG.DELETE.EVENTS $JS.API.STREAM.MSG.DELETE.LEADS \
    $JS.API.STREAM.MSG.DELETE.REJECTED $JS.API.STREAM.MSG.DELETE.LEADS_IN $JS.API.STREAM.MSG.DELETE.BELL $JS.API.STREAM.MSG.DELETE.DEAD \
    $JS.API.CONSUMER.CREATE.EVENTS.notifier $JS.API.CONSUMER.CREATE.EVENTS.webhooks \
    $JS.API.CONSUMER.INFO.EVENTS.notifier $JS.API.CONSUMER.INFO.EVENTS.webhooks \
    $JS.API.CONSUMER.MSG.NEXT.EVENTS.notifier $JS.API.CONSUMER.MSG.NEXT.EVENTS.webhooks \
    $JS.ACK.EVENTS.notifier.> $JS.ACK.EVENTS.webhooks.> $JS.API.CONSUMER.DELETE.EVENTS.webhooks \
    $JS.API.CONSUMER.CREATE.NOTIFY.> $JS.API.CONSUMER.INFO.NOTIFY.> $JS.API.CONSUMER.MSG.NEXT.NOTIFY.> $JS.ACK.NOTIFY.> \
    $JS.API.CONSUMER.CREATE.WEBHOOKS.> $JS.API.CONSUMER.INFO.WEBHOOKS.> \
    $JS.API.CONSUMER.MSG.NEXT.WEBHOOKS.> $JS.API.CONSUMER.DELETE.WEBHOOKS.> $JS.ACK.WEBHOOKS.> \
    calls.acme.lead_1.1.ana $KV.roster.push.acme.ana.x $JS.API.STREAM.MSG.GET.CALLS";

const API: &str = "events.3.acme.lead_1 wake.3 webhooks.acme.hook_1 audit.acme leads.in.> leads.new.3.acme notify.email.acme \
    $JS.API.DIRECT.GET.DEAD $JS.API.STREAM.MSG.GET.DEAD $JS.API.STREAM.MSG.DELETE.DEAD $JS.API.CONSUMER.INFO.WEBHOOKS.> \
    $KV.roster.> $KV.auth.> $KV.heard.> \
    $JS.API.DIRECT.GET.EVENTS $JS.API.STREAM.MSG.GET.EVENTS $JS.API.DIRECT.GET.AUDIT $JS.API.DIRECT.GET.ATTEMPTS $JS.API.DIRECT.GET.KV_roster $JS.API.DIRECT.GET.KV_auth \
    $JS.API.CONSUMER.CREATE.EVENTS.> $JS.API.CONSUMER.INFO.EVENTS.> \
    $JS.API.CONSUMER.MSG.NEXT.EVENTS.> $JS.API.CONSUMER.DELETE.EVENTS.> \
    $JS.API.CONSUMER.CREATE.CHANGES $JS.API.CONSUMER.CREATE.CHANGES.> $JS.API.CONSUMER.INFO.CHANGES.> \
    $JS.API.CONSUMER.MSG.NEXT.CHANGES.> $JS.API.CONSUMER.DELETE.CHANGES.> \
    $JS.API.CONSUMER.CREATE.BELL.> $JS.API.CONSUMER.INFO.BELL.> \
    $JS.API.CONSUMER.MSG.NEXT.BELL.> $JS.API.CONSUMER.DELETE.BELL.> \
    notify.email.acme leads.in.> leads.new.3.acme $JS.API.DIRECT.GET.DEAD $JS.API.STREAM.MSG.GET.DEAD \
    $JS.API.STREAM.MSG.DELETE.DEAD $JS.API.CONSUMER.INFO.WEBHOOKS.> $JS.API.CONSUMER.CREATE.EVENTS $JS.API.CONSUMER.CREATE.BELL";

const ADMIN: &str = "$JS.API.> $JS.ACK.> $KV.> leads.in.> leads.new.3.acme events.3.acme.lead_1 notify.email.acme \
    webhooks.acme.hook_1 audit.acme wake.3";

const ALL: &str = "leads.in.> calls.acme.lead_1.1.ana leads.new.3.acme leads.rejected.acme.zillow events.3.acme.lead_1 notify.email.acme \
    bell.acme.ana.lead_1 undelivered.acme.lead_1.1.ana webhooks.acme.hook_1 attempts.acme.hook_1 changes.acme audit.acme dead.> wake.3 $KV.> $JS.ACK.> \
    $JS.API.CONSUMER.> $JS.API.DIRECT.GET.> $JS.API.STREAM.MSG.GET.> $JS.API.STREAM.MSG.DELETE.> \
    leads.in.> calls.acme.lead_1.1.ana";

/// What a user may publish to: these, or what begins so where it ends in `>`.
fn own(user: &str) -> Vec<&'static str> {
    let more = match user {
        "ingest" => INGEST,
        "router" => ROUTER,
        "notifier" => NOTIFIER,
        "api" => API,
        "admin" => ADMIN,
        "all" => ALL,
        "acme.zillow" => return vec!["leads.in.acme.zillow"],
        other => panic!("nobody said what {other} may"),
    };
    let keys = if ["router", "notifier"].contains(&user) { "" } else { KEYS };
    [SERVICES, keys, more].into_iter().flat_map(str::split_whitespace).collect()
}

fn fits(pattern: &str, subject: &str) -> bool {
    pattern.strip_suffix('>').map_or(pattern == subject, |start| subject.starts_with(start))
}

#[tokio::test]
async fn at_nats_every_user_may_do_its_own_work_and_nothing_else() {
    let server = NatsServer::start_with(guarded(users())).await.unwrap();
    let (mut tried, mut refused) = (0, 0);
    for user in User::EVERY.iter().map(|user| user.name()).chain(["acme.zillow"]) {
        let own = own(user);
        let mut asking = Asking::as_user(&server, user).await;
        for subject in subjects() {
            let wanted = own.iter().any(|pattern| fits(pattern, &subject));
            assert_eq!(asking.may_publish(&subject).await, wanted, "{user} publishes to {subject}");
            tried += 1;
            refused += u32::from(!wanted);
        }
        let inbox = |of: &str| format!("_INBOX_{of}.>");
        let others = User::EVERY.map(|other| inbox(other.name()));
        let more = [
            ">", "leads.>", "events.>", "notify.>", "$KV.>", "$JS.>", "$SYS.>", "_INBOX.>",
            "wake.*",
        ];
        for subject in
            others.into_iter().chain(more.map(str::to_owned)).chain([inbox("acme.zillow")])
        {
            let hears_calls = subject == "wake.*" && ["router", "all"].contains(&user);
            let wanted = subject == inbox(user) || hears_calls;
            assert_eq!(
                asking.may_subscribe(&subject).await,
                wanted,
                "{user} subscribes to {subject}"
            );
        }
    }
    assert!(tried > 3_000 && refused > 2_000, "{refused} of {tried} were refused");
}

#[tokio::test]
async fn whoever_comes_without_a_name_or_with_a_wrong_password_is_not_let_in() {
    let (nats, redis) = (
        NatsServer::start_with(guarded(users())).await.unwrap(),
        RedisServer::start_with(guarded(users())).await.unwrap(),
    );
    let wrong = Users::of(b"somebody else's");
    for (nats_url, redis_url) in [
        (nats.url(), redis.url()),
        (wrong.address(&nats.url(), "api"), wrong.address(&redis.url(), "api")),
    ] {
        let settings = settings(&nats_url, &redis_url);
        let stop = CancellationToken::new();
        let refusal = connect::nats(&settings, "test", &stop).await.unwrap_err();
        assert_eq!(refusal.to_string(), "NATS refused");
        assert!(connect::redis(&settings, &stop).await.is_err());
    }
    let settings = settings(&nats.url_for(User::Api), &redis.url_for(User::Api));
    let stop = CancellationToken::new();
    connect::nats(&settings, "test", &stop).await.unwrap();
    drop(connect::redis(&settings, &stop).await.ok().unwrap());
}

/// Every command of the server, with as many words as it wants at least.
async fn commands(redis: &mut redis::aio::MultiplexedConnection) -> Vec<(String, Vec<String>)> {
    fn read(command: &Value, all: &mut Vec<(String, Vec<String>)>) {
        let Value::Array(parts) = command else { panic!("{command:?}") };
        let name: String = redis::from_redis_value(parts[0].clone()).unwrap();
        let arity: i64 = redis::from_redis_value(parts[1].clone()).unwrap();
        let flags: Vec<String> = redis::from_redis_value(parts[2].clone()).unwrap();
        let Value::Array(inner) = &parts[9] else { panic!("{command:?}") };
        for inner in inner {
            read(inner, all);
        }
        if inner.is_empty() && !flags.iter().any(|flag| flag == "no_auth") {
            let mut words: Vec<String> = name.split('|').map(str::to_owned).collect();
            let wanted = usize::try_from(arity.abs()).unwrap();
            words.resize(wanted.max(words.len()), "1".to_owned());
            all.push((name, words));
        }
    }
    let all: Vec<Value> = redis::cmd("COMMAND").query_async(redis).await.unwrap();
    let mut commands = Vec::new();
    for command in &all {
        read(command, &mut commands);
    }
    commands
}

/// What the scripts do, what is read past them, and what a connection needs.
const EVERYBODYS: &str = "ping info time cluster|slots multi exec eval evalsha \
    get set del hget hmget hgetall hset hdel exists xadd xdel xlen xrange zadd zrem zscore zcount zlexcount \
    zrange zrangebylex zremrangebylex zremrangebyscore";

async fn ask(url: &str, words: &[impl AsRef<str>]) -> redis::RedisResult<Value> {
    let client = redis::Client::open(url).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(word.as_ref());
    }
    command.query_async(&mut redis).await
}

fn is_refused<T: std::fmt::Debug>(said: &redis::RedisResult<T>) -> bool {
    // Some commands are closed to everybody by the server's own configuration.
    said.as_ref().is_err_and(|error| {
        error.code() == Some("NOPERM") || error.to_string().contains("command not allowed")
    })
}

#[tokio::test]
async fn at_redis_every_user_may_do_its_own_work_and_nothing_else() {
    let server = RedisServer::start_with(guarded(users().and_owner())).await.unwrap();
    let owner = redis::Client::open(server.url()).unwrap();
    let all = commands(&mut owner.get_multiplexed_async_connection().await.unwrap()).await;
    let mut refused = 0;
    for user in User::EVERY.into_iter().filter(|user| user.has_board()) {
        let mut own: BTreeSet<&str> = EVERYBODYS.split_whitespace().collect();
        own.extend(match user {
            User::Admin => &["hscan", "config|get"][..],
            User::All => &["hscan", "expire"],
            User::Api => &["hscan"],
            User::Notifier => &["expire"],
            _ => &[],
        });
        let client = redis::Client::open(server.url_for(user)).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        for (name, words) in &all {
            if own.remove(name.as_str()) {
                continue;
            }
            let mut command = redis::Cmd::new();
            command.arg(words);
            let said = command.query_async::<Value>(&mut redis).await;
            assert!(is_refused(&said), "{user:?} does {name}: {said:?}");
            refused += 1;
        }
        assert!(own.is_empty(), "there are no such commands: {own:?}");

        let url = server.url_for(user);
        let routers = ask(&url, &["GET", "{tipoff}:routers"]).await;
        assert_eq!(is_refused(&routers), [User::Notifier, User::Api].contains(&user), "{user:?}");
        assert!(!is_refused(&ask(&url, &["GET", "{p3}:clock"]).await));
        for key in ["other", "p3:clock", "{q}:clock", "{tipoff}:other"] {
            assert!(is_refused(&ask(&url, &["GET", key]).await), "{user:?} reads {key}");
            assert!(is_refused(&ask(&url, &["SET", key, "1"]).await), "{user:?} writes {key}");
        }
    }
    assert!(refused > 1_000, "{refused}");
}
