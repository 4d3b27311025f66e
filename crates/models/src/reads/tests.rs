use proptest::prelude::*;

use super::*;
use crate::prepared::Input;

const VULNERABLE: &str = include_str!("../../tests/reads/vulnerable.tsv");
const PLAIN: &str = include_str!("../../tests/reads/plain.txt");

fn prepared(unseen: u32) -> Prepared {
    Prepared {
        input: Input::Tokens(Vec::new()),
        tokens: 100,
        truncated_tokens: 0,
        unseen_tokens: unseen,
        windows: 1,
    }
}

fn unread_as(narrative: &str, said: &str, reads: &Reads) -> Option<Unread> {
    Reading::of(narrative, said).unread(reads, &prepared(0))
}

fn unread(narrative: &str) -> Option<Unread> {
    unread_as(narrative, "und", &Reads::default())
}

fn reads(languages: &[&str]) -> Reads {
    Reads::in_languages(&languages.iter().map(|&language| language.to_owned()).collect::<Vec<_>>()).unwrap()
}

/// Language, and a short, a long and a half English text.
fn vulnerable() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let lines = VULNERABLE.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split_once('\t').unwrap())
        .map(|(language, texts)| (language, texts.split('\t').collect()))
}

#[test]
fn nobody_who_writes_in_another_language_is_read_by_an_english_model() {
    let mut texts = 0;
    for (language, all) in vulnerable() {
        assert_eq!(all.len(), 3, "{language}");
        for text in all {
            for said in ["und", "en", language] {
                assert!(
                    unread_as(text, said, &Reads::default()).is_some(),
                    "{language}, said {said}: {text}"
                );
            }
            texts += 1;
        }
    }
    assert_eq!(texts, 90);
}

#[test]
fn a_sentence_of_another_language_shows_in_a_long_english_letter() {
    const LETTER: &str = "I have been a customer of this bank for twelve years. In March they charged my account a late \
        fee that I do not owe, and when I called customer service they told me it would be refunded within ten days. It \
        was not. I called again and was told that there is no record of my call. ";
    assert_eq!(unread(LETTER), None);
    for (language, texts) in vulnerable() {
        let letter = format!("{LETTER}{} {LETTER}", texts[2]);
        assert!(unread(&letter).is_some(), "{language}: {letter}");
    }
}

#[test]
fn plain_english_of_a_few_words_is_read() {
    let of_them = || PLAIN.lines();
    assert_eq!(of_them().count(), 40);
    assert!(of_them().all(|line| (4..=12).contains(&line.split_whitespace().count())));
    let left: Vec<&str> = of_them().filter(|line| unread(line).is_some()).collect();
    assert!(left.len() <= 2, "{left:?}");
    let shouted: Vec<String> =
        of_them().map(str::to_uppercase).filter(|line| unread(line).is_some()).collect();
    assert!(shouted.len() <= 2, "{shouted:?}");
}

#[test]
fn what_says_nothing_is_not_read() {
    for text in [
        "XXXX XXXX XXXX",
        "N/A",
        "nan",
        "None",
        "null",
        "Thanks.",
        "Refund me",
        "ref 12345 67890 11",
        "asdf qwer zxcv yxcv",
    ] {
        assert!(unread(text).is_some(), "{text}");
    }
    assert_eq!(unread("XX/XX/XXXX XXXX my XXXX"), Some(Unread::TooFewWords));
    assert_eq!(unread("no no no no no no no"), Some(Unread::TooFewWords));
}

#[test]
fn what_a_mailbox_adds_is_not_the_customers() {
    let quoted = "Thanks.\n\nOn Tue, 3 Nov 2026 at 09:14, Mortgage Team <m@bank.test> wrote:\n> Dear customer, about your mortgage escrow account and your home insurance: please call the mortgage team.\n";
    let signed = "pls call me back\n--\nSent from my phone\nCONFIDENTIAL: this e-mail and any attachment are for the addressee only.";
    let encoded =
        "TXkgY2FyZCB3YXMgY2hhcmdlZCB0d2ljZSBhbmQgdGhlIGJhbmsgcmVmdXNlcyB0byByZWZ1bmQgbWUu".repeat(3);
    for text in [quoted, signed, &encoded] {
        assert_eq!(unread(text), Some(Unread::TooFewWords), "{text}");
    }
    let html = "<html><body><p>Hello,&nbsp;</p><p>my debit card was <b>charged twice</b> at the shop &amp; the bank won&#39;t refund it.</p></body></html>";
    assert_eq!(unread(html), None);
    let split: String =
        "My bank charged me twice on my credit card".chars().flat_map(|c| [c, '\u{200b}']).collect();
    assert_eq!(unread(&split), None);
    assert_eq!(Reading::of(&split, "und").text(), "My bank charged me twice on my credit card");
}

