//! A batch: however its bytes are cut on their way, its lines are those that
//! stand in it.
#![no_main]

use bytes::Bytes;
use futures::{StreamExt, executor::block_on, stream};
use libfuzzer_sys::fuzz_target;

#[path = "../../services/ingest/src"]
mod ingest {
    pub(crate) mod read;
    pub(crate) mod http {
        pub(crate) mod batch {
            pub(crate) mod lines;
        }
    }
}
use ingest::http::batch::lines::lines;

mod soon;
use soon::soon;

/// Small, so that random bytes reach it.
const LONGEST: usize = 60;

fuzz_target!(|input: &[u8]| {
    soon(|| {
        let Some((cut, body)) = input.split_first() else { return };
        let pieces = body.chunks(usize::from(*cut).max(1)).map(Bytes::copy_from_slice);
        let pieces: Vec<Result<Bytes, std::io::Error>> = pieces.map(Ok).collect();
        let found: Vec<_> = block_on(lines(stream::iter(pieces), LONGEST).collect());
        let found: Vec<_> = found.into_iter().map(|line| line.expect("nothing is cut off")).collect();

        let whole = body.split(|byte| *byte == b'\n').enumerate();
        let trimmed = whole.map(|(index, line)| (index + 1, line, line.trim_ascii()));
        let expected = trimmed.filter(|(_, line, text)| line.len() > LONGEST || !text.is_empty());
        let expected: Vec<(usize, &[u8])> = expected
            .map(
                |(number, line, text)| {
                    if line.len() > LONGEST { (number, &line[..=LONGEST]) } else { (number, text) }
                },
            )
            .collect();
        let found: Vec<(usize, &[u8])> = found.iter().map(|line| (line.number, &*line.text)).collect();
        assert_eq!(found, expected);
        for (_, text) in found {
            if let Err(refusal) = ingest::read::lead(text, "US") {
                assert!(!refusal.problems().0.is_empty(), "refused without a reason");
            }
        }
    });
});
