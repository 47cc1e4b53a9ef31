//! Speaking on the terminal.

use std::io::{Write, stderr, stdout};

/// Writes to stdout at once. Whoever closed the other end wants no more of it.
pub(crate) fn out(text: &str) {
    let mut stdout = stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).ok();
}

/// Writes to stderr.
pub(crate) fn err(text: &str) {
    stderr().lock().write_all(text.as_bytes()).ok();
}

/// Columns without borders, each as wide as its widest cell; two blanks before
/// every line.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 3));
    }
    let lines: Vec<String> = table.lines().map(|line| format!("  {}", line.trim_end())).collect();
    lines.join("\n") + "\n"
}
