//! Models as the rest of Ombud sees them: artefacts, the registry, the strategy, answers. No libtorch here.

mod answer;
mod artefact;
mod classifier;
mod digest;
mod evidence;
mod feed;
mod foreign;
#[cfg(feature = "hub")]
mod hub;
mod hub_name;
mod manifest;
mod place;
mod pretrained;
mod probe;
mod reads;
mod registry;
mod registry_feed;
mod rejection;
mod route;
mod routing;
mod routing_document;
mod shelf;
mod sources;
mod stop;
mod strategy;
mod strategy_file;
mod weight_files;

pub use answer::{
    Answer, answer, calibrated, in_label_set_order, probabilities, vulnerability_of, vulnerability_shown,
    with_odds,
};
pub use artefact::{Artefact, ArtefactError, MANIFEST, TAXONOMY};
pub use classifier::{Classifier, ClassifyError, Input, LoadError, LoadModel, Logits, Model, Prepared};
pub use digest::{digest_file, digest_stream};
pub use evidence::{Category, EvidenceTable};
pub use feed::{LEAD, NotYet, StrategyFeed};
pub use foreign::{ForeignLabel, Summing};
#[cfg(feature = "hub")]
pub use hub::{Hub, HubError, Patience, Token, called, fetch};
pub use hub_name::{Commit, FileName, NameError, RepoId, Revision, WeightFileName};
pub use manifest::{Cleaning, EvidenceOdds, Family, Head, Kind, MOST_ODDS, Manifest, least_format};
pub use pretrained::Lacking;
pub use probe::{GOLDEN, GoldenInput, probe, probe_texts};
pub use reads::{Reading, Reads, Unread};
pub use registry::{Registry, evaluated, model_version_record, registry_key};
pub use registry_feed::{RegistryFeed, model_version};
pub use rejection::{Blame, Fault, Hindrance, HostFault, Rejection, Unservable};
pub use route::{Facts, Route, VULNERABLE, route};
pub use routing::{Clocks, Desk, ISSUE, LabelSets, PRODUCT, Priorities, Queue, RoutingError, RoutingTable};
pub use shelf::ModelStore;
pub use sources::Sources;
pub use stop::Stop;
pub use strategy::{
    ALL, ActiveStrategy, ArmShare, Change, ChangeError, Difference, Draw, ModelName, Signature, Strategies,
    StrategyError, Unfit, differences, proposal, written,
};
pub use strategy_file::{FirstStrategy, StrategyDraft, StrategyFileError};
pub use weight_files::{WeightFiles, WeightFilesError};
