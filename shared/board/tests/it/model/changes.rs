//! Random changes, with people and leads by number.

use chrono::TimeDelta;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{bool, collection, option, sample};
use tipoff_domain::decision::{By, Considered};
use tipoff_domain::plan::{Along, Candidate, How, Marks, Otherwise, Pick, Plan, Rest, Step, Then};
use tipoff_domain::standing::Released;
use tipoff_domain::{CandidateVerdict, Cap, Decision, PondClaim, PondId, Span};

use crate::fixture::{id, nine};

pub(super) const AGENTS: [&str; 4] = ["a", "an", "ana", "an-a"];
pub(super) const PONDS: [&str; 2] = ["p", "pool-p"];
pub(super) const ENTITIES: usize = 3;
pub(super) const LEADS: usize = 3;

#[derive(Debug, Clone)]
pub(super) enum Change {
    Place {
        lead: usize,
        plan: Plan,
    },
    RollOn {
        lead: usize,
        stale: bool,
        plan: Plan,
    },
    Serve {
        lead: usize,
        stale: bool,
        plan: Plan,
    },
    Reclaim {
        lead: usize,
        stale: bool,
        ponds: Vec<PondId>,
    },
    Claim {
        lead: usize,
        agent: usize,
        round: Option<u32>,
        terms: Terms,
    },
    Pass {
        lead: usize,
        agent: usize,
        round: Option<u32>,
        undo: Option<u32>,
    },
    UndoPass {
        lead: usize,
        agent: usize,
    },
    AnotherChance {
        lead: usize,
        agent: usize,
    },
    Worked {
        lead: usize,
        agent: usize,
    },
    Assign {
        lead: usize,
        agent: usize,
    },
    GiveBack {
        lead: usize,
        by: Option<usize>,
        ponds: Vec<PondId>,
    },
    Withdraw {
        lead: usize,
        agent: usize,
        round: Option<u32>,
    },
    WithdrawAll {
        agent: usize,
    },
    Close {
        lead: usize,
        credit: bool,
    },
    Credit {
        lead: usize,
    },
    Erase {
        lead: usize,
    },
    Release {
        lead: usize,
        how: Released,
    },
    Wait {
        seconds: i64,
    },
    /// Redis loses everything.
    Forget,
}

/// What a claim may be.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub(super) caps: Vec<Cap>,
    pub(super) ponds: Vec<PondClaim>,
    pub(super) pool_counts: bool,
}

/// No limit as a rule; else few since so long ago (counted from nine), or few at once.
fn caps() -> impl Strategy<Value = Vec<Cap>> {
    let since = option::of(0..40_i64)
        .prop_map(|back| back.map(|back| nine() + TimeDelta::seconds(back * 60)));
    let cap = (since, 0..3_u32).prop_map(|(since, count)| Cap { since, count });
    prop_oneof![3 => Just(Vec::new()), 1 => collection::vec(cap, 1..3)]
}

fn pond() -> impl Strategy<Value = Option<PondId>> {
    option::weighted(0.6, sample::select(&PONDS[..])).prop_map(|pond| pond.map(id))
}

/// The ponds that there still are: more often than not all of them.
fn left_ponds() -> impl Strategy<Value = Vec<PondId>> {
    let all = PONDS.map(id::<PondId>).to_vec();
    let some = sample::subsequence(all.clone(), 0..=PONDS.len());
    prop_oneof![Just(all), some]
}

fn terms() -> impl Strategy<Value = Terms> {
    let rules = (option::weighted(0.3, 0..3_u32), option::weighted(0.4, 1..4_u32));
    let ponds = collection::vec((bool::weighted(0.8), rules), 3).prop_map(|rules| {
        let all = [None].into_iter().chain(PONDS.map(id).map(Some));
        let claims = all.zip(rules).filter(|(_, (is_in, _))| *is_in);
        let claims = claims.map(|(pond, (_, (cap, reclaim)))| PondClaim {
            pond,
            cap,
            reclaim_after: reclaim.map(|after| Span::seconds(after * 10)),
        });
        claims.collect()
    });
    let terms = |(caps, ponds, pool_counts)| Terms { caps, ponds, pool_counts };
    (caps(), ponds, any::<bool>()).prop_map(terms).boxed()
}

