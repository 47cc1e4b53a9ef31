//! The report as a table for spreadsheets: a row per agent, and one for the team.

use csv::Writer;
use tipoff_domain::report::{AgentCounts, Report};

const HEADINGS: [&str; 18] = [
    "agent",
    "name",
    "offers",
    "claimed",
    "passed",
    "expired",
    "lost",
    "withdrawn",
    "pending",
    "first_offers",
    "assigned",
    "pool_claims",
    "given",
    "has",
    "routes",
    "limits",
    "paused",
    "received",
];

/// The report as CSV (RFC 4180).
pub fn sheet(report: &Report) -> Result<String, csv::Error> {
    let mut table = Writer::from_writer(Vec::new());
    table.write_record(HEADINGS)?;
    let mut team = AgentCounts::default();
    for row in &report.agents {
        add(&mut team, &row.counts);
        let limits = row.limits.iter().map(|limit| {
            let period = serde_json::to_value(limit.period).unwrap_or_default();
            format!("{}/{}", limit.count, period.as_str().unwrap_or_default())
        });
        let mut cells = vec![safe(row.agent.as_str()), safe(row.name.as_deref().unwrap_or(""))];
        cells.extend(numbers(&row.counts));
        cells.push(row.routes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        cells.push(limits.collect::<Vec<_>>().join(" "));
        cells.push(if row.paused { "yes" } else { "no" }.to_owned());
        cells.push(String::new());
        table.write_record(cells)?;
    }
    let mut cells = vec![String::new(), "(team)".to_owned()];
    cells.extend(numbers(&team));
    cells.extend([const { String::new() }; 3]);
    cells.push(report.totals.received.to_string());
    table.write_record(cells)?;
    let bytes = table.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn numbers(counts: &AgentCounts) -> Vec<String> {
    let all = [
        counts.offers,
        counts.claimed,
        counts.passed,
        counts.expired,
        counts.lost,
        counts.withdrawn,
        counts.pending,
        counts.first_offers,
        counts.assigned,
        counts.pool_claims,
        counts.given,
        counts.has,
    ];
    all.iter().map(ToString::to_string).collect()
}

fn add(sum: &mut AgentCounts, one: &AgentCounts) {
    sum.offers += one.offers;
    sum.claimed += one.claimed;
    sum.passed += one.passed;
    sum.expired += one.expired;
    sum.lost += one.lost;
    sum.withdrawn += one.withdrawn;
    sum.pending += one.pending;
    sum.first_offers += one.first_offers;
    sum.assigned += one.assigned;
    sum.pool_claims += one.pool_claims;
    sum.given += one.given;
    sum.has += one.has;
}

/// Spreadsheets run what begins like a formula; a quote before it makes it text.
fn safe(text: &str) -> String {
    let starts = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if starts { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_formulas() {
        assert_eq!(safe("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(safe("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(safe("Ana Ruiz"), "Ana Ruiz");
    }
}
