//! Relays that refuse for good: what they say of us is no fault of the agent's address.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tipoff_domain::{AgentId, Channel};
use tipoff_roster::{Reach, Works};
use tipoff_runtime::{Clock, dead};
use tipoff_wire::EventKind;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::desk::{Desk, PATIENCE, any_port, dana, id};
use crate::trials;

/// All ways in which a mail is handed over.
const WAYS: [&[&str]; 3] = [&["PIPELINING", "CHUNKING"], &["PIPELINING"], &[]];

/// Another address of Ana's.
const NEW: &str = "ana@new.example.com";

/// What a relay offers, and what it answers to one command.
#[derive(Clone, Copy)]
struct Manners {
    offers: &'static [&'static str],
    /// `MAIL`, `RCPT`, or `DATA` for the mail itself however it comes.
    refuses: &'static str,
    with: &'static str,
}

/// A mail relay that takes no mail.
struct Relay {
    at: SocketAddr,
    refused: watch::Receiver<u64>,
    /// Each refusal that is said takes one.
    says: Arc<Semaphore>,
}

impl Relay {
    async fn start(manners: Manners) -> Self {
        Self::start_to_say(manners, Semaphore::MAX_PERMITS).await
    }

    /// Says so many refusals, and keeps the others waiting.
    async fn start_to_say(manners: Manners, refusals: usize) -> Self {
        let says = Arc::new(Semaphore::new(refusals));
        let may_say = says.clone();
        let listener = TcpListener::bind(any_port()).await.unwrap();
        let at = listener.local_addr().unwrap();
        let (tell, refused) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (tell, may_say) = (tell.clone(), may_say.clone());
                // Whoever is refused hangs up.
                tokio::spawn(async move { drop(talk(client, manners, &tell, &may_say).await) });
            }
        });
        Self { at, refused, says }
    }

    /// Waits until it has refused so often, whether it said so or not.
    async fn refused(&self, times: u64) {
        let mut refused = self.refused.clone();
        let enough = refused.wait_for(|so_far| *so_far >= times);
        drop(tokio::time::timeout(PATIENCE, enough).await.expect("it refuses in time").unwrap());
    }
}

async fn talk(
    client: TcpStream,
    manners: Manners,
    refused: &watch::Sender<u64>,
    may_say: &Semaphore,
) -> std::io::Result<()> {
    let mut client = BufStream::new(client);
    let mut willing = true;
    say(&mut client, "220 relay ready").await?;
    loop {
        let mut line = String::new();
        if client.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.get(..4).unwrap_or_default();
        match command {
            "EHLO" => greet(&mut client, manners.offers).await?,
            "BDAT" => skip_chunk(&mut client, &line).await?,
            "DATA" if willing => skip_text(&mut client).await?,
            _ => {}
        }
        let step = if command == "BDAT" { "DATA" } else { command };
        let answer = match command {
            "QUIT" => return say(&mut client, "221 2.0.0 bye").await,
            "EHLO" => "250 SIZE 10485760",
            // What was said in one breath with a command that was refused.
            _ if !willing => "503 5.5.1 out of order",
            _ if step == manners.refuses => {
                willing = false;
                refused.send_modify(|times| *times += 1);
                may_say.acquire().await.unwrap().forget();
                manners.with
            }
            _ => "250 2.0.0 good",
        };
        say(&mut client, answer).await?;
    }
}

async fn say(client: &mut BufStream<TcpStream>, answer: &str) -> std::io::Result<()> {
    client.write_all(format!("{answer}\r\n").as_bytes()).await?;
    client.flush().await
}

async fn greet(client: &mut BufStream<TcpStream>, offers: &[&str]) -> std::io::Result<()> {
    for offer in offers {
        say(client, &format!("250-{offer}")).await?;
    }
    Ok(())
}

/// `BDAT 123 LAST` and what follows it.
async fn skip_chunk(client: &mut BufStream<TcpStream>, line: &str) -> std::io::Result<()> {
    let size = line.split(' ').nth(1).and_then(|size| size.parse().ok()).unwrap();
    client.read_exact(&mut vec![0; size]).await.map(drop)
}

async fn skip_text(client: &mut BufStream<TcpStream>) -> std::io::Result<()> {
    say(client, "354 go ahead").await?;
    let mut line = String::new();
    loop {
        line.clear();
        match client.read_line(&mut line).await? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            _ if line == ".\r\n" => return Ok(()),
            _ => {}
        }
    }
}

/// What is left of Ana when a relay has refused two tries to offer her a lead.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    address: Works,
    is_asked: bool,
    set_aside: usize,
}

/// Her address was confirmed before.
async fn desk_with_ana(more: Value) -> Desk {
    let desk = Desk::set_up().await;
    desk.agent("ana", more).await;
    desk.browser("ana").await;
    let reach = Reach::confirmed("ana@example.com", Clock::system().now());
    desk.roster.put_reach(&desk.entity, &id("ana"), Channel::Email, reach).await.unwrap();
    desk
}

