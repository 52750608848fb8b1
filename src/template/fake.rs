//! `fake('name')`: made-up people, so that a test needs none of real ones.

use super::random::Stream;

/// What can be made up, in the order of the reference.
pub(super) const KINDS: [&str; 9] =
    ["name", "first_name", "last_name", "email", "company", "street", "city", "phone", "sentence"];

const FIRST: [&str; 32] = [
    "Ada", "Ali", "Amara", "Ana", "Anton", "Aylin", "Chloe", "Daniel", "Elif", "Emma", "Felix",
    "Grace", "Hana", "Ines", "Ivan", "Jonas", "Kofi", "Lea", "Liam", "Lucia", "Marek", "Mei",
    "Mina", "Nora", "Oscar", "Priya", "Ravi", "Sofia", "Tariq", "Yara", "Yusuf", "Zoe",
];

const LAST: [&str; 32] = [
    "Abadi", "Adler", "Bauer", "Brown", "Castro", "Chen", "Costa", "Dubois", "Fischer", "Garcia",
    "Haddad", "Hansen", "Ito", "Jansen", "Kaya", "Keller", "Kovac", "Larsen", "Lopez", "Mensah",
    "Moreau", "Nowak", "Okafor", "Patel", "Reyes", "Rossi", "Sato", "Silva", "Singh", "Vogel",
    "Weber", "Young",
];

const TRADES: [&str; 16] = [
    "Analytics",
    "Books",
    "Coffee",
    "Foods",
    "Freight",
    "Gardens",
    "Glass",
    "Instruments",
    "Labs",
    "Lighting",
    "Logistics",
    "Optics",
    "Outdoor",
    "Paper",
    "Systems",
    "Textiles",
];

const FORMS: [&str; 4] = ["Ltd", "Inc", "GmbH", "LLC"];

const STREETS: [&str; 16] = [
    "Birch", "Bridge", "Cedar", "Church", "Garden", "Harbour", "High", "Hill", "Lake", "Market",
    "Mill", "Oak", "Orchard", "River", "Station", "Willow",
];

const WAYS: [&str; 4] = ["Street", "Road", "Lane", "Avenue"];

/// None of them is on a map.
const CITIES: [&str; 16] = [
    "Alderwick",
    "Brackenford",
    "Calderby",
    "Dunmere",
    "Eastholm",
    "Fernleigh",
    "Greyhaven",
    "Hollowell",
    "Ironbridge End",
    "Kestrelton",
    "Larkfield Cross",
    "Marlow Heath",
    "Northwater",
    "Oldcastle Green",
    "Pinehurst Vale",
    "Ravensmoor",
];

const SUBJECTS: [&str; 12] = [
    "The courier",
    "A customer",
    "Our neighbour",
    "The new colleague",
    "A quiet engineer",
    "The gardener",
    "The night train",
    "An old clock",
    "The second parcel",
    "A small dog",
    "The shop assistant",
    "Their youngest",
];

const VERBS: [&str; 12] = [
    "found",
    "left",
    "repaired",
    "painted",
    "carried",
    "ordered",
    "forgot",
    "opened",
    "counted",
    "returned",
    "described",
    "missed",
];

const OBJECTS: [&str; 12] = [
    "the blue door",
    "three letters",
    "a box of pencils",
    "the last ticket",
    "a green umbrella",
    "the long list",
    "a paper map",
    "two cups of tea",
    "the spare key",
    "a wooden chair",
    "the morning paper",
    "an empty suitcase",
];

/// What is told of a kind that there is not.
pub(super) fn unknown(kind: &str) -> String {
    format!("`fake` does not know `{}`", crate::value::cut(kind, 40))
}

/// Makes one up; none where there is no such kind.
pub(super) fn fake(kind: &str, stream: &mut Stream) -> Option<String> {
    let mut word = |list: &[&'static str]| stream.choose(list).copied().unwrap_or_default();
    Some(match kind {
        "first_name" => word(&FIRST).to_owned(),
        "last_name" => word(&LAST).to_owned(),
        "name" => format!("{} {}", word(&FIRST), word(&LAST)),
        "email" => {
            let (first, last) = (word(&FIRST), word(&LAST));
            let name = format!("{first}.{last}").to_lowercase();
            // Nobody gets mail there (RFC 2606 section 3).
            format!("{name}.{:06}@example.com", stream.below(1_000_000))
        }
        "company" => format!("{} {} {}", word(&LAST), word(&TRADES), word(&FORMS)),
        "street" => {
            let (name, way) = (word(&STREETS), word(&WAYS));
            format!("{} {name} {way}", 1 + stream.below(199))
        }
        "city" => word(&CITIES).to_owned(),
        // Numbers that are kept for fiction (NANP, 555-0100 to 555-0199).
        "phone" => format!("+1-{}-555-01{:02}", 201 + stream.below(700), stream.below(100)),
        "sentence" => format!("{} {} {}.", word(&SUBJECTS), word(&VERBS), word(&OBJECTS)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::random::Draw;
    use super::*;

    #[test]
    fn every_kind_has_its_form() {
        for (kind, form) in [
            ("name", r"^\w+ \w+$"),
            ("first_name", r"^\w+$"),
            ("last_name", r"^\w+$"),
            ("email", r"^[a-z]+\.[a-z]+\.\d{6}@example\.com$"),
            ("company", r"^\w+ \w+ (Ltd|Inc|GmbH|LLC)$"),
            ("street", r"^[1-9]\d* \w+ \w+$"),
            ("city", r"^[A-Z][a-zA-Z ]+$"),
            ("phone", r"^\+1-\d{3}-555-01\d\d$"),
            ("sentence", r"^[A-Z][a-z ]+\.$"),
        ] {
            assert!(KINDS.contains(&kind));
            let form = regex::Regex::new(form).expect("a pattern");
            for call in 0..50 {
                let mut stream = Draw::default().stream("a.yaml:1:1", call);
                let made = fake(kind, &mut stream).expect(kind);
                assert!(form.is_match(&made), "{kind}: {made}");
            }
        }
        assert_eq!(fake("colour", &mut Draw::default().stream("", 0)), None);
    }
}
