//! Text messages: what the network's own alphabet can say, and how many
//! segments a text takes (GSM 03.38, 3GPP TS 23.038 and 23.040).

/// How a text message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The alphabet of the network, 7 bits a character.
    Gsm7,
    /// 16 bits a character, as soon as there is one that the alphabet lacks.
    Ucs2,
}

/// What a text costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    pub encoding: Encoding,
    pub count: usize,
}

/// Characters that take one place. The escape character is not among them.
const ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters that take two: an escape comes before them.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The same text without what would make it cost twice as much and can be said
/// otherwise: accents that the alphabet lacks, typographic quotes and dashes.
/// What has no likeness stays.
pub fn gsm_safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match likeness(c) {
            Some(like) => safe.push_str(like),
            None => safe.push(c),
        }
    }
    safe
}

fn likeness(c: char) -> Option<&'static str> {
    Some(match c {
        'á' | 'â' | 'ã' | 'ª' => "a",
        'Á' | 'À' | 'Â' | 'Ã' => "A",
        'ê' | 'ë' => "e",
        'È' | 'Ê' | 'Ë' => "E",
        'í' | 'î' | 'ï' => "i",
        'Í' | 'Ì' | 'Î' | 'Ï' => "I",
        'ó' | 'ô' | 'õ' | 'º' => "o",
        'Ó' | 'Ò' | 'Ô' | 'Õ' => "O",
        'ú' | 'û' => "u",
        'Ú' | 'Ù' | 'Û' => "U",
        'ç' => "c",
        '‘' | '’' | '´' | '`' => "'",
        '“' | '”' | '«' | '»' => "\"",
        '–' | '—' | '−' | '‐' | '‑' => "-",
        '…' => "...",
        '•' | '·' => "*",
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\t' => " ",
        _ => return None,
    })
}

/// How many segments `text` takes as it is.
pub fn segments(text: &str) -> Segments {
    let widths: Option<Vec<usize>> = text.chars().map(gsm_width).collect();
    if let Some(widths) = widths {
        return Segments { encoding: Encoding::Gsm7, count: packed(&widths, 160, 153) };
    }
    let widths: Vec<usize> = text.chars().map(char::len_utf16).collect();
    Segments { encoding: Encoding::Ucs2, count: packed(&widths, 70, 67) }
}

fn gsm_width(c: char) -> Option<usize> {
    if ALPHABET.contains(c) { Some(1) } else { EXTENSION.contains(c).then_some(2) }
}

/// One segment if everything fits into `alone`; else as many of `each` as it
/// takes, where no character is cut in two.
fn packed(widths: &[usize], alone: usize, each: usize) -> usize {
    if widths.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (count, _) = widths.iter().fold((1, 0), |(count, filled), width| {
        if filled + width <= each { (count, filled + width) } else { (count + 1, *width) }
    });
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(text: &str) -> (Encoding, usize) {
        let segments = segments(text);
        (segments.encoding, segments.count)
    }

    #[test]
    fn segments_are_counted_as_networks_do() {
        assert_eq!(cost(""), (Encoding::Gsm7, 1));
        assert_eq!(cost(&"a".repeat(160)), (Encoding::Gsm7, 1));
        assert_eq!(cost(&"a".repeat(161)), (Encoding::Gsm7, 2));
        assert_eq!(cost(&"a".repeat(306)), (Encoding::Gsm7, 2));
        assert_eq!(cost(&"a".repeat(307)), (Encoding::Gsm7, 3));
        assert_eq!(cost(&"ñ".repeat(160)), (Encoding::Gsm7, 1));
        assert_eq!(cost(&"€".repeat(80)), (Encoding::Gsm7, 1));
        assert_eq!(cost(&"€".repeat(81)), (Encoding::Gsm7, 2));
        assert_eq!(cost(&"á".repeat(70)), (Encoding::Ucs2, 1));
        assert_eq!(cost(&"á".repeat(71)), (Encoding::Ucs2, 2));
        assert_eq!(cost(&"🏡".repeat(35)), (Encoding::Ucs2, 1));
    }

    #[test]
    fn no_character_is_cut_in_two() {
        // 153 is odd, so an escaped character does not fit at the end of a segment.
        assert_eq!(cost(&"€".repeat(153)), (Encoding::Gsm7, 3));
        assert_eq!(cost(&"🏡".repeat(67)), (Encoding::Ucs2, 3));
    }

    #[test]
    fn spanish_is_said_with_the_alphabet_of_the_network() {
        let safe = gsm_safe("¿Reclámalo, “José” Núñez? Él… ¡ya!");
        assert_eq!(safe, "¿Reclamalo, \"José\" Nuñez? Él... ¡ya!");
        assert_eq!(segments(&safe).encoding, Encoding::Gsm7);
        assert_eq!(gsm_safe("李 🏡"), "李 🏡", "what has no likeness stays");
    }

    #[test]
    fn the_alphabet_has_as_many_characters_as_the_standard() {
        assert_eq!(ALPHABET.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
    }
}
