//! What a text message says: one word, perhaps a code, in English or Spanish.

/// What an agent wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// With the code of the lead, where they gave one.
    Claim(Option<String>),
    Pass(Option<String>),
    List,
    Stop,
    Start,
    Help,
    /// The code of a test message.
    Code(String),
    Unclear,
}

const CLAIM: [&str; 10] =
    ["1", "YES", "CLAIM", "ACCEPT", "TAKE", "SI", "ACEPTAR", "ACEPTO", "RECLAMAR", "TOMAR"];
const PASS: [&str; 7] = ["2", "NO", "PASS", "DECLINE", "PASAR", "PASO", "RECHAZAR"];
const LIST: [&str; 5] = ["LIST", "LEADS", "OPEN", "LISTA", "PROSPECTOS"];
/// The words that carriers ask for, and their Spanish sisters.
const STOP: [&str; 12] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "OPTOUT",
    "REVOKE",
    "ALTO",
    "PARAR",
    "BAJA",
    "CANCELAR",
];
const START: [&str; 6] = ["START", "UNSTOP", "SUBSCRIBE", "ALTA", "EMPEZAR", "INICIAR"];
const HELP: [&str; 4] = ["HELP", "INFO", "AYUDA", "?"];
const LONGEST_CODE: usize = 6;

/// Reads a message. The order of word and code does not matter: `1 A7`, `A7 1`, `1a7`.
pub(super) fn read(text: &str) -> Said {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || ".,;:!\"'¡¿()-".contains(c))
        .filter(|word| !word.is_empty())
        .map(plain)
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [word] => alone(word).unwrap_or_else(|| joined(word)),
        [one, two] => pair(one, two).or_else(|| pair(two, one)).unwrap_or(Said::Unclear),
        _ => Said::Unclear,
    }
}

/// In capitals, without the accents of Spanish.
fn plain(word: &str) -> String {
    let letter = |c: char| match c {
        'Á' => 'A',
        'É' => 'E',
        'Í' => 'I',
        'Ó' => 'O',
        'Ú' | 'Ü' => 'U',
        c => c,
    };
    word.to_uppercase().chars().map(letter).collect()
}

fn alone(word: &str) -> Option<Said> {
    let is = |words: &[&str]| words.contains(&word);
    if is(&STOP) {
        Some(Said::Stop)
    } else if is(&START) {
        Some(Said::Start)
    } else if is(&HELP) {
        Some(Said::Help)
    } else if is(&LIST) {
        Some(Said::List)
    } else if word.len() == LONGEST_CODE && word.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(Said::Code(word.to_owned()))
    } else {
        verb(word).map(|verb| verb(None))
    }
}

fn verb(word: &str) -> Option<fn(Option<String>) -> Said> {
    if CLAIM.contains(&word) {
        Some(Said::Claim)
    } else if PASS.contains(&word) {
        Some(Said::Pass)
    } else {
        None
    }
}

fn pair(first: &str, second: &str) -> Option<Said> {
    verb(first).filter(|_| is_code(second)).map(|verb| verb(Some(second.to_owned())))
}

/// `1A7`, as people who are in a hurry write it.
fn joined(word: &str) -> Said {
    let parts = word.split_at_checked(1).filter(|(first, _)| matches!(*first, "1" | "2"));
    parts.and_then(|(first, code)| pair(first, code)).unwrap_or(Said::Unclear)
}

fn is_code(word: &str) -> bool {
    (2..=LONGEST_CODE).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && word.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(code: Option<&str>) -> Said {
        Said::Claim(code.map(str::to_owned))
    }

    #[test]
    fn one_claims_and_two_passes_in_both_languages() {
        for text in ["1", " 1. ", "yes", "Sí!", "SI", "acepto", "Accept", "tomar"] {
            assert_eq!(read(text), claim(None), "{text}");
        }
        for text in ["2", "no", "Pass", "rechazar", "¡Paso!"] {
            assert_eq!(read(text), Said::Pass(None), "{text}");
        }
    }

    #[test]
    fn a_code_says_which_wherever_it_stands() {
        for text in ["1 A7", "a7 1", "1a7", "Claim A7", "1, a7!", "1\nA7"] {
            assert_eq!(read(text), claim(Some("A7")), "{text}");
        }
        assert_eq!(read("2 K3M"), Said::Pass(Some("K3M".to_owned())));
    }

    #[test]
    fn the_words_of_the_carriers_are_heard() {
        for text in ["STOP", "stop.", "Unsubscribe", "ALTO", "baja", "cancelar"] {
            assert_eq!(read(text), Said::Stop, "{text}");
        }
        assert_eq!(read("start"), Said::Start);
        assert_eq!(read("ALTA"), Said::Start);
        assert_eq!(read("ayuda"), Said::Help);
        assert_eq!(read("¿?"), Said::Help);
        assert_eq!(read("lista"), Said::List);
    }

    #[test]
    fn what_is_not_plainly_an_answer_decides_nothing() {
        for text in [
            "",
            "11",
            "1 2",
            "12",
            "no thanks call me",
            "1 please stop",
            "yes no",
            "call 1 of 2",
            "A7",
        ] {
            assert_eq!(read(text), Said::Unclear, "{text}");
        }
    }
}
