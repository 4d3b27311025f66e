//! The customer's own words in what a mailbox or a form sends: without quoted and forwarded mail, signatures, disclaimers,
//! markup, attachments and characters that nobody sees.
//!
//! Their product is not the customer's trouble: under "Thanks." a mortgage team's quoted mail sounds like a mortgage. What is
//! said outright of a vulnerable customer is still looked for in all of it.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A run of letters and digits without a space that is longer is no word but an attachment.
const LONGEST_RUN: usize = 60;
/// A signature has at most so many lines; what is longer is a second part of the letter.
const MOST_SIGNATURE_LINES: usize = 8;
/// The most disclaimers that are taken out of one mail.
const MOST_DISCLAIMERS: usize = 8;

/// What is left of a narrative.
#[derive(Debug)]
pub(super) struct OwnWords<'a> {
    text: Cow<'a, str>,
    beside_mail: bool,
}

impl<'a> OwnWords<'a> {
    pub(super) fn of(narrative: &'a str) -> Self {
        let seen = without_invisible(narrative);
        let (plain, quoted) = without_markup(seen);
        let plain = without_attachments(plain);
        match MAIL.is_match(&plain).then(|| without_mail(&plain)).flatten() {
            None => Self { text: plain, beside_mail: quoted },
            Some((text, mail)) => Self { text: text.into(), beside_mail: quoted || mail },
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether mail or a disclaimer was left out.
    pub(super) fn beside_mail(&self) -> bool {
        self.beside_mail
    }
}

/// Without characters of no width. Joiners stay between letters of scripts that are written with them.
fn without_invisible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(is_invisible) {
        return text.into();
    }
    let mut last = ' ';
    let kept = text.chars().filter(|c| {
        let joins = matches!(c, '\u{200c}' | '\u{200d}') && !last.is_ascii();
        let kept = joins || !is_invisible(*c);
        if kept {
            last = *c;
        }
        kept
    });
    kept.collect::<String>().into()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Without tags, with what entities stand for; and whether it quotes mail.
fn without_markup(text: Cow<'_, str>) -> (Cow<'_, str>, bool) {
    let tagged = text.contains('<') && TAG.is_match(&text);
    if !(tagged || text.contains('&') && ENTITY.is_match(&text)) {
        return (text, false);
    }
    let mut text = text.into_owned();
    let mut quotes = false;
    if tagged {
        text = UNSHOWN.replace_all(&text, " ").into_owned();
        quotes = QUOTE.is_match(&text);
        text = QUOTE.replace_all(&text, "\n").into_owned();
        text = TAG
            .replace_all(&text, |tag: &Captures<'_>| if is_inline(&tag[0]) { "" } else { "\n" })
            .into_owned();
    }
    (ENTITY.replace_all(&text, meant).into_owned().into(), quotes)
}

/// Whether a tag stands within a line, and so maybe within a word.
fn is_inline(tag: &str) -> bool {
    let name = tag.trim_start_matches(['<', '/']);
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    ["a", "b", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u"]
        .iter()
        .any(|inline| name.eq_ignore_ascii_case(inline))
}

fn meant(entity: &Captures<'_>) -> String {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let name = &entity[1];
    let meant = match name.as_bytes() {
        [b'#', b'x' | b'X', ..] => number(&name[2..], 16),
        [b'#', ..] => number(&name[1..], 10),
        _ => match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" | "rsquo" | "lsquo" => Some('\''),
            "pound" => Some('£'),
            _ => Some(' '),
        },
    };
    // A sign that is none, or one that nobody may write, is a space.
    meant.filter(|c| !c.is_control() && !is_invisible(*c)).unwrap_or(' ').to_string()
}

fn without_attachments(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.split_ascii_whitespace().any(|run| run.len() >= LONGEST_RUN) {
        return text;
    }
    let kept = RUN.replace_all(&text, |run: &Captures<'_>| {
        let run = &run[0];
        let has = |kind: fn(&u8) -> bool| run.as_bytes().iter().any(kind);
        let encoded = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        if encoded { " ".to_owned() } else { run.to_owned() }
    });
    kept.into_owned().into()
}

/// Without the mail, signatures and disclaimers; and whether there was any mail or disclaimer. `None` where there is
/// nothing to leave out.
fn without_mail(text: &str) -> Option<(String, bool)> {
    let (mut own, quotes) = without_quotes(text);
    let (mut mail, mut signed) = (quotes, false);
    for headers in [&*FORWARDED, &*HEADERS] {
        if let Some(found) = headers.find(&own) {
            own.truncate(found.start());
            mail = true;
        }
    }
    while let Some(found) = WROTE.find(&own) {
        mail = true;
        let (range, after) = (found.range(), own[found.end()..].trim_start_matches([' ', '\t', '\r']));
        if after.starts_with('\n') && after.trim_start().starts_with('>') {
            own.replace_range(range, "\n");
        } else {
            own.truncate(range.start);
        }
    }
    let mut lines: Vec<&str> = own.lines().collect();
    let whole = lines.len();
    lines.retain(|line| *line != QUOTED && !SENT_FROM.is_match(line));
    signed |= lines.len() < whole;
    if let Some(at) = signature(&lines) {
        // A disclaimer below it says that this was a mail.
        mail |= lines[at..].iter().any(|line| DISCLAIMER.is_match(line));
        lines.truncate(at);
        signed = true;
    }
    let mut own = lines.join("\n");
    for _ in 0..MOST_DISCLAIMERS {
        let Some(found) = DISCLAIMER.find(&own) else { break };
        let before = &own[..found.start()];
        let starts =
            ["\n", ". ", "! ", "? "].iter().filter_map(|end| Some(before.rfind(end)? + end.len())).max();
        let ends = own[found.end()..].find("\n\n").map_or(own.len(), |end| found.end() + end);
        own.replace_range(starts.unwrap_or(0)..ends, "");
        mail = true;
    }
    (mail || signed).then_some((own, mail))
}

/// What stays of a quoted line until the end: it says whose the lines after "wrote:" are.
const QUOTED: &str = ">";

fn without_quotes(text: &str) -> (String, bool) {
    let mut any = false;
    let mut own = String::with_capacity(text.len());
    for line in text.lines() {
        let quoted = line.trim_start().starts_with('>');
        any |= quoted;
        own.push_str(if quoted { QUOTED } else { line });
        own.push('\n');
    }
    (own, any)
}

/// Where a signature begins.
fn signature(lines: &[&str]) -> Option<usize> {
    let at = lines.iter().rposition(|line| matches!(line.trim(), "--" | "\u{2014}" | "__"))?;
    let below = lines[at + 1..].iter().filter(|line| !line.trim().is_empty()).count();
    (below <= MOST_SIGNATURE_LINES).then_some(at)
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|what| unreachable!("a test compiles every pattern, yet: {what}"))
}

/// Whether there may be anything of a mail: most narratives pass here alone.
static MAIL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?im)^[ \t]*>|wrote:|schrieb|escribi|crit ?:|scritto|escreveu|schreef|from:|(?:forwarded|original) message|^[ \t]*(?:--|—|__)[ \t]*$|sent from|get outlook|confidential|intended|addressee|this e-?mail|this message|the environment",
    )
});

