//! What a letter costs. `make micro` compares it with another revision.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops right there")]

use std::hint::black_box;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::America::New_York;
use criterion::{Criterion, criterion_group, criterion_main};
use tipoff_domain::Locale;
use tipoff_letters::times::{moment, span};
use tipoff_letters::{Facts, Occasion, Part, Piece, Texts};

const SUBJECT: Piece = Piece(Occasion::Offer, Part::Subject);
const TEXT: Piece = Piece(Occasion::Offer, Part::Text);
const HTML: Piece = Piece(Occasion::Offer, Part::Html);

fn facts() -> Facts {
    Facts {
        lang: "en".to_owned(),
        entity: "Acme Realty".to_owned(),
        who: "Dana R.".to_owned(),
        wants: "To buy".to_owned(),
        property: "15 Oak Ct, Austin TX 78701".to_owned(),
        price: "$450,000".to_owned(),
        source: "Zillow".to_owned(),
        message: "Is it still available?".to_owned(),
        url: format!("https://tipoff.example.com/c/{}", "a1b2c3d4".repeat(20)),
        left: "15 minutes".to_owned(),
        until: "3:45 PM EST".to_owned(),
        ..Facts::default()
    }
}

fn letters(criterion: &mut Criterion) {
    let (texts, facts) = (Texts::new().unwrap(), facts());
    let mut group = criterion.benchmark_group("letter");
    for piece in [SUBJECT, TEXT, HTML] {
        group.bench_function(piece.to_string(), |bencher| {
            bencher.iter(|| texts.write(black_box(piece), Locale::En, None, &facts).unwrap());
        });
    }
    let now: DateTime<Utc> = "2026-11-20T20:00:00Z".parse().unwrap();
    let left = TimeDelta::minutes(15);
    group.bench_function("span", |bencher| bencher.iter(|| span(Locale::En, black_box(left))));
    group.bench_function("moment", |bencher| {
        bencher.iter(|| moment(Locale::En, New_York, black_box(now + left), now));
    });
    group.finish();
}

criterion_group!(benches, letters);
criterion_main!(benches);
