//! By which name, role and system somebody claims and works: a person who is signed in by their own, a system by the names that
//! it gives its people.

use ombud_contract::verdict::is_code;
use ombud_launch::guard::{Caller, Role};

use crate::{desk::Claimant, refused::Problem};

/// The system that reports what a person does here.
const CONSOLE: &str = "console";
/// The system of one who was not asked which it is.
const UNNAMED: &str = "http";

/// The one who asks, where `said` is the pseudonym that the request names.
pub(crate) fn claimant_of(caller: &Caller, said: Option<&str>) -> Result<Claimant, Problem> {
    let said = said.map(str::trim).filter(|said| !said.is_empty());
    if said.is_some_and(|said| !is_code(said)) {
        return Err(Problem::wrong(
            "actor",
            "no-code",
            "give a pseudonym: at most 64 letters, digits, dots, dashes and underscores",
        ));
    }
    let Some(person) = caller.person() else {
        return Ok(Claimant {
            name: said.unwrap_or_else(|| caller.signature("")).to_owned(),
            role: String::new(),
            source: caller.system().unwrap_or(UNNAMED).to_owned(),
        });
    };
    if said.is_some_and(|said| said != person.name) {
        return Err(Problem::wrong("actor", "not-yours", "leave it out: who is signed in says who it is"));
    }
    // The one that opens the most.
    let role =
        [Role::Lead, Role::Specialist, Role::Clerk].into_iter().find(|role| person.roles.contains(role));
    Ok(Claimant {
        name: person.name.clone(),
        role: role.map(Role::name).unwrap_or_default().to_owned(),
        source: CONSOLE.to_owned(),
    })
}
