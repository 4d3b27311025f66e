//! The id of a lease names its complaint and its holder, so that nobody can use another's.

use std::fmt;

use ombud_contract::ids::row_sha256;

/// The id of a lease: a number that was drawn for it, and a hash of that, the complaint and the holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseId(String);

impl LeaseId {
    /// The lease that `holder` asks for; `drawn` is another number each time.
    pub fn new(complaint_id: &str, holder: &str, drawn: u64) -> Self {
        let parts = [complaint_id.as_bytes(), holder.as_bytes(), &drawn.to_be_bytes()];
        let digest = row_sha256(&parts.map(Some));
        let [a, b, c, d, e, f, g, h, ..] = digest;
        let bound = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        Self(format!("{drawn:016x}-{bound:016x}"))
    }

    /// The lease that `text` names, where it is one of this complaint and this holder.
    pub fn read(text: &str, complaint_id: &str, holder: &str) -> Option<Self> {
        let (drawn, _) = text.split_once('-')?;
        let id = Self::new(complaint_id, holder, u64::from_str_radix(drawn, 16).ok()?);
        (id.0 == text).then_some(id)
    }

    /// As records and the store have it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_its_holders_and_its_complaints_alone() {
        let id = LeaseId::new("c-1", "anna", 7);
        assert_eq!(LeaseId::read(id.as_str(), "c-1", "anna"), Some(id.clone()));
        for (complaint, holder) in [("c-1", "ben"), ("c-2", "anna"), ("c-1a", "nna")] {
            assert_eq!(LeaseId::read(id.as_str(), complaint, holder), None, "{complaint} {holder}");
        }
        for text in ["", "-", "7", "0000000000000007-", "x-y", &format!("+{id}"), &format!("{id}0")] {
            assert_eq!(LeaseId::read(text, "c-1", "anna"), None, "{text}");
        }
    }
}
