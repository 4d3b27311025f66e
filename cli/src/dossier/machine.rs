//! What computed a dossier: software, processor, and the libtorch that explained.

use std::fs;

use ombud_dossier::Machine;
use ombud_explain::Explanation;

/// Where Linux says what the processor is.
const PROCESSORS: &str = "/proc/cpuinfo";

/// This machine; libtorch is the one that `explanations` were computed with.
pub(super) fn machine(explanations: &[Explanation]) -> Machine {
    let libtorch =
        explanations.iter().map(|one| one.reproduction.libtorch.as_str()).find(|used| !used.is_empty());
    Machine {
        software: format!("ombud {}", env!("CARGO_PKG_VERSION")),
        processor: processor(&fs::read_to_string(PROCESSORS).unwrap_or_default()),
        libtorch: libtorch.unwrap_or_default().to_owned(),
    }
}

/// The first processor's name in the text of `/proc/cpuinfo`; where that has none, the kind that this was built for.
fn processor(text: &str) -> String {
    let names = text.lines().filter_map(|line| line.split_once(':'));
    let named = names.filter(|(field, _)| field.trim() == "model name").map(|(_, name)| name.trim());
    named.into_iter().find(|name| !name.is_empty()).unwrap_or(std::env::consts::ARCH).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_named_where_linux_names_it() {
        let text = "processor\t: 0\nmodel name\t: AMD EPYC 7R13\nflags\t: fpu\n\nprocessor\t: 1\nmodel name\t: other\n";
        assert_eq!(processor(text), "AMD EPYC 7R13");
        assert_eq!(processor("CPU part\t: 0xd40\n"), std::env::consts::ARCH);
        assert!(machine(&[]).software.starts_with("ombud ") && machine(&[]).libtorch.is_empty());
    }
}
