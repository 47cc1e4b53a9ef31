//! Would anybody notice if a script were wrong? Each of them is broken on
//! purpose, in one place, and held against the state machine, which must find
//! it out. Takes minutes, so it is run on demand: `make mutations`, or
//! `TIPOFF_MUTATIONS=credit,turn` for those that speak of credits or turns.
#![expect(clippy::print_stdout, reason = "a table for whoever asked for it")]

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::runtime::Runtime;

use crate::fixture::Table;
use crate::model::{OUT_OF_REACH, compare};

/// What is broken, the words, and what stands there instead.
type Mutation = (&'static str, &'static str, &'static str);

const CASES: u32 = 300;

const MUTATIONS: [Mutation; 40] = [
    (
        "a claim after the deadline wins",
        "if now >= tonumber(held[5]) then return answer('too_late') end",
        "",
    ),
    ("who lost a jump ball is told that it was taken back", "'lost')", "'withdrawn')"),
    (
        "an offer that ended keeps its place under the limit",
        "redis.call('ZREM', RESERVED, member(lead, agent))",
        "",
    ),
    (
        "a jump ball reserves places",
        "if pick ~= 'all' then redis.call('ZADD', RESERVED",
        "if true then redis.call('ZADD', RESERVED",
    ),
    (
        "one more than the limit is given",
        "if had + reserved >= tonumber(count)",
        "if had + reserved > tonumber(count)",
    ),
    ("limits count what was given by hand", "local COUNTED = {", "local COUNTED = { manual = 1,"),
    (
        "a plan made for another version is carried out",
        "or lead.is.version ~= ARGV[2] then return reply('stale', lead) end\nif now < due",
        "then return reply('stale', lead) end\nif now < due",
    ),
    ("a lead moves on before its time", "if now < due then return reply('early', lead) end", ""),
    ("the turn stays where it was", "plan.names[at % count + 1]", "plan.names[at]"),
    (
        "the turn of a list that nobody touched stays where it was",
        "behind(plan.order, whose)",
        "whose",
    ),
    ("the turn stays where it was on the short way", "behind(order, whose)", "whose"),
    (
        "an offer on the short way holds no place under the limit",
        "redis.call('ZADD', RESERVED, 0, mine)",
        "",
    ),
    ("whoever cannot have it is picked", "plan.open[i] = not barred[name]", "plan.open[i] = true"),
    ("roll-ons take the turn of first offers", "'roll', 'round'", "'next', 'list'"),
    ("the same agent is first twice running", "if chosen == last and plan.eligible[2]", "if false"),
    ("smooth weights never go back", "near[chosen] = near[chosen] - total", ""),
    ("an agent is repaid for ever", "      table.remove(list, i)\n", ""),
    ("what is owed never lapses", "if now < tonumber(ms) then list", "if true then list"),
    ("what was worth nothing uses up a limit", "lead.is.credited == nil and (", "("),
    (
        "who may take a pass back keeps no place",
        "  for _, place in ipairs(kept_for_undo(lead)) do redis.call('ZADD', RESERVED, 0, place) end\n",
        "",
    ),
    (
        "who is credited twice does not hear of the first time",
        "if lead.is.credited then return reply('credited', lead) end",
        "",
    ),
    ("a lead is enrolled twice in one plan", "if already == plan then return nil end", ""),
    ("a tag is put on twice", "if not has[tag] then", "if true then"),
    (
        "a route leaves the plan of the one before",
        "put(lead, 'plan', plan.smart_plan ~= '' and plan.smart_plan or nil)",
        "if plan.smart_plan ~= '' then put(lead, 'plan', plan.smart_plan) end",
    ),
    (
        "what a pond takes back lands in the pool",
        "to_pool(lead, 'reclaimed', pond and contains(ponds, pond) and pond or nil)",
        "to_pool(lead, 'reclaimed')",
    ),
    (
        "what an agent sends back lands in the pool",
        "to_pool(lead, 'returned', pond and contains(ponds, pond) and pond or nil)",
        "to_pool(lead, 'returned')",
    ),
    ("a lead goes back to a pond that is gone", "pond and contains(ponds, pond) and pond", "pond"),
    (
        "a pond gives one more than it may",
        "had_from(pond) >= tonumber(most)",
        "had_from(pond) > tonumber(most)",
    ),
    (
        "a worked lead is still taken back",
        "put(lead, 'act_by', nil)\nwait(lead)",
        "put(lead, 'act_by', nil)",
    ),
    (
        "a pass is taken back after the deadline",
        "math.min(tonumber(undone_before), tonumber(is['until'] or '0'))",
        "tonumber(undone_before)",
    ),
    (
        "a lead waits although nobody is asked any more",
        "if not is.pending then nobody_left(lead) end",
        "",
    ),
    (
        "who was asked again is asked for ever",
        "if lead.is.again then put(lead, 'again', without(lead.is.again, agent)) end",
        "",
    ),
    ("whoever goes along is always the same", "last and behind(list, last) or chosen", "chosen"),
    ("a held lead is let go for any reason", " and lead.is.why == HELD_FOR[how]", ""),
    (
        "entities share what their routes remember",
        "return lead.is.entity .. '|' .. route end",
        "return string.sub(lead.is.entity, 1, -2) .. '0|' .. route end",
    ),
    (
        "after a repair an old turn comes back",
        "return later > 0 or later == 0 and tonumber(number) > tonumber(number_before)",
        "return true",
    ),
    (
        "an answer leaves the row of misses as it was",
        "redis.call('HDEL', TURNS, 'missed:' .. lead.is.entity .. '|' .. agent)",
        "",
    ),
    (
        "a lead waits for an opening for ever",
        "tonumber(is['until'] or is.released and is.t0 or nil)",
        "tonumber(is.released and is.t0 or nil)",
    ),
    (
        "a lead that is served again is short of time",
        "put(lead, 'first', nil)\ncarry_out",
        "carry_out",
    ),
    ("after a repair limits have forgotten", "    count({ id = lead.id, is = was })\n", ""),
];

#[test]
fn every_mutation_of_the_scripts_is_found_out() {
    let Ok(wanted) = std::env::var("TIPOFF_MUTATIONS") else { return };
    // Some of them only, by words that stand in what is broken.
    let is_wanted = |what: &str| wanted == "1" || wanted.split(',').any(|word| what.contains(word));
    let runtime = Runtime::new().unwrap();
    let table = runtime.block_on(Table::laid());
    let survivors: Vec<&str> = MUTATIONS
        .iter()
        .filter(|mutation| is_wanted(mutation.0))
        .filter(|mutation| survives(&runtime, &table, mutation))
        .map(|m| m.0)
        .collect();
    assert!(survivors.is_empty(), "nobody noticed that {survivors:?}");
}

/// The state machine sees nothing wrong in it.
fn survives(runtime: &Runtime, table: &Table, (what, from, to): &Mutation) -> bool {
    let changed = AtomicUsize::new(0);
    let board = table.board.clone().patient().with_scripts(|source| {
        changed.fetch_add(usize::from(source.contains(from)), Ordering::Relaxed);
        source.replace(from, to)
    });
    let changed = changed.into_inner();
    assert!(changed > 0, "`{from}` stands in no script");
    let config = Config {
        cases: CASES,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    };
    let dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let found = compare(runtime, table, &board, TestRunner::new_with_rng(config, dice)).err();
    println!(
        "{what:<55} {changed:>2} scripts   {}",
        found.as_ref().map_or("NOT FOUND OUT", |found| sign(found))
    );
    // A machine that is too busy to answer has found out nothing.
    let busy = [OUT_OF_REACH, "called `Result::unwrap()`"];
    found.is_none_or(|found| busy.iter().any(|busy| found.contains(busy)))
}

/// What differs; it may stand below the change after which it does.
fn sign(found: &str) -> &str {
    let lines: Vec<&str> = found.lines().take(2).collect();
    let line = lines.iter().rfind(|line| !line.starts_with("in [")).unwrap_or(&"");
    let end = line.char_indices().nth(100).map_or(line.len(), |(end, _)| end);
    &line[..end]
}
