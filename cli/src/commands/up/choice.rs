//! Which log `up` works on. Brokers that settings name are neither used by accident nor ignored silently.

use anyhow::{Result, bail};
use ombud_launch::config::Loaded;

/// Whether it works on brokers: only where a flag asks for them.
///
/// # Errors
/// Settings name brokers and there is no flag, or there are both flags.
pub(super) fn brokers(kafka_flag: bool, embedded_flag: bool, loaded: &Loaded) -> Result<bool> {
    let named = &loaded.settings.kafka_bootstrap;
    match (kafka_flag, embedded_flag) {
        (true, true) => bail!("choose a log: --kafka and --embedded contradict each other; leave one out"),
        (true, false) => Ok(true),
        (false, false) if !named.is_empty() => bail!(
            "choose a log: {} names the brokers {named}, and `up` does not guess; say `--kafka {named}` to work on them, or \
             `--embedded` to work in the folder {}",
            loaded.origin("kafka_bootstrap").unwrap_or_default(),
            loaded.settings.data.display()
        ),
        (false, _) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use ombud_launch::config::{Inputs, load};

    use super::*;

    fn chosen(on_brokers: bool, embedded: bool, variable: Option<&str>) -> Result<bool> {
        let variables = variable.map(|it| ("OMBUD_KAFKA_BOOTSTRAP".into(), it.into())).into_iter().collect();
        brokers(on_brokers, embedded, &load(&Inputs { variables, ..Inputs::default() }).unwrap())
    }

    #[test]
    fn brokers_that_settings_name_are_neither_taken_nor_passed_over_without_a_word() {
        let refused = chosen(false, false, Some("one:9092")).unwrap_err().to_string();
        for part in ["OMBUD_KAFKA_BOOTSTRAP", "--kafka one:9092", "--embedded", ".ombud"] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
        assert!(chosen(true, false, Some("one:9092")).unwrap());
        assert!(!chosen(false, true, Some("one:9092")).unwrap());
        assert!(!chosen(false, false, None).unwrap());
    }

    #[test]
    fn who_says_both_is_asked_for_one() {
        assert!(chosen(true, true, Some("one:9092")).unwrap_err().to_string().contains("contradict"));
    }
}
