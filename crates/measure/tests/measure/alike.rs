//! Copies of a letter that their senders edited are found among real complaints, whatever the order in which they were archived.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do, and the long one says what it saw"
)]

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    path::{Path, PathBuf},
    time::Instant,
};

use flate2::read::MultiGzDecoder;
use jiff::civil::Date;
use ombud_contract::records::RawComplaint;
use ombud_measure::alike::{AlikeCluster, Growth, LARGE, Radar, Sketch, cluster, sketch_row};
use ombud_store::{SketchRow, Sketches, day_of};
use ombud_stream::Outage;

const DAY: i64 = 86_400_000;
const NOW: i64 = 1_800_000_000_000;
const LETTERS: usize = 5;

/// Sketches in memory.
#[derive(Clone, Default)]
struct Kept(BTreeMap<Date, Vec<SketchRow>>);

impl Kept {
    fn keep(&mut self, id: String, narrative: &str, received_at: i64) {
        let raw = RawComplaint::new(&id, narrative, received_at);
        if let Some(row) = sketch_row(&raw, NOW) {
            self.0.entry(day_of(received_at)).or_default().push(row);
        }
    }
}

impl Sketches for Kept {
    fn sketches(&mut self, day: Date, each: &mut dyn FnMut(SketchRow)) -> Result<(), Outage> {
        self.0.get(&day).into_iter().flatten().cloned().for_each(each);
        Ok(())
    }
}

/// SplitMix64: the same numbers in every build.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const NAMES: &[&str] =
    &["Acme", "Martha Quint", "Northern", "Mr. Odell", "Rivera", "First Harbor", "Ms. Lund"];
const WORDS: &[&str] = &[
    "really", "the", "company", "they", "again", "because", "still", "my", "and", "today", "never",
    "account", "that", "please", "it", "also", "very", "was", "not", "letter",
];

/// `letter` as one customer sends it: every thirtieth word is another, a sentence is dropped or two are swapped, and names and
/// amounts are the customer's.
fn edited(letter: &str, chance: &mut Chance) -> String {
    let mut sentences: Vec<&str> = letter.split_inclusive(". ").collect();
    if sentences.len() > 3 {
        let at = chance.below(sentences.len() - 1);
        match chance.one_in(2) {
            true => drop(sentences.remove(at)),
            false => sentences.swap(at, at + 1),
        }
    }
    let text = sentences.concat();
    let word = |word: &str, chance: &mut Chance| match word {
        _ if word.contains("XX") => chance.pick(NAMES).to_owned(),
        _ if word.chars().any(|letter| letter.is_ascii_digit()) => {
            format!("${}.00", 10 + chance.below(9_000))
        }
        _ if chance.one_in(30) => chance.pick(WORDS).to_owned(),
        _ => word.to_owned(),
    };
    text.split_whitespace().map(|one| word(one, chance)).collect::<Vec<_>>().join(" ")
}

