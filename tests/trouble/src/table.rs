//! What a run found, as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde_json::{Value, json};

use crate::checker::Rule;
use crate::history::{Asked, Said};
use crate::storm::Outcome;

const HEAD: [&str; 11] = [
    "fault",
    "times",
    "leads",
    "lost",
    "double",
    "early or late",
    "untold",
    "told after",
    "told twice",
    "other",
    "all well after",
];

/// Counts of one fault.
#[derive(Debug, Clone, Default)]
struct Row {
    leads: BTreeSet<String>,
    broken: BTreeMap<Rule, usize>,
    repeated: usize,
}

impl Row {
    fn count(&self, rules: &[Rule]) -> usize {
        rules.iter().filter_map(|rule| self.broken.get(rule)).sum()
    }

    /// In the order of the table's columns.
    fn counts(&self) -> [usize; 8] {
        [
            self.leads.len(),
            self.count(&[Rule::NothingLost, Rule::OneStory]),
            self.count(&[Rule::OneOwner, Rule::WonIsLogged, Rule::OneLeadPerKey]),
            self.count(&[Rule::NotEarly, Rule::NotLate]),
            self.count(&[Rule::Told]),
            self.count(&[Rule::NotToldAfterwards]),
            self.repeated,
            self.count(&[
                Rule::NotToldOthers,
                Rule::FairTurns,
                Rule::ShownIsLogged,
                Rule::DoneIsLogged,
                Rule::RefusedForAReason,
            ]),
        ]
    }
}

/// The fault in whose time a lead was sent.
fn fault_of(key: &str) -> &str {
    key.rsplit_once('-').map_or(key, |(fault, _)| fault)
}

fn rows(outcome: &Outcome) -> BTreeMap<&str, Row> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for call in &outcome.evidence.history {
        if let (Asked::Take { key }, Said::Accepted(_)) = (&call.asked, &call.said) {
            rows.entry(fault_of(key)).or_default().leads.insert(key.clone());
        }
    }
    for broken in &outcome.verdict.broken {
        let fault = broken.key.as_deref().map_or("?", fault_of);
        *rows.entry(fault).or_default().broken.entry(broken.rule).or_default() += 1;
    }
    for key in &outcome.verdict.repeated {
        rows.entry(key.as_deref().map_or("?", fault_of)).or_default().repeated += 1;
    }
    rows
}

/// As it stands on the terminal.
pub fn text(outcome: &Outcome) -> String {
    let rows = rows(outcome);
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(HEAD);
    let order = outcome.order.iter().map(String::as_str);
    let others =
        rows.keys().copied().filter(|name| !outcome.order.iter().any(|known| known == name));
    let mut sums = [0; 8];
    for name in order.chain(others) {
        let counts = rows.get(name).cloned().unwrap_or_default().counts();
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        let weathered = outcome.weathered.get(name).cloned().unwrap_or_default();
        let mut cells = vec![name.to_owned(), weathered.times.to_string()];
        cells.extend(counts.map(|count| count.to_string()));
        cells.push(well_after(&weathered.recovered));
        table.add_row(cells);
    }
    let times: usize = outcome.weathered.values().map(|one| one.times).sum();
    let mut cells = vec!["all".to_owned(), times.to_string()];
    cells.extend(sums.map(|sum| sum.to_string()));
    let all: Vec<_> = outcome.weathered.values().flat_map(|one| one.recovered.clone()).collect();
    cells.push(well_after(&all));
    table.add_row(cells);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n\n{}", summary(outcome))
}

/// The longest, as in `1.2 s`.
fn well_after(recovered: &[Option<Duration>]) -> String {
    if recovered.iter().any(Option::is_none) {
        return "never".to_owned();
    }
    let longest = recovered.iter().flatten().max();
    longest.map_or(String::new(), |longest| format!("{:.1} s", longest.as_secs_f64()))
}

fn summary(outcome: &Outcome) -> String {
    let claims = outcome.verdict.won;
    let fired = &outcome.verdict.fired;
    let undisturbed = fired.iter().filter(|one| one.undisturbed).count();
    let mut late: Vec<i64> = fired.iter().map(|one| one.late.num_milliseconds()).collect();
    late.sort_unstable();
    let at =
        |part: usize| late.get(late.len().saturating_sub(1) * part / 100).copied().unwrap_or(0);
    let mut lines = vec![format!(
        "{} events, {claims} claims won; {} deadlines fired, {undisturbed} of them while nothing was broken, outages not counted {} ms late at the 50th, {} at the 99th of a hundred, {} at most; {:.0} s",
        outcome.evidence.log.len(),
        late.len(),
        at(50),
        at(99),
        at(100),
        outcome.took.as_secs_f64()
    )];
    lines.extend(outcome.memory.iter().map(|taken| {
        format!(
            "memory of the {} that was left alone: {} MB in the first fifth, {} MB in the last, {} MB at most",
            taken.kind.name(), taken.first, taken.last, taken.most
        )
    }));
    for (name, one) in outcome.weathered.iter().filter(|(_, one)| !one.ended.is_empty()) {
        lines
            .push(format!("services that ended by themselves at {name}: {}", one.ended.join(", ")));
    }
    lines.extend(outcome.weathered.iter().filter_map(|(name, one)| {
        one.failed.as_ref().map(|why| format!("{name} could not be carried through: {why}"))
    }));
    lines.extend(outcome.panics.iter().map(|panic| format!("panicked: {panic}")));
    lines.extend(outcome.verdict.broken.iter().take(40).map(|broken| format!("BROKEN {broken}")));
    if outcome.verdict.broken.len() > 40 {
        lines.push(format!("… and {} more", outcome.verdict.broken.len() - 40));
    }
    lines.push(if outcome.is_well() {
        "Every promise held.".to_owned()
    } else {
        "PROMISES WERE BROKEN.".to_owned()
    });
    lines.join("\n")
}

/// For programs.
pub fn json(outcome: &Outcome) -> Value {
    let rows: Vec<Value> = rows(outcome)
        .into_iter()
        .map(|(name, row)| {
            let [leads, lost, double, late, untold, after, twice, other] = row.counts();
            let weathered = outcome.weathered.get(name).cloned().unwrap_or_default();
            let well: Vec<_> = weathered.recovered.iter().map(|took| took.map(|took| took.as_millis())).collect();
            json!({"fault": name, "times": weathered.times, "leads": leads, "lost": lost, "double": double,
                "early_or_late": late, "untold": untold, "told_after": after, "told_twice": twice, "other": other,
                "all_well_after_ms": well, "ended": weathered.ended, "failed": weathered.failed})
        })
        .collect();
    let broken: Vec<String> = outcome.verdict.broken.iter().map(ToString::to_string).collect();
    let fired = &outcome.verdict.fired;
    let undisturbed = fired.iter().filter(|one| one.undisturbed).count();
    json!({"ok": outcome.is_well(), "faults": rows, "broken": broken, "panics": outcome.panics,
        "deadlines": {"fired": fired.len(), "undisturbed": undisturbed}})
}
