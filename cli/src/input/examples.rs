//! The two examples under the help of a command.

/// What an example does, and its line.
pub(crate) type Example = (&'static str, &'static str);

/// The text under a command's help.
pub(crate) fn examples_text(examples: &[Example; 2]) -> String {
    let lines = examples.map(|(what, line)| format!("  # {what}\n  {line}"));
    format!("Examples:\n{}", lines.join("\n\n"))
}
