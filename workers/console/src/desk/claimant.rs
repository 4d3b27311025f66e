//! Who asks for a lease.

/// Who asks: a person, or a system that works for a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// Pseudonym; of a system, its token's name.
    pub name: String,
    /// As records name it.
    pub role: String,
    /// The system that reports what is done.
    pub source: String,
}