fn marks() -> impl Strategy<Value = Option<Marks>> {
    let tags = sample::subsequence(vec!["hot", "por/tal", "\"ñ\""], 0..=3);
    let plan = option::weighted(0.7, sample::select(&["drip", "s;low, \"x\""][..]));
    let marks = (tags, plan, along()).prop_map(|(tags, plan, along)| Marks {
        tags: tags.into_iter().map(str::to_owned).collect(),
        smart_plan: plan.map(str::to_owned),
        along,
    });
    option::weighted(0.7, marks)
}

/// Nobody, one, or some of two roles in any order.
fn along() -> impl Strategy<Value = Vec<Along>> {
    let group = |role: &'static str, names: &'static [&'static str]| {
        let among = sample::subsequence(names, 0..=names.len()).prop_shuffle();
        let group = among.prop_map(move |among| Along {
            role: role.to_owned(),
            among: among.into_iter().map(id).collect(),
        });
        group.prop_filter("somebody", |group| !group.among.is_empty())
    };
    let lenders = group("lender", &["bank", "bank-2", "a-bank"]);
    let agents = group("isa", &["ivy", "ida"]);
    (option::weighted(0.4, lenders), option::weighted(0.3, agents))
        .prop_map(|(lenders, agents)| lenders.into_iter().chain(agents).collect())
}

/// Everybody, so that the event says who was chosen and how.
fn decision() -> Decision {
    let considered = AGENTS.map(|agent| Considered {
        agent: id(agent),
        verdict: CandidateVerdict::Eligible,
        by: None,
    });
    Decision { candidates: considered.to_vec(), ..Decision::default() }
}

/// Mostly the same list, so that turns go on where they were.
fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let everybody = AGENTS.map(|agent| Candidate::open(&id(agent)));
    prop_oneof![2 => Just(everybody.to_vec()), 3 => some_candidates()]
}

fn some_candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let list = prop_oneof![Just([0, 1, 2, 3]), Just([0, 1, 2, 3]).prop_shuffle()];
    let open = collection::vec((bool::weighted(0.75), caps()), 4);
    (list, 1..=4_usize, open).prop_map(|(list, length, open)| {
        let candidate = |(place, agent): (usize, &usize)| Candidate {
            agent: id(AGENTS[*agent]),
            eligible: open[place].0,
            weight: 1 + *agent as u64 * 3,
            caps: open[place].1.clone(),
        };
        list.iter().take(length).enumerate().map(candidate).collect()
    })
}

fn step() -> impl Strategy<Value = Then> {
    let by_route = sample::select(vec![
        Pick::Turn,
        Pick::Turn,
        Pick::Fresh,
        Pick::Smooth,
        Pick::Drawn,
        Pick::Spread,
        Pick::First,
        Pick::All,
    ]);
    let route = prop_oneof![
        5 => (by_route, mostly_first(2).prop_map(|route| Some(id(&format!("r{route}"))))),
        1 => (Just(Pick::First), Just(None)),
    ];
    let how = sample::select(vec![How::Direct, How::TimeoutAgent, How::Listing, How::Returning]);
    let assign = option::weighted(0.4, how);
    let times = (1..4_i64, 0..3_u32);
    (route, assign, candidates(), times, marks()).prop_map(
        |((pick, route), assign, candidates, (window, reroutes), marks)| {
            let pick = if assign.is_some() && pick == Pick::All { Pick::First } else { pick };
            let window = TimeDelta::seconds(window * 10);
            let by = By::Turn;
            Then::Step(Step { route, pick, by, candidates, assign, window, reroutes, marks })
        },
    )
}

