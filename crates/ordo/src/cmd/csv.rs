//! CSV as Ordo writes it (RFC 4180 with bare line feeds): a header, then rows; a cell is quoted
//! only where it must be.

/// A row with its line feed.
pub fn row<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    let mut line = String::new();
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push_cell(&mut line, cell.as_ref());
    }
    line.push('\n');
    line
}

fn push_cell(line: &mut String, cell: &str) {
    if cell.contains(['"', ',', '\n', '\r']) {
        line.push('"');
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(row(["a", "", "b c"]), "a,,b c\n");
        assert_eq!(
            row(["a,b", "say \"no\"", "two\r\nlines"]),
            "\"a,b\",\"say \"\"no\"\"\",\"two\r\nlines\"\n"
        );
    }
}
