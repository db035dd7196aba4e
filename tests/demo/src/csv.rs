//! Cells and lines as a spreadsheet writes them: quotes only where they are needed, CRLF.

use std::io::{self, Write};

/// Writes one row; `line` is memory to work in.
pub(crate) fn write_row(out: &mut impl Write, line: &mut String, cells: &[impl AsRef<str>]) -> io::Result<()> {
    line.clear();
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push_cell(line, cell.as_ref());
    }
    line.push_str("\r\n");
    out.write_all(line.as_bytes())
}

fn push_cell(line: &mut String, cell: &str) {
    if !cell.contains(['"', ',', '\n', '\r']) && !cell.starts_with(' ') {
        line.push_str(cell);
        return;
    }
    line.push('"');
    for letter in cell.chars() {
        if letter == '"' {
            line.push('"');
        }
        line.push(letter);
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_plain_cells_stay_plain() {
        let mut out = Vec::new();
        write_row(&mut out, &mut String::new(), &["a", "b,c", "say \"x\"", "l1\nl2", ""]).expect("memory takes all");
        assert_eq!(out, b"a,\"b,c\",\"say \"\"x\"\"\",\"l1\nl2\",\r\n");
    }
}