static TAG: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?is)<(?:!--.*?-->|!doctype[^<>]*>|/?(?:a|b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|font|footer|form|h[1-6]|head|header|hr|html|i|img|input|label|li|link|meta|o:p|ol|p|pre|section|small|span|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|u|ul|xml)(?:\s[^<>]*)?/?>)",
    )
});

/// What a browser doesn't show.
static UNSHOWN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?is)<script\b.*?</script\s*>|<style\b.*?</style\s*>|<head\b.*?</head\s*>|<title\b.*?</title\s*>|<!--.*?-->",
    )
});

/// To the last of its ends, for quotes lie in quotes.
static QUOTE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?is)<blockquote\b(?:.*</blockquote\s*>|.*)|<div[^<>]*(?:gmail_quote|moz-cite).*")
});

static ENTITY: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"&(nbsp|amp|lt|gt|quot|apos|rsquo|lsquo|pound|ensp|emsp|zwnj|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
});

static RUN: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z0-9+/=]{60,}"));

static FORWARDED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?im)^[ \t*]*(?:begin forwarded message|[-_]{2,} ?(?:original|forwarded) message ?[-_]{2,})")
});

/// Also on one line, for a form that drops line ends.
static HEADERS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?is)\bfrom:.{0,300}?\b(?:sent|date|to):.{0,400}?\bsubject:"));

/// A line of its own with a date, or within one with an address in it.
static WROTE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?im)^[ \t]*(?:on|am|le|el|il|em|op)\b[^\n\d]{0,40}\d[^\n]*(?:\n[^\n]*)?(?:wrote|schrieb[^\n]{0,80}|a écrit|escribió|ha scritto|escreveu|schreef[^\n]{0,80}) ?:[ \t]*$|\bon\b[^\n]{0,200}@[^\n]{0,200}?\bwrote:",
    )
});

static SENT_FROM: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)^[ \t]*(?:sent from (?:my|yahoo|mail|outlook|a |an )|get outlook for).{0,80}$")
});