/// A first offer where nothing is out of the ordinary: the list is as it was, and
/// hardly anybody is away.
fn plain() -> impl Strategy<Value = Then> {
    let marks = (option::of(Just("drip")), along());
    (collection::vec(bool::weighted(0.9), 4), marks).prop_map(|(open, (plan, along))| {
        let candidate = |(agent, eligible): (&&str, bool)| Candidate {
            eligible,
            ..Candidate::open(&id(agent))
        };
        let smart_plan = plan.map(str::to_owned);
        let marks = Marks { smart_plan, along, ..Marks::default() };
        Then::Step(Step {
            route: Some(id("r0")),
            pick: Pick::Turn,
            by: By::Turn,
            candidates: AGENTS.iter().zip(open).map(candidate).collect(),
            assign: None,
            window: TimeDelta::seconds(20),
            reroutes: 0,
            marks: Some(marks),
        })
    })
}

fn plans() -> impl Strategy<Value = Plan> {
    let rest =
        (pond(), option::weighted(0.3, Just("r1")), marks()).prop_map(|(pond, route, marks)| {
            Then::Pool(Rest { why: Otherwise::Exhausted, pond, route: route.map(id), marks })
        });
    let hold = sample::select(vec![Otherwise::NotAutomatic, Otherwise::Incomplete]);
    let waits = (0..12_i64).prop_map(|five| Then::Wait(nine() + TimeDelta::seconds(five * 5)));
    let hold = hold.prop_map(Then::Hold);
    let then = prop_oneof![16 => step(), 8 => plain(), 6 => rest, 2 => hold, 1 => waits];
    // On the heap, as many of them stand in one sequence.
    then.prop_map(|then| Plan { then, decision: decision() }).boxed()
}

fn mostly_first(count: usize) -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 2 => 0..count]
}

/// A lead comes to somebody, and more and more is done about it.
fn course() -> impl Strategy<Value = Vec<(usize, Change)>> {
    let whose = (mostly_first(ENTITIES), 0..LEADS, mostly_first(AGENTS.len()));
    (whose, plans(), plans()).prop_flat_map(|((entity, lead, agent), first, next)| {
        let begun = [
            Change::Place { lead, plan: first },
            Change::Wait { seconds: 30 },
            Change::RollOn { lead, stale: false, plan: next },
        ];
        let answers = collection::vec(answer(lead, agent), 1..8);
        (second_thoughts(lead, agent), answers).prop_map(move |(thoughts, answers)| {
            let all = begun.iter().cloned().chain(thoughts).chain(answers);
            all.map(|change| (entity, change)).collect()
        })
    })
}

/// Now and then the agent passes and takes it back, perhaps too late, or wants to be asked
/// again: left to chance, one seldom follows the other.
fn second_thoughts(lead: usize, agent: usize) -> impl Strategy<Value = Vec<Change>> {
    let pass = move |undo| Change::Pass { lead, agent, round: None, undo: Some(undo * 5) };
    let wait = |fives: i64| Change::Wait { seconds: fives * 5 };
    let takes_back = (0..6_i64, 1..4_u32, 0..4_i64).prop_map(move |(before, undo, after)| {
        vec![wait(before), pass(undo), wait(after), Change::UndoPass { lead, agent }]
    });
    let is_asked_again = (1..4_u32, plans()).prop_map(move |(undo, plan)| {
        let moves_on = [Change::Wait { seconds: 30 }, Change::RollOn { lead, stale: false, plan }];
        let asks = [pass(undo), Change::AnotherChance { lead, agent }];
        asks.into_iter().chain(moves_on).collect()
    });
    prop_oneof![2 => Just(Vec::new()), 1 => takes_back, 1 => is_asked_again]
}

