//! What each script costs Redis, which runs them one by one: its own count of
//! microseconds, on a real server, with the log behind it as always.
//!
//! Redis writes every call into its slow log here; what it says of a script is
//! told in the words of cargo's own benchmarks, as the median of all calls.
//! `make micro` compares them with another revision.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops right there")]
#![expect(clippy::print_stdout, reason = "this is what it is for")]

#[path = "scripts/often.rs"]
mod often;
#[path = "scripts/seldom.rs"]
mod seldom;
#[path = "scripts/table.rs"]
mod table;
#[path = "scripts/upkeep.rs"]
mod upkeep;

use std::collections::BTreeSet;

use crate::table::Table;

#[tokio::main]
async fn main() {
    let mut measured = often().await;
    measured.extend(seldom().await);
    let missing: Vec<_> = all_scripts().filter(|name| !measured.contains(name)).collect();
    assert!(missing.is_empty(), "nothing was measured of {missing:?}");
}

async fn often() -> BTreeSet<&'static str> {
    let table = Table::laid().await;
    table.often().await;
    table.measured.into_inner().unwrap()
}

/// On a table of its own, which begins without a lead and is emptied at the end.
async fn seldom() -> BTreeSet<&'static str> {
    let table = Table::laid().await;
    table.gates().await;
    table.gaps().await;
    table.offers().await;
    table.ponds().await;
    table.people().await;
    table.differences().await;
    table.age_out().await;
    table.repair().await;
    table.measured.into_inner().unwrap()
}

/// As the board lists them: one that is never called has no hash, so it would be missed there.
fn all_scripts() -> impl Iterator<Item = &'static str> {
    let (_, list) = include_str!("../src/scripts.rs").split_once("\nscripts! {").unwrap();
    let (list, _) = list.split_once("\n}").unwrap();
    list.lines().filter_map(|line| Some(line.trim().split_once(": [")?.0))
}
