//! Which language a text is in, by its runs of three letters: for the languages other than English that artefacts read, and
//! a second opinion where English words leave a doubt.

use whatlang::{Detector, Lang};

/// Letters that are looked at in one place. More make it no surer, and it costs the same for every text.
const PIECE: usize = 300;

/// BCP 47 subtags and what the detector calls them.
const LANGUAGES: [(&str, Lang); 47] = [
    ("af", Lang::Afr),
    ("ar", Lang::Ara),
    ("bg", Lang::Bul),
    ("bn", Lang::Ben),
    ("ca", Lang::Cat),
    ("cs", Lang::Ces),
    ("cy", Lang::Cym),
    ("da", Lang::Dan),
    ("de", Lang::Deu),
    ("el", Lang::Ell),
    ("en", Lang::Eng),
    ("es", Lang::Spa),
    ("et", Lang::Est),
    ("fa", Lang::Pes),
    ("fi", Lang::Fin),
    ("fr", Lang::Fra),
    ("gu", Lang::Guj),
    ("he", Lang::Heb),
    ("hi", Lang::Hin),
    ("hr", Lang::Hrv),
    ("hu", Lang::Hun),
    ("id", Lang::Ind),
    ("it", Lang::Ita),
    ("ja", Lang::Jpn),
    ("ko", Lang::Kor),
    ("lt", Lang::Lit),
    ("lv", Lang::Lav),
    ("mk", Lang::Mkd),
    ("nb", Lang::Nob),
    ("nl", Lang::Nld),
    ("no", Lang::Nob),
    ("pa", Lang::Pan),
    ("pl", Lang::Pol),
    ("pt", Lang::Por),
    ("ro", Lang::Ron),
    ("ru", Lang::Rus),
    ("sk", Lang::Slk),
    ("sl", Lang::Slv),
    ("sr", Lang::Srp),
    ("sv", Lang::Swe),
    ("ta", Lang::Tam),
    ("th", Lang::Tha),
    ("tl", Lang::Tgl),
    ("tr", Lang::Tur),
    ("uk", Lang::Ukr),
    ("ur", Lang::Urd),
    ("vi", Lang::Vie),
];

/// The languages that can be recognised.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|(subtag, _)| *subtag)
}

/// Whether `language` can be recognised.
pub(super) fn knows(language: &str) -> bool {
    lang(language).is_some()
}

/// Whether `text` is in one of `languages` for certain, at its start, its middle and its end.
pub(super) fn is_one_of(languages: &[String], text: &str) -> bool {
    let wanted: Vec<Lang> = languages.iter().filter_map(|language| lang(language)).collect();
    pieces(text).all(|piece| certain(piece).is_some_and(|found| wanted.contains(&found)))
}

/// Whether any of these places is in another language than `language` for certain.
pub(super) fn is_another_than(language: &str, text: &str) -> bool {
    let wanted = lang(language);
    pieces(text).any(|piece| certain(piece).is_some_and(|found| Some(found) != wanted))
}

fn lang(language: &str) -> Option<Lang> {
    LANGUAGES.iter().find(|(subtag, _)| subtag.eq_ignore_ascii_case(language)).map(|(_, lang)| *lang)
}

fn certain(piece: &str) -> Option<Lang> {
    Detector::new().detect(piece).filter(whatlang::Info::is_reliable).map(|info| info.lang())
}

/// All of a short text; of a longer one its start, its middle and its end.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.len();
    let starts = match bytes {
        ..=PIECE => vec![0],
        _ if bytes <= 3 * PIECE => vec![0, bytes - PIECE],
        _ => vec![0, bytes / 2, bytes - PIECE],
    };
    starts.into_iter().map(move |start| {
        let (start, end) = (text.ceil_char_boundary(start), text.floor_char_boundary(start + PIECE));
        text.get(start..end).unwrap_or_default()
    })
}
