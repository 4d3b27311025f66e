//! What people and programs read: the terminal, tables, colours.

#[cfg(test)]
pub(crate) mod golden;
pub(crate) mod screen;
pub(crate) mod terminal;
pub(crate) mod time;
