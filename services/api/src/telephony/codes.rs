//! Which open offer a code means.

use tipoff_board::OnBoard;
use tipoff_wire::code;

/// Open offers, each with the shortest code that tells it apart from the others.
pub(super) fn with_codes<T>(offers: Vec<T>, of: impl Fn(&T) -> &OnBoard) -> Vec<(String, T)> {
    let whole: Vec<String> = offers.iter().map(|offer| whole(of(offer))).collect();
    let shortest = |mine: &String| {
        let is_alone = |length: &usize| {
            whole.iter().filter(|other| other[..*length] == mine[..*length]).count() == 1
        };
        let length = (code::SHORTEST..mine.len()).find(is_alone);
        mine[..length.unwrap_or(mine.len())].to_owned()
    };
    let codes: Vec<String> = whole.iter().map(shortest).collect();
    codes.into_iter().zip(offers).collect()
}

/// Whether the offer can be meant by what somebody wrote.
pub(super) fn is_meant(lead: &OnBoard, written: &str) -> bool {
    whole(lead).starts_with(written)
}

fn whole(lead: &OnBoard) -> String {
    code::whole(&lead.id, lead.now_is.round)
}