/// One thing that is done about `lead`, by `agent` where an agent does it.
fn answer(lead: usize, agent: usize) -> impl Strategy<Value = Change> {
    let undo = option::of(1..4_u32);
    prop_oneof![
        3 => terms().prop_map(move |terms| Change::Claim { lead, agent, round: None, terms }),
        2 => undo.prop_map(move |undo| Change::Pass { lead, agent, round: None, undo: undo.map(|undo| undo * 5) }),
        1 => Just(Change::UndoPass { lead, agent }),
        1 => Just(Change::Worked { lead, agent }),
        2 => Just(Change::Credit { lead }),
        1 => plans().prop_map(move |plan| Change::RollOn { lead, stale: false, plan }),
        1 => plans().prop_map(move |plan| Change::Serve { lead, stale: false, plan }),
        1 => (option::of(Just(agent)), left_ponds())
            .prop_map(move |(by, ponds)| Change::GiveBack { lead, by, ponds }),
        1 => left_ponds().prop_map(move |ponds| Change::Reclaim { lead, stale: false, ponds }),
        3 => (0..5_i64).prop_map(|five| Change::Wait { seconds: five * 5 }),
    ]
}

pub(super) fn changes() -> impl Strategy<Value = Vec<(usize, Change)>> {
    // One lead more than the others, so that much happens to it.
    let (lead, agent, round) =
        (|| mostly_first(LEADS), || mostly_first(AGENTS.len()), || option::weighted(0.4, 1..4_u32));
    let both = move || (lead(), agent());
    let how = sample::select(vec![Released::Sent, Released::Completed]);
    let asked = prop_oneof![
        4 => (both(), round(), terms())
            .prop_map(|((lead, agent), round, terms)| Change::Claim { lead, agent, round, terms }),
        4 => (both(), round(), option::of(1..4_u32)).prop_map(|((lead, agent), round, undo)| {
            Change::Pass { lead, agent, round, undo: undo.map(|undo| undo * 5) }
        }),
        2 => both().prop_map(|(lead, agent)| Change::UndoPass { lead, agent }),
        2 => both().prop_map(|(lead, agent)| Change::AnotherChance { lead, agent }),
        1 => both().prop_map(|(lead, agent)| Change::Worked { lead, agent }),
    ];
    let done = prop_oneof![
        1 => both().prop_map(|(lead, agent)| Change::Assign { lead, agent }),
        2 => (lead(), option::of(agent()), left_ponds())
            .prop_map(|(lead, by, ponds)| Change::GiveBack { lead, by, ponds }),
        1 => (both(), round())
            .prop_map(|((lead, agent), round)| Change::Withdraw { lead, agent, round }),
        1 => agent().prop_map(|agent| Change::WithdrawAll { agent }),
        1 => (lead(), any::<bool>()).prop_map(|(lead, credit)| Change::Close { lead, credit }),
        1 => lead().prop_map(|lead| Change::Erase { lead }),
        4 => lead().prop_map(|lead| Change::Credit { lead }),
        2 => (lead(), how).prop_map(|(lead, how)| Change::Release { lead, how }),
    ];
    let change = prop_oneof![
        5 => (lead(), plans()).prop_map(|(lead, plan)| Change::Place { lead, plan }),
        7 => (lead(), bool::weighted(0.1), plans())
            .prop_map(|(lead, stale, plan)| Change::RollOn { lead, stale, plan }),
        2 => (lead(), bool::weighted(0.1), plans())
            .prop_map(|(lead, stale, plan)| Change::Serve { lead, stale, plan }),
        2 => (lead(), bool::weighted(0.1), left_ponds())
            .prop_map(|(lead, stale, ponds)| Change::Reclaim { lead, stale, ponds }),
        13 => asked,
        10 => done,
        5 => (0..5_i64).prop_map(|five| Change::Wait { seconds: five * 5 }),
        // Longer than an agent is owed a lead.
        1 => Just(Change::Wait { seconds: 31 * 86_400 }),
        1 => Just(Change::Forget),
    ];
    let one = (mostly_first(ENTITIES), change).prop_map(|one| vec![one]).boxed();
    let some = collection::vec(prop_oneof![9 => one, 1 => course().boxed()], 1..50);
    some.prop_map(|changes| changes.concat())
}