/// Ana has another address; waits until that is known.
async fn move_to(desk: &Desk, address: &str) {
    let ana: AgentId = id("ana");
    desk.agent("ana", json!({"email": address})).await;
    let mut changes = desk.roster.changes();
    let known = || desk.roster.view(&desk.entity).unwrap().agents[&ana].email.clone();
    let moved = async {
        while known().as_deref() != Some(address) {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, moved).await.expect("it is known in time");
}

/// Whether anything is noted of that address of Ana's.
fn is_marked(desk: &Desk, address: &str) -> bool {
    let reach = desk.roster.reach(&desk.entity, &id("ana"), Channel::Email);
    reach.is_some_and(|reach| reach.is_about(address))
}

async fn left_after(manners: Manners, channels: &[&str]) -> Left {
    let desk = desk_with_ana(json!({"channels": channels})).await;
    let relay = Relay::start(manners).await;
    let notifier = desk.notifier_over(&format!("smtp://{}", relay.at), &[]);
    let lead = desk.offer(&["ana"], dana()).await;
    // Right away, and once more by whoever has it from there.
    relay.refused(2).await;
    notifier.end().await;
    let ana: AgentId = id("ana");
    let stands = desk.board.lead(&desk.entity, &lead).await.unwrap().unwrap().now_is;
    Left {
        address: desk.roster.reach(&desk.entity, &ana, Channel::Email).unwrap().works,
        is_asked: stands.pending.contains(&ana),
        set_aside: dead::list(&desk.nats, 10, 0).await.unwrap().len(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_refuses_us_marks_no_address_and_takes_no_offer_away() {
    let untouched = Left { address: Works::Confirmed, is_asked: true, set_aside: 0 };
    for offers in WAYS {
        let manners = Manners { offers, refuses: "MAIL", with: "550 5.1.8 no such domain" };
        assert_eq!(left_after(manners, &["email"]).await, untouched, "{offers:?}");
    }
    // Many wait until they hear for whom it is.
    let manners = Manners { offers: WAYS[0], refuses: "RCPT", with: "550 5.1.8 no such domain" };
    assert_eq!(left_after(manners, &["email"]).await, untouched);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_names_no_dead_mailbox_says_nothing_of_the_address() {
    let told_another_way = Left { address: Works::Confirmed, is_asked: true, set_aside: 1 };
    for offers in WAYS {
        for (refuses, with) in
            [("RCPT", "550 relay not permitted"), ("DATA", "550 it looks like spam")]
        {
            let manners = Manners { offers, refuses, with };
            let left = left_after(manners, &["email", "push"]).await;
            assert_eq!(left, told_another_way, "{offers:?}, {refuses}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_of_whom_the_relay_says_that_there_is_no_such_mailbox_has_a_dead_address() {
    for offers in WAYS {
        let manners = Manners { offers, refuses: "RCPT", with: "550 5.1.1 no such mailbox" };
        let left = left_after(manners, &["email", "push"]).await;
        let dead = Left { address: Works::Failed, is_asked: true, set_aside: 1 };
        assert_eq!(left, dead, "{offers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_an_address_that_was_changed_meanwhile_says_nothing_of_the_new_one() {
    let desk = desk_with_ana(json!({"channels": ["email", "push"]})).await;
    let with = "550 5.1.1 no such mailbox";
    let manners = Manners { offers: WAYS[2], refuses: "RCPT", with };
    let relay = Relay::start_to_say(manners, 1).await;
    let notifier = desk.notifier_over(&format!("smtp://{}", relay.at), &[]);
    desk.offer(&["ana"], dana()).await;
    relay.refused(2).await;
    move_to(&desk, NEW).await;
    relay.says.add_permits(1);
    notifier.end().await;
    assert!(!is_marked(&desk, NEW));
    assert_eq!(dead::list(&desk.nats, 10, 0).await.unwrap(), [], "it goes to the new address");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_that_is_refused_says_nothing_of_another_address() {
    let desk = desk_with_ana(json!({"channels": ["email"]})).await;
    let with = "550 5.1.1 no such mailbox";
    let manners = Manners { offers: WAYS[2], refuses: "RCPT", with };
    let relay = Relay::start_to_say(manners, 0).await;
    let notifier = desk.notifier_over(&format!("smtp://{}", relay.at), &[]);
    trials::ask(&desk, Channel::Email).await;
    relay.refused(1).await;
    move_to(&desk, NEW).await;
    relay.says.add_permits(1);
    notifier.end().await;
    assert!(!is_marked(&desk, NEW));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_refused_as_it_reads_moves_the_lead_on_where_nothing_else_tells() {
    let desk = desk_with_ana(json!({"channels": ["email"]})).await;
    let with = "554 5.7.1 it looks like spam";
    let relay = Relay::start(Manners { offers: WAYS[0], refuses: "DATA", with }).await;
    let _notifier = desk.notifier_over(&format!("smtp://{}", relay.at), &[]);
    let lead = desk.offer(&["ana"], dana()).await;
    let withdrawn = desk.event(&lead, EventKind::Withdrawn).await;
    assert_eq!(withdrawn.reason.as_deref(), Some("undeliverable"));
    let reach = desk.roster.reach(&desk.entity, &id("ana"), Channel::Email).unwrap();
    assert_eq!(reach.works, Works::Confirmed);
}
