//! The card of a model version, from wherever this process can read one.

use std::path::Path;

use ombud_launch::config::Settings;
use ombud_models::ModelStore;

/// The text of the version's card; or in a sentence why there is none. Nothing is verified: of a version its card is no part.
pub(super) fn card(model_id: &str, version: &str, settings: &Settings) -> Result<String, String> {
    let shelves = [settings.data.join("models").as_path(), &settings.shared_models]
        .into_iter()
        .filter(|folder: &&Path| !folder.as_os_str().is_empty())
        .map(ModelStore::new)
        .find_map(|shelf| shelf.description(model_id, version));
    match shelves.map(|description| description.card) {
        Some(Some(card)) => Ok(card),
        Some(None) => Err("The version is on the shelf, without a card.".to_owned()),
        None => {
            Err("The version is gone from the shelves that this process reads, and its card with it."
                .to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_card_is_found_on_either_shelf_and_one_that_is_gone_is_named_as_gone() {
        let (data, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let settings = Settings {
            data: data.path().to_owned(),
            shared_models: shared.path().to_owned(),
            ..Settings::default()
        };
        let [own, common, bare, gone] = [1, 2, 3, 4].map(|n| format!("{n:064x}"));
        for (shelf, version, has_card) in [
            (data.path().join("models"), &own, true),
            (shared.path().to_owned(), &common, true),
            (shared.path().to_owned(), &bare, false),
        ] {
            let home = shelf.join("complaints").join(version);
            fs::create_dir_all(&home).unwrap();
            if has_card {
                fs::write(home.join("README.md"), format!("# {version}")).unwrap();
            }
        }
        for version in [&own, &common] {
            assert_eq!(card("complaints", version, &settings).unwrap(), format!("# {version}"));
        }
        assert!(card("complaints", &bare, &settings).unwrap_err().contains("without a card"));
        assert!(card("complaints", &gone, &settings).unwrap_err().contains("gone"));
        assert!(card("../etc", "passwd", &settings).unwrap_err().contains("gone"), "no path is made of it");
    }
}
