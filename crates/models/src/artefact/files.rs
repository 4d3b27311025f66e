//! The files of an artefact that are not its family's.

/// What every artefact says about itself.
pub const MANIFEST: &str = "ombud.json";
/// The label trees of heads whose label sets are a bank's own; see [`ombud_contract::taxonomy::Taxonomy::adopt`].
pub const TAXONOMY: &str = "taxonomy.toml";
/// The model card: shown to people, not part of the version.
pub(crate) const CARD: &str = "README.md";