#[test]
fn what_a_complaint_is_said_to_be_in_only_forbids() {
    let (english, french) =
        ("My bank charged the same fee twice", "Ma banque a refusé de rembourser ce virement");
    for said in ["und", "UND", "en", "en-GB", "EN_us"] {
        assert_eq!(unread_as(english, said, &Reads::default()), None, "{said}");
    }
    assert_eq!(unread_as(english, "fr", &Reads::default()), Some(Unread::Language));
    assert_eq!(unread_as(french, "en", &Reads::default()), Some(Unread::Language));
}

#[test]
fn an_artefact_reads_the_languages_that_it_says() {
    let french = "Bonjour, votre agence a prélevé deux fois les frais de tenue de compte et personne ne répond à mes appels. \
        Je voudrais être remboursé rapidement.";
    let greek = "Η τράπεζα χρέωσε δύο φορές την ίδια προμήθεια στον λογαριασμό μου και κανείς δεν απαντά στο τηλέφωνο.";
    let english = "The branch charged the same account fee twice and nobody answers when I call them.";
    assert_eq!(unread_as(french, "und", &reads(&["fr"])), None);
    assert_eq!(unread_as(french, "fr-CA", &reads(&["en", "fr"])), None);
    assert_eq!(unread_as(english, "und", &reads(&["fr"])), Some(Unread::Language));
    assert_eq!(unread_as(english, "und", &reads(&["fr", "en"])), None);
    assert_eq!(unread_as(greek, "und", &reads(&["el"])), None);
    assert_eq!(unread_as(greek, "und", &reads(&["en", "fr"])), Some(Unread::Script));
}

#[test]
fn tokens_that_the_model_never_learned_are_a_reason_of_their_own() {
    let reading = Reading::of("My bank charged the same fee twice", "und");
    let reads = Reads { greatest_unseen_share: 0.5, ..Reads::default() };
    assert_eq!(reading.unread(&reads, &prepared(50)), None);
    assert_eq!(reading.unread(&reads, &prepared(51)), Some(Unread::UnseenWords));
    let none = Prepared { tokens: 0, ..prepared(0) };
    assert_eq!(reading.unread(&reads, &none), Some(Unread::UnseenWords));
}

#[test]
fn what_cannot_be_kept_is_refused_by_its_field() {
    let fault = |reads: Reads| reads.fault().map(|(field, _)| field);
    let safe = Reads::default;
    assert_eq!(fault(safe()), None);
    assert_eq!(fault(Reads { languages: Vec::new(), ..safe() }), Some("languages"));
    assert_eq!(fault(Reads { languages: vec!["tlh".into()], ..safe() }), Some("languages"));
    assert_eq!(fault(Reads { least_words: 0, ..safe() }), Some("least_words"));
    assert_eq!(fault(Reads { greatest_unseen_share: 1.1, ..safe() }), Some("greatest_unseen_share"));
    assert!(Reads::in_languages(&["klingon".into()]).unwrap_err().contains("klingon"));
}

#[test]
fn codes_differ_and_stay() {
    let codes = Unread::ALL.map(Unread::code);
    assert_eq!(codes, ["language", "script", "too-few-words", "unseen-words"]);
}

proptest! {
    #[test]
    fn any_text_is_judged(text in "\\PC{0,200}", said in "\\PC{0,8}", unseen in 0_u32..100) {
        let reading = Reading::of(&text, &said);
        let _ = reading.unread(&Reads::default(), &prepared(unseen));
        let _ = reading.unread(&reads(&["fr", "ar", "en"]), &prepared(unseen));
    }

    #[test]
    fn pieces_of_mail_and_markup_are_judged(
        pieces in proptest::collection::vec(prop_oneof![
            Just("\n> ".to_owned()), Just("From: a\n".to_owned()), Just("Subject: b\n".to_owned()), Just("To:".to_owned()),
            Just("On 3 Nov b@c.d wrote:\n".to_owned()), Just("\n--\n".to_owned()), Just("<p>".to_owned()),
            Just("<blockquote>".to_owned()), Just("</blockquote>".to_owned()), Just("&#x200b;".to_owned()),
            Just("this e-mail and any ".to_owned()), Just("\n\n".to_owned()), "\\PC{0,12}",
        ], 0..12),
    ) {
        let text = pieces.concat();
        let _ = Reading::of(&text, "und").unread(&Reads::default(), &prepared(0));
    }

    #[test]
    fn a_mail_quoted_below_never_makes_a_text_readable(own in "[a-zA-Zéñ .,'\\n<>-]{0,80}", quote in "[a-z .]{0,80}") {
        let below = format!("{own}\n\n> {quote}\n> my bank charged the same fee twice and will not refund it");
        prop_assert!(unread(&own).is_none() || unread(&below).is_some(), "{below}");
    }

    #[test]
    fn with_more_of_them_unseen_nothing_becomes_readable(text in "[a-z ]{0,60}", few in 0_u32..100, more in 0_u32..100) {
        let (few, more) = (few.min(more), few.max(more));
        let reading = Reading::of(&text, "und");
        let (with_few, with_more) =
            (reading.unread(&Reads::default(), &prepared(few)), reading.unread(&Reads::default(), &prepared(more)));
        prop_assert!(with_few.is_none() || with_more.is_some());
    }
}
