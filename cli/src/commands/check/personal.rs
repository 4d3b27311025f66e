//! What looks like personal data where none belongs: e-mail addresses, card and telephone numbers in ids, references and
//! attributes, which are copied to other topics and into queues. Counted by field, and never shown.

use ombud_contract::records::RawComplaint;

/// Each field with a rule that it breaks, once.
pub(crate) fn personal(complaint: &RawComplaint) -> Vec<(&'static str, &'static str)> {
    let reference = |text: &Option<String>| text.clone().unwrap_or_default();
    let texts = [
        ("complaint_id", complaint.complaint_id.clone()),
        ("customer_ref", reference(&complaint.customer_ref)),
        ("external_ref", reference(&complaint.external_ref)),
    ];
    let attributes = complaint.attributes.iter().flat_map(|(name, value)| [name, value]);
    let attributes = attributes.map(|text| ("attributes", text.clone()));
    let mut found = Vec::new();
    for (field, text) in texts.into_iter().chain(attributes) {
        let looks = [
            ("personal-email", has_email(&text)),
            ("personal-card-number", has_card_number(&text)),
            // Digits alone are what most ids are made of.
            ("personal-phone-number", has_phone_number(&text, field != "complaint_id")),
        ];
        for (rule, _) in looks.into_iter().filter(|(_, has)| *has) {
            if !found.contains(&(field, rule)) {
                found.push((field, rule));
            }
        }
    }
    found
}

fn has_email(text: &str) -> bool {
    let is_local = |c: char| c.is_alphanumeric() || "._%+-'".contains(c);
    let is_host = |c: char| c.is_alphanumeric() || ".-".contains(c);
    text.match_indices('@').any(|(at, _)| {
        let host: String = text[at + 1..].chars().take_while(|c| is_host(*c)).collect();
        let top = host.trim_end_matches('.').rsplit_once('.').map(|(_, top)| top);
        text[..at].chars().next_back().is_some_and(is_local)
            && top.is_some_and(|top| top.len() >= 2 && top.chars().all(char::is_alphabetic))
    })
}

/// Of 13 to 19 digits with the beginning of a known scheme and a right last one, alone or in groups.
fn has_card_number(text: &str) -> bool {
    const MOST_GROUPS: usize = 5;
    runs(text, &[' ', '-']).iter().any(|run| {
        let groups = groups(run);
        let up_to = |from: usize| groups.len().min(from + MOST_GROUPS);
        (0..groups.len())
            .any(|from| (from + 1..=up_to(from)).any(|to| is_card_number(&groups[from..to].concat())))
    })
}

fn is_card_number(digits: &str) -> bool {
    let begins = |range: std::ops::RangeInclusive<u32>, count: usize| {
        digits.get(..count).and_then(|begin| begin.parse().ok()).is_some_and(|begin| range.contains(&begin))
    };
    let of_scheme = match digits.len() {
        14 => begins(300..=305, 3) || begins(36..=36, 2) || begins(38..=39, 2),
        15 => begins(34..=34, 2) || begins(37..=37, 2),
        16 => {
            begins(4..=4, 1)
                || begins(35..=35, 2)
                || begins(51..=55, 2)
                || begins(60..=65, 2)
                || begins(2_221..=2_720, 4)
        }
        13 | 17..=19 => begins(4..=4, 1) || begins(60..=65, 2),
        _ => false,
    };
    of_scheme && passes_luhn(digits)
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| match (at % 2, u32::from(byte - b'0')) {
            (0, digit) => digit,
            (_, digit) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// `+44 7700 900123`, `(212) 555-0123`, `07700 900123`, and `07700900123` where digits alone may be one.
fn has_phone_number(text: &str, digits_alone: bool) -> bool {
    runs(text, &[' ', '-', '.', '(', ')', '/', '+']).iter().any(|run| {
        let groups = groups(run);
        let digits = groups.concat();
        if run.trim_start().starts_with(['+', '(']) && run.contains('+') {
            return (8..=15).contains(&digits.len());
        }
        let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        let national =
            digits.starts_with('0') && !digits.starts_with("00") && matches!(digits.len(), 10..=11);
        match lengths[..] {
            [3, 3, 4] => true,
            [1, 3, 3, 4] => digits.starts_with('1'),
            [_] => national && digits_alone,
            [3..=5, _] | [3..=5, _, _] | [2, 2, 2, 2, 2] => national,
            _ => false,
        }
    })
}

fn groups(run: &str) -> Vec<&str> {
    run.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect()
}

/// Digits with `separators` in between, as long as they are; those that hang on a letter are part of a name.
fn runs<'t>(text: &'t str, separators: &[char]) -> Vec<&'t str> {
    let hangs = |beside: Option<char>, between: &str| {
        beside.is_some_and(char::is_alphanumeric) && !between.contains(char::is_whitespace)
    };
    let is_of_run = |c: char| c.is_ascii_digit() || separators.contains(&c);
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_of_run) {
        let before = rest[..at].chars().next_back();
        let end = rest[at..].find(|c: char| !is_of_run(c)).map_or(rest.len(), |length| at + length);
        let (run, after) = (&rest[at..end], rest[end..].chars().next());
        if let (Some(first), Some(last)) =
            (run.find(|c: char| c.is_ascii_digit()), run.rfind(|c: char| c.is_ascii_digit()))
            && !hangs(before, &run[..first])
            && !hangs(after, &run[last + 1..])
        {
            runs.push(run);
        }
        rest = &rest[end..];
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_cards_and_telephones_are_found_in_what_people_write() {
        for text in ["ann@bank.example", "mail: Ann.O'Neil+x@post.bank.co.uk;", "é@bücher.de"] {
            assert!(has_email(text), "{text}");
        }
        for text in
            ["4111111111111111", "4111 1111 1111 1111", "card 5500-0000-0000-0004.", "378282246310005"]
        {
            assert!(has_card_number(text), "{text}");
        }
        for text in [
            "+44 7700 900123",
            "(212) 555-0123",
            "212-555-0123",
            "1-212-555-0123",
            "07700 900123",
            "07700900123",
        ] {
            assert!(has_phone_number(text, true), "{text}");
        }
    }

    #[test]
    fn ids_dates_and_times_are_none_of_them() {
        for text in ["a@b", "@bank.example", "c-1@", "user@localhost"] {
            assert!(!has_email(text), "{text}");
        }
        for text in [
            "4111111111111112",
            "1776072600000",
            "crm4111111111111111",
            "4111111111111111x",
            "2026041300000001",
        ] {
            assert!(!has_card_number(text), "{text}");
        }
        for text in [
            "2026-04-13",
            "2026-04-13 09:30",
            "13.04.2026",
            "1776072600",
            "0001234567",
            "CRM-2026-000123",
            "12345678901",
        ] {
            assert!(!has_phone_number(text, true), "{text}");
        }
        assert!(!has_phone_number("0123456789", false));
    }

    #[test]
    fn each_field_is_named_once_for_each_rule() {
        let complaint = RawComplaint {
            customer_ref: Some("ann@bank.example".into()),
            attributes: [
                ("phone".to_owned(), "+44 7700 900123".to_owned()),
                ("mobile".to_owned(), "+44 7700 900124".to_owned()),
            ]
            .into(),
            ..RawComplaint::new("c-1", "They charged me twice.", 0)
        };
        assert_eq!(
            personal(&complaint),
            [("customer_ref", "personal-email"), ("attributes", "personal-phone-number")]
        );
    }
}