fn narratives(file: &Path) -> Vec<String> {
    let mut rows = csv::Reader::from_reader(MultiGzDecoder::new(File::open(file).unwrap()));
    let column = rows.headers().unwrap().iter().position(|name| name.trim() == "narrative").unwrap();
    rows.records().map(|row| row.unwrap()[column].to_owned()).collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Complaints of seven days, with `copies` of each of five letters among them, which are taken from `complaints`: those of
/// usual length that nobody else has sent.
fn week_with_letters(mut complaints: Vec<String>, copies: usize) -> (Kept, usize) {
    let sketched: Vec<_> =
        complaints.iter().enumerate().filter_map(|(n, it)| Some((n, Sketch::of(it)?))).collect();
    let sketches: Vec<Sketch> = sketched.iter().map(|(_, sketch)| sketch.clone()).collect();
    let alike: HashSet<usize> = cluster(&sketches).into_iter().flatten().map(|at| sketched[at].0).collect();
    let is_letter =
        |n: &usize| !alike.contains(n) && (150..400).contains(&complaints[*n].split_whitespace().count());
    let chosen: Vec<usize> = (0..complaints.len()).filter(is_letter).take(LETTERS).collect();
    assert_eq!(chosen.len(), LETTERS);
    let letters: Vec<String> = chosen.into_iter().rev().map(|n| complaints.remove(n)).collect();
    let (mut kept, mut chance) = (Kept::default(), Chance(22));
    let when = |chance: &mut Chance| NOW - 1 - i64::try_from(chance.below(7 * DAY as usize - 1)).unwrap();
    for (n, narrative) in complaints.iter().enumerate() {
        kept.keep(format!("other-{n}"), narrative, when(&mut chance));
    }
    for (letter, text) in letters.iter().enumerate() {
        for copy in 0..copies {
            let text = edited(text, &mut chance);
            kept.keep(format!("letter-{letter}-{copy}"), &text, when(&mut chance));
        }
    }
    (kept, complaints.len() + LETTERS * copies)
}

/// At least 95 in 100 copies of each letter are in its cluster, and at most 2 in 100 of that are others.
fn copies_are_found(complaints: Vec<String>, copies: usize) {
    let (mut kept, all) = week_with_letters(complaints, copies);
    let began = Instant::now();
    let radar = Radar::read(&mut kept, NOW).unwrap();
    println!(
        "{} of {all} compared in {:?}, {} clusters",
        radar.compared,
        began.elapsed(),
        radar.clusters.len()
    );
    for letter in 0..LETTERS {
        let name = format!("letter-{letter}-");
        let of_letter = |cluster: &&AlikeCluster| {
            cluster.members.iter().filter(|member| member.complaint_id.starts_with(&name)).count()
        };
        let found = radar.clusters.iter().max_by_key(of_letter).unwrap();
        let (there, size) = (of_letter(&found), found.members.len());
        println!("letter {letter}: {there} of {copies} in a cluster of {size}");
        assert!(20 * there >= 19 * copies, "letter {letter}: {there} of {copies} are in one cluster");
        assert!(50 * (size - there) <= size, "letter {letter}: {} of {size} are others", size - there);
        assert_eq!((found.growth, found.is_flagged()), (Growth::New, true));
    }
    // As another archive, or a replay, would have written it.
    for rows in kept.0.values_mut() {
        let again: Vec<SketchRow> = rows.iter().step_by(3).cloned().collect();
        rows.reverse();
        rows.extend(again);
    }
    assert_eq!(
        Radar::read(&mut kept, NOW).unwrap(),
        radar,
        "it depends on the order in which they were kept"
    );
}

#[test]
fn edited_copies_of_a_letter_are_found_among_real_complaints() {
    copies_are_found(narratives(&repository().join("examples/complaints-sample.csv.gz")), 40);
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn edited_copies_of_a_letter_are_found_among_all_of_the_data_sets() {
    let folder = repository().join("../shared/data/complaints");
    let splits =
        ["test", "validation", "train"].map(|split| narratives(&folder.join(format!("{split}.csv.gz"))));
    let complaints = splits.concat();
    let began = Instant::now();
    let letters: usize = complaints.iter().map(String::len).sum();
    let sketched = complaints.iter().filter(|narrative| Sketch::of(narrative).is_some()).count();
    let each = began.elapsed() / u32::try_from(complaints.len()).unwrap();
    println!("{sketched} sketches, {each:?} for each of {} bytes", letters / complaints.len());
    copies_are_found(complaints, 40);
}

/// A letter of `words` words that nobody else sends.
fn letter(name: char, words: usize) -> String {
    let word = |n: usize| {
        format!("{name}{}{}", char::from(b'a' + (n / 26) as u8), char::from(b'a' + (n % 26) as u8))
    };
    (0..words).map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_twentieth_copy_makes_a_cluster_large_and_what_came_before_says_whether_it_is_new() {
    let mut kept = Kept::default();
    // A template that ten customers a week have sent for a month, and one that never came before.
    for n in 0..50 {
        kept.keep(format!("old-{n}"), &letter('o', 60), NOW - n * DAY * 7 / 10 - 1);
    }
    for n in 0..19 {
        kept.keep(format!("new-{n}"), &letter('n', 60), NOW - n - 1);
    }
    kept.keep("old-again".into(), &letter('o', 60), NOW - 20 * DAY);
    let radar = Radar::read(&mut kept, NOW).unwrap();
    let [new, old] = &radar.clusters[..] else { panic!("{:?}", radar.clusters) };
    assert_eq!((new.members.len(), new.growth, new.before), (LARGE - 1, Growth::New, [0; 4]));
    assert_eq!((old.members.len(), old.growth, old.before), (10, Growth::Steady, [10, 11, 10, 10]));
    assert_eq!((old.is_flagged(), old.last_at()), (false, NOW - 1));
    assert!(old.first_at <= NOW - 34 * DAY, "{}", old.first_at);

    kept.keep("old-twentieth".into(), &letter('o', 60), NOW - 1);
    for n in 0..9 {
        kept.keep(format!("old-more-{n}"), &letter('o', 60), NOW - 1);
    }
    let radar = Radar::read(&mut kept, NOW).unwrap();
    let old =
        radar.clusters.iter().find(|cluster| cluster.members[0].complaint_id.starts_with("old")).unwrap();
    assert_eq!((old.members.len(), old.is_flagged()), (LARGE, true));
}

#[test]
fn a_complaint_counts_once_as_it_was_sent_last_and_a_cluster_keeps_its_names() {
    let mut kept = Kept::default();
    for n in 0..6 {
        kept.keep(format!("c-{n}"), &letter('a', 60), NOW - 3 * DAY + n);
    }
    let before = Radar::read(&mut kept, NOW).unwrap();
    let name = before.clusters[0].name();
    // One is corrected, another is sent again.
    let corrected = RawComplaint { submission: 2, ..RawComplaint::new("c-0", letter('b', 60), NOW - DAY) };
    kept.0.entry(day_of(NOW - DAY)).or_default().extend(sketch_row(&corrected, NOW));
    kept.keep("c-1".into(), &letter('a', 60), NOW - DAY);
    let after = Radar::read(&mut kept, NOW).unwrap();
    let [cluster] = &after.clusters[..] else { panic!("{:?}", after.clusters) };
    let ids: Vec<&str> = cluster.members.iter().map(|member| member.complaint_id.as_str()).collect();
    assert_eq!(ids, ["c-2", "c-3", "c-4", "c-5", "c-1"]);
    assert!(!cluster.is_called(&name), "c-0 is in it no more");
    assert!(cluster.is_called(&cluster.name()) && !cluster.name().contains("c-2"));
    // Four are too few.
    let mut four = Kept::default();
    (0..4).for_each(|n| four.keep(format!("c-{n}"), &letter('a', 60), NOW - 1));
    assert!(Radar::read(&mut four, NOW).unwrap().clusters.is_empty());
}
