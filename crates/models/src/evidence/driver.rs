//! The drivers of vulnerability, as the FCA's FG21/1 has them: under which of them a category of evidence is counted.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::DOCUMENTS;

/// One of the four drivers of FG21/1. A person may be under several at once; a category of evidence is counted under one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// Conditions or illnesses that affect the ability to carry out day-to-day tasks.
    Health,
    /// Events such as bereavement, job loss or the breakdown of a relationship.
    LifeEvents,
    /// A low ability to withstand financial or emotional shocks.
    Resilience,
    /// Little knowledge of money matters, or low skills in what is written, spoken or digital.
    Capability,
}

impl Driver {
    /// All of them, in the order of FG21/1.
    pub const ALL: [Self; 4] = [Self::Health, Self::LifeEvents, Self::Resilience, Self::Capability];

    /// As it stands in tables and in JSON, such as `life_events`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::LifeEvents => "life_events",
            Self::Resilience => "resilience",
            Self::Capability => "capability",
        }
    }

    /// The driver of `category` of the numbered table `table`, such as `vulnerable@1`. A table that was published before
    /// drivers were named has those that its categories have in the next table that names them. `None` for a table or a
    /// category that this version does not know.
    pub fn of(table: &str, category: &str) -> Option<Self> {
        let at = DOCUMENTS.iter().position(|document| document.name() == table)?;
        DOCUMENTS[at].category(category)?;
        let same_task = DOCUMENTS[at..].iter().filter(|document| document.task == DOCUMENTS[at].task);
        same_task.filter_map(|document| document.category(category)).find_map(|category| category.driver)
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
