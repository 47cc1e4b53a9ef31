//! The line that every result ends with: leads in, leads accounted for, and
//! what must never be.

use serde_json::{Value, json};

/// `accounted` of the leads that went in are known to have come out.
pub(super) fn account(leads_in: usize, accounted: usize, double_claims: usize) -> Value {
    json!({
        "leads_in": leads_in, "accounted": accounted, "lost": leads_in.saturating_sub(accounted),
        "double_claims": double_claims, "ok": leads_in == accounted && double_claims == 0,
    })
}

/// With more counts, which are right if `ok`.
pub(super) fn with(mut account: Value, more: Value, ok: bool) -> Value {
    if let (Some(account), Value::Object(more)) = (account.as_object_mut(), more) {
        account.extend(more);
    }
    account["ok"] = json!(account["ok"] == true && ok);
    account
}

/// Of several runs together.
pub(super) fn together<'a>(results: impl IntoIterator<Item = &'a Value>) -> Value {
    let (mut sum, mut repeated, mut ok) = (account(0, 0, 0), 0, true);
    for correct in results.into_iter().map(|result| &result["correct"]) {
        for field in ["leads_in", "accounted", "lost", "double_claims"] {
            let count = |value: &Value| value[field].as_u64().unwrap_or(0);
            sum[field] = json!(count(&sum) + count(correct));
        }
        repeated += notices_repeated(correct);
        ok &= correct["ok"] == true;
    }
    let more = if repeated > 0 { json!({"notices_repeated": repeated}) } else { json!({}) };
    with(sum, more, ok)
}

fn notices_repeated(correct: &Value) -> u64 {
    correct["notices_repeated"].as_u64().unwrap_or(0)
}

/// For people.
pub(super) fn line(correct: &Value) -> String {
    let [leads, accounted, lost, twice] =
        ["leads_in", "accounted", "lost", "double_claims"].map(|field| correct[field].to_string());
    let verdict = if correct["ok"] == true { "correct" } else { "NOT CORRECT" };
    // To be told twice is a nuisance, and no error: a mail is sent again where its answer got lost.
    let repeated = match notices_repeated(correct) {
        0 => String::new(),
        repeated => format!(", {repeated} notices repeated"),
    };
    format!(
        "{verdict}: {leads} leads in, {accounted} accounted for, {lost} lost, {twice} claimed twice{repeated}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_that_lost_a_lead_spoils_all() {
        let (good, bad) = (account(10, 10, 0), account(5, 4, 0));
        let both = together([&json!({"correct": good}), &json!({"correct": bad})]);
        assert_eq!(
            (&both["leads_in"], &both["lost"], &both["ok"]),
            (&json!(15), &json!(1), &json!(false))
        );
        assert!(line(&both).starts_with("NOT CORRECT: 15 leads in, 14 accounted for, 1 lost"));
        assert_eq!(with(account(1, 1, 0), json!({"early": 1}), false)["ok"], false);
    }

    #[test]
    fn notices_that_were_repeated_are_told_and_are_no_error() {
        let run = json!({"correct": with(account(5, 5, 0), json!({"notices_repeated": 2}), true)});
        let both = together([&run, &run]);
        assert_eq!(both["ok"], true);
        assert!(line(&both).ends_with("0 claimed twice, 4 notices repeated"), "{both}");
        assert!(line(&account(5, 5, 0)).ends_with("0 claimed twice"));
    }
}
