//! One run of bytes as several inputs, so that a fuzzer can move what is between them.

/// Stands between inputs: in no UTF-8, so that texts can not be cut by accident.
pub(crate) const BETWEEN: u8 = 0xFF;

/// The first `N` inputs; those that are missing are empty, and the last one takes what is left.
pub(crate) fn fields<const N: usize>(bytes: &[u8]) -> [&[u8]; N] {
    let mut rest = bytes.splitn(N, |byte| *byte == BETWEEN);
    std::array::from_fn(|_| rest.next().unwrap_or_default())
}

/// The same as texts.
pub(crate) fn texts<const N: usize>(bytes: &[u8]) -> [String; N] {
    fields(bytes).map(text)
}

/// A text, whatever the bytes are.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A number made of the first bytes, and the bytes after it.
pub(crate) fn number(bytes: &[u8]) -> (u64, &[u8]) {
    let (head, rest) = bytes.split_at(bytes.len().min(8));
    let mut number = [0; 8];
    number[..head.len()].copy_from_slice(head);
    (u64::from_le_bytes(number), rest)
}

#[cfg(test)]
pub(crate) mod strategies {
    use proptest::prelude::*;

    /// What tables stumble over.
    pub(crate) const CELLS: &[&str] = &[
        ",", ";", "\t", "\n", "\r\n", "\r", "\"", "\"\"", " ", "a", "1", "李", "é", "sep=;\n", "'", "=1", "1.38E+10",
        "\\", "/", "A/B", "-", "\u{feff}", "#N/A", "\0", "E7",
    ];

    /// Any bytes.
    pub(crate) fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(any::<u8>(), 0..most)
    }

    /// Words in any order: most of what comes out is wrong, and wrong late.
    pub(crate) fn words(words: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
        proptest::collection::vec(proptest::sample::select(words), 0..most).prop_map(|words| words.concat())
    }

    /// Inputs, joined as the targets take them apart.
    pub(crate) fn join(parts: &[impl AsRef<[u8]>]) -> Vec<u8> {
        let parts: Vec<&[u8]> = parts.iter().map(AsRef::as_ref).collect();
        parts.join(&super::BETWEEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_cut_and_joined() {
        let [a, b, c] = fields(b"x\xFF\xFFz\xFFz");
        assert_eq!((a, b, c), (&b"x"[..], &b""[..], &b"z\xFFz"[..]));
        assert_eq!(texts::<2>(b"x"), ["x".to_owned(), String::new()]);
        assert_eq!(number(&[1, 1]), (257, &[][..]));
        assert_eq!(strategies::join(&["a", "b"]), b"a\xFFb");
    }
}
