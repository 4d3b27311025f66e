#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
use ombud_intake::{FileDefaults, Rows};
use ombud_models::{Input, Prepared, Reading, Reads};
fn main() {
    for path in std::env::args().skip(1) {
        let path = std::path::PathBuf::from(path);
        let rows: Vec<_> = Rows::open(&path, FileDefaults::of(&path).unwrap()).unwrap().filter_map(|r| r.unwrap().ok()).collect();
        let p = Prepared { input: Input::Tokens(vec![]), tokens: 1, truncated_tokens: 0, unseen_tokens: 0, windows: 1 };
        let mut by = std::collections::BTreeMap::new();
        let (mut changed, mut bytes) = (0, 0);
        let reads = Reads::default();
        for row in &rows {
            let r = Reading::of(&row.complaint.narrative, "und");
            bytes += row.complaint.narrative.len();
            if r.text() != row.complaint.narrative { changed += 1; if std::env::var_os("SHOW").is_some() { println!("OWN {} -> {}: {:?}", row.complaint.narrative.len(), r.text().len(), r.text().chars().rev().take(80).collect::<String>().chars().rev().collect::<String>()); } }
            if let Some(u) = r.unread(&reads, &p) {
                *by.entry(u.code()).or_insert(0) += 1;
                println!("{} {}: {:?}", row.complaint.complaint_id, u.code(), row.complaint.narrative.chars().take(90).collect::<String>());
            }
        }
        let t = std::time::Instant::now();
        let mut n = 0;
        for _ in 0..3 { for row in &rows { let r = Reading::of(&row.complaint.narrative, "und"); n += usize::from(r.unread(&reads, &p).is_some()); } }
        println!("{} {} rows, {} bytes mean, unread {by:?}, own words differ {changed}, {:.1} us each ({n})", path.display(), rows.len(), bytes / rows.len(), t.elapsed().as_secs_f64() * 1e6 / (3.0 * rows.len() as f64));
    }
}
