//! Files that hold no text: which kind, by the first bytes, and how to get the rows out of them.

/// How many bytes from the beginning are looked at.
pub(crate) const LOOKED_AT: usize = 4 << 10;

/// A kind of file that is not read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// With its article, such as "an Excel workbook".
    pub(crate) what: &'static str,
    /// What to do.
    pub(crate) way_out: &'static str,
}

const EXCEL: Foreign = Foreign {
    what: "an Excel workbook",
    way_out: "in Excel choose File, Save As, \"CSV UTF-8 (Comma delimited)\", one file for each sheet",
};
const ZIP: Foreign =
    Foreign { what: "a zip archive", way_out: "unpack it first: `unzip -p FILE > rows.csv`" };
const ARCHIVE: Foreign = Foreign { what: "a tar archive", way_out: "unpack it first: `tar -xf FILE`" };
const SHEET: Foreign = Foreign {
    what: "an OpenDocument spreadsheet",
    way_out: "in LibreOffice choose File, Save As, \"Text CSV\", with the character set UTF-8",
};
const OLD_OFFICE: Foreign =
    Foreign { what: "a file of an old Excel or Word", way_out: "open it there and save it as CSV in UTF-8" };
const PARQUET: Foreign = Foreign {
    what: "a Parquet file",
    way_out: "export it as CSV: `duckdb -c \"COPY (FROM 'FILE') TO 'rows.csv'\"`, or pandas' `read_parquet(FILE).to_csv('rows.csv')`",
};
const ARROW: Foreign = Foreign {
    what: "an Arrow or Feather file",
    way_out: "export it as CSV: pandas' `read_feather(FILE).to_csv('rows.csv')`",
};
const ORC: Foreign =
    Foreign { what: "an ORC file", way_out: "export it as CSV: pandas' `read_orc(FILE).to_csv('rows.csv')`" };
const AVRO: Foreign = Foreign {
    what: "an Avro container file",
    way_out: "write it as JSON lines: `avro-tools tojson FILE > rows.jsonl`",
};
const SQLITE: Foreign = Foreign {
    what: "an SQLite database",
    way_out: "export the table as CSV: `sqlite3 -csv -header FILE 'select * from complaints' > rows.csv`",
};
const PDF: Foreign = Foreign { what: "a PDF", way_out: "export the rows as CSV where it was made" };
const PICTURE: Foreign = Foreign { what: "a picture", way_out: "export the rows as CSV where it was made" };
const RTF: Foreign = Foreign { what: "a rich text document", way_out: "save the rows as CSV in UTF-8" };
const MARKUP: Foreign = Foreign {
    what: "HTML or XML",
    way_out: "open it in a spreadsheet and save it as CSV in UTF-8, or export CSV or JSON where it was made",
};
const PICKLE: Foreign = Foreign {
    what: "a Python pickle",
    way_out: "load it where you trust it and write CSV: pandas' `read_pickle(FILE).to_csv('rows.csv')`",
};
const BZIP2: Foreign = Foreign { what: "packed with bzip2", way_out: "unpack it first: `bunzip2 FILE`" };
const XZ: Foreign = Foreign { what: "packed with xz", way_out: "unpack it first: `unxz FILE`" };
const SEVEN_ZIP: Foreign = Foreign { what: "a 7-Zip archive", way_out: "unpack it first: `7z x FILE`" };
const LZ4: Foreign = Foreign { what: "packed with lz4", way_out: "unpack it first: `unlz4 FILE`" };
const COMPRESS: Foreign =
    Foreign { what: "packed with compress", way_out: "unpack it first: `uncompress FILE`" };
const UTF_32: Foreign = Foreign {
    what: "text in UTF-32",
    way_out: "write it in UTF-8: `iconv -f UTF-32 -t UTF-8 FILE > rows.csv`",
};

const BEGINNINGS: [(&[u8], Foreign); 26] = [
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", OLD_OFFICE),
    (b"PAR1", PARQUET),
    (b"PARE", PARQUET),
    (b"ARROW1", ARROW),
    (b"FEA1", ARROW),
    (b"ORC", ORC),
    (b"Obj\x01", AVRO),
    (b"SQLite format 3\0", SQLITE),
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n", PICTURE),
    (b"\xFF\xD8\xFF", PICTURE),
    (b"GIF8", PICTURE),
    (b"{\\rtf", RTF),
    (b"BZh", BZIP2),
    (b"\xFD7zXZ\0", XZ),
    (b"7z\xBC\xAF\x27\x1C", SEVEN_ZIP),
    (b"\x04\x22\x4D\x18", LZ4),
    (b"\x1F\x9D", COMPRESS),
    (b"\x80\x02", PICKLE),
    (b"\x80\x03", PICKLE),
    (b"\x80\x04", PICKLE),
    (b"\x80\x05", PICKLE),
    (b"PK\x05\x06", ZIP),
    (b"PK\x07\x08", ZIP),
    (b"\xFF\xFE\0\0", UTF_32),
    (b"\0\0\xFE\xFF", UTF_32),
];

/// The kind of a file with these first bytes; `None` where it may be text.
pub(crate) fn foreign(start: &[u8]) -> Option<Foreign> {
    let has = |text: &[u8]| start.windows(text.len()).any(|window| window == text);
    if start.starts_with(b"PK\x03\x04") {
        return Some(match () {
            () if has(b"opendocument.spreadsheet") => SHEET,
            () if has(b"xl/") || has(b"[Content_Types].xml") => EXCEL,
            () => ZIP,
        });
    }
    if let Some((_, known)) = BEGINNINGS.iter().find(|(beginning, _)| start.starts_with(beginning)) {
        return Some(*known);
    }
    if start.get(257..262) == Some(b"ustar") {
        return Some(ARCHIVE);
    }
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let is_markup = text.starts_with(b"<")
        && text.get(1).is_some_and(|next| next.is_ascii_alphabetic() || b"?!".contains(next));
    is_markup.then_some(MARKUP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workbook_is_told_from_another_archive() {
        let zip = |name: &str| [b"PK\x03\x04\x14\0\0\0\x08\0", name.as_bytes()].concat();
        assert_eq!(foreign(&zip("xl/workbook.xml")), Some(EXCEL));
        assert_eq!(foreign(&zip("[Content_Types].xml")), Some(EXCEL));
        assert_eq!(foreign(&zip("mimetypeapplication/vnd.oasis.opendocument.spreadsheet")), Some(SHEET));
        assert_eq!(foreign(&zip("complaints.csv")), Some(ZIP));
    }

    #[test]
    fn text_is_nothing_foreign() {
        for text in
            ["", "narrative\n", "{\"narrative\": 1}", "[{}]", "<3 my bank\n", "PK,narrative\n", "ORDER,x"]
        {
            assert_eq!(foreign(text.as_bytes()), None, "{text}");
        }
        assert_eq!(foreign(b"\xEF\xBB\xBF\n<table><tr>"), Some(MARKUP));
    }
}
