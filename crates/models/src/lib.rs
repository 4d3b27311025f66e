//! Models as the rest of Ombud sees them: artefacts, the registry, the strategy, answers. No libtorch here.

mod answer;
mod artefact;
mod classifier;
pub mod clock;
mod description;
mod digest;
mod draft;
mod evidence;
mod head;
#[cfg(feature = "hub")]
mod hub;
mod hub_name;
mod log_probability;
mod logits;
mod manifest;
mod pack;
mod place;
mod prepared;
mod pretrained;
mod probe;
mod reads;
mod registry;
mod registry_feed;
mod rejection;
mod route;
mod routing;
mod score;
mod shelf;
mod sources;
mod stop;
mod strategy;
mod strategy_feed;
mod strategy_file;
mod summing;
mod tail;
mod trace;
mod weight_files;

pub use answer::{
    Answer, answer, calibrated, in_label_set_order, probabilities, vulnerability_of, vulnerability_shown,
    with_odds,
};
pub use artefact::{Artefact, ArtefactError, MANIFEST, TAXONOMY};
pub use classifier::{Classifier, LoadError, LoadModel, Model};
pub use description::Description;
pub use digest::{digest_file, digest_stream};
pub use draft::{Draft, DraftError, check_free};
pub use evidence::{Category, Driver, EvidenceTable};
pub use head::{EvidenceOdds, ForeignLabel, Head, Kind, MOST_ODDS};
#[cfg(feature = "hub")]
pub use hub::{Hub, HubError, HubTimeouts, Token, called, fetch};
pub use hub_name::{Commit, FileName, NameError, RepoId, Revision, WeightFileName};
pub use log_probability::log_softmax;
pub use logits::{ClassifyError, Logits};
pub use manifest::{Cleaning, Family, Manifest, least_format};
pub use pack::{BatchBudget, cut_by_length, pack};
pub use prepared::{Input, Prepared};
pub use pretrained::FolderFault;
pub use probe::{GOLDEN, GoldenInput, probe, probe_texts};
pub use reads::{Reading, Reads, Unread};
pub use registry::{Registry, evaluated, model_version_record, registry_key};
pub use registry_feed::{RegistryFeed, model_version};
pub use rejection::{Blame, Fault, Hindrance, HostFault, Rejection, ServingFailure};
pub use route::{Facts, Route, TeamRule, VULNERABLE, route, team_of_product, team_rule};
pub use routing::{
    ClockDays, ClockRules, ComplaintClass, FilledField, ISSUE, LabelSets, NamedClockRule, PRODUCT,
    Priorities, ProductTeam, Queue, RoutingError, RoutingTable,
};
pub use score::score_each;
pub use shelf::ModelStore;
pub use sources::{Sources, with_causes};
pub use stop::Stop;
pub use strategy::{
    ALL, ActiveStrategy, ApprovalFault, ArmShare, ChangeError, Difference, Draw, LEAD, MOST_APPROVALS,
    ModelName, Placement, Placements, Signature, Strategies, StrategyChange, StrategyError, StrategyRefusal,
    differences, is_person, is_same_person, placements, proposal, with_approvals, written,
};
pub use strategy_feed::{StrategyFeed, StrategyUnknown};
pub use strategy_file::{FirstStrategy, StrategyDraft, StrategyFileError};
pub use summing::Summing;
pub use trace::{Origin, Outputs, Source, Step, Stretch, Trace, Traced, UnreadText};
pub use weight_files::{WeightFiles, WeightFilesError};
