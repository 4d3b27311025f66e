//! How the system is, as the page of health shows it.

use ombud_console::pages::Operations;

/// What this process can say.
pub(super) struct ServedOperations;

impl Operations for ServedOperations {}