static DISCLAIMER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)confidentiality notice|\bconfidential:|\bthis (?:e-?mail|message|communication|transmission)(?:,? (?:and|including) any| is confidential| is intended| may contain| contains confidential| originated)|intended (?:solely|only) for the (?:use|addressee|person|individual|recipient|named)|not the intended recipient|for the addressee only|consider the environment before",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    fn own(narrative: &str) -> (String, bool) {
        let own = OwnWords::of(narrative);
        (own.text().split_whitespace().collect::<Vec<_>>().join(" "), own.beside_mail())
    }

    #[test]
    fn every_pattern_compiles() {
        for pattern in [
            &MAIL,
            &TAG,
            &UNSHOWN,
            &QUOTE,
            &ENTITY,
            &RUN,
            &FORWARDED,
            &HEADERS,
            &WROTE,
            &SENT_FROM,
            &DISCLAIMER,
        ] {
            assert!(!pattern.as_str().is_empty());
        }
    }

    #[test]
    fn a_plain_narrative_is_not_copied() {
        let plain = "They charged me < 5 > times & refused; from: me. On Monday I wrote again -- twice.";
        assert_eq!(own(plain), (plain.to_owned(), false));
        assert!(matches!(OwnWords::of("My card was charged twice").text, Cow::Borrowed(_)));
    }

    #[test]
    fn quoted_and_forwarded_mail_is_not_the_customers() {
        for mail in [
            "Thanks.\n\nOn Tue, 3 Nov 2026 at 09:14, Mortgage Team <m@bank.test> wrote:\n> Dear customer,\n> your mortgage",
            "Thanks.\n\nOn Tue, 3 Nov 2026 Mortgage Team wrote:\nDear customer, your mortgage",
            "Thanks. On Tue, 3 Nov 2026 at 09:14, Team <m@bank.test> wrote: > Dear customer, your mortgage",
            "Thanks.\n-----Original Message-----\nFrom: Bank\nDear customer, your mortgage",
            "Thanks.\nFrom: Bank\nSent: Monday\nTo: me\nSubject: your mortgage\n\nDear customer",
            "Thanks. From: Bank Sent: Monday To: me Subject: your mortgage Dear customer",
            "<div>Thanks.</div><blockquote type=\"cite\"><p>Dear customer</p><blockquote>mortgage</blockquote></blockquote>",
            "Thanks.\nAm 3. Nov 2026 um 09:14 schrieb Bank <m@bank.test>:\n> Guten Tag",
        ] {
            assert_eq!(own(mail), ("Thanks.".to_owned(), true), "{mail}");
        }
    }

    #[test]
    fn what_is_written_between_quotes_stays() {
        let mail = "On 3 Nov 2026 the bank wrote:\n> Your card is blocked.\nIt is not.\n> Please call us.\nI did, four times.";
        assert_eq!(own(mail), ("It is not. I did, four times.".to_owned(), true));
    }

    #[test]
    fn signatures_and_disclaimers_go() {
        assert_eq!(own("Refund me\n-- \nJ. Doe\n0123 456"), ("Refund me".to_owned(), false));
        assert_eq!(own("Refund me\nSent from my iPhone"), ("Refund me".to_owned(), false));
        let signed = "pls call me back\n--\nSent from my phone\nCONFIDENTIAL: this e-mail and any attachment are for the addressee only.";
        assert_eq!(own(signed), ("pls call me back".to_owned(), true));
        let below = "Refund me. This email and any attachments are confidential and intended solely for the addressee. If not, delete it.";
        assert_eq!(own(below), ("Refund me.".to_owned(), true));
        let told = "They disclosed confidential letters that were intended for somebody else.";
        assert_eq!(own(told), (told.to_owned(), false));
    }

    #[test]
    fn a_long_second_part_is_no_signature() {
        let long = format!("First part\n--\n{}", "a line of the letter\n".repeat(20));
        assert!(own(&long).0.ends_with("a line of the letter"));
    }

    #[test]
    fn markup_goes_and_what_it_shows_stays() {
        let html = "<html><head><style>p{color:red}</style></head><body><p>my <b>deb</b>it card &amp; me,&nbsp;won&#39;t</p><br/></body>";
        assert_eq!(own(html), ("my debit card & me, won't".to_owned(), false));
    }

    #[test]
    fn attachments_and_what_nobody_sees_go() {
        let attached =
            format!("see this {} please", "TXkgY2FyZCB3YXMgY2hhcmdlZCB0d2ljZSBhbmQgdGhl".repeat(3));
        assert_eq!(own(&attached), ("see this please".to_owned(), false));
        assert_eq!(own("M\u{200b}y b\u{200b}a\u{200b}nk\u{feff}"), ("My bank".to_owned(), false));
        assert_eq!(own("می\u{200c}خواهم"), ("می\u{200c}خواهم".to_owned(), false));
    }
}
