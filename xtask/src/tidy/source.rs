//! I read a Rust file as the compiler would: what is code, what is comment, what only tests see.

/// A Rust file in three readings of equal length: each keeps its own bytes and every line break, and is blank elsewhere.
#[derive(Debug)]
pub(crate) struct Source {
    /// As written.
    pub(crate) text: String,
    /// Without comments, strings and characters.
    pub(crate) code: String,
    /// Code that is compiled outside of tests too.
    pub(crate) product: String,
    /// Comments alone, each with its opening slashes.
    pub(crate) comments: String,
}

impl Source {
    /// Reads `text`; what rustc would refuse is read somehow.
    pub(crate) fn read(text: &str) -> Self {
        let mut code: Vec<u8> = text.bytes().collect();
        let mut comments: Vec<u8> = text.bytes().map(blank).collect();
        let mut at = 0;
        while at < code.len() {
            let (kind, end) = token(text.as_bytes(), at);
            if let (Some(code), Some(comments)) = (code.get_mut(at..end), comments.get_mut(at..end)) {
                if kind == Kind::Comment {
                    comments.copy_from_slice(code);
                }
                if kind != Kind::Code {
                    code.iter_mut().for_each(|byte| *byte = blank(*byte));
                }
            }
            at = end;
        }
        let code = String::from_utf8_lossy(&code).into_owned();
        let product = without_tests(&code);
        let comments = String::from_utf8_lossy(&comments).into_owned();
        Self {
            text: text.to_owned(),
            code,
            product,
            comments,
        }
    }
}

/// The number of the line that holds byte `at`, counted from one.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Where `word` stands in `code` as a whole word.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = code.as_bytes();
    let is_whole = move |at: usize| !is_part(at.checked_sub(1).and_then(|at| bytes.get(at))) && !is_part(bytes.get(at + word.len()));
    code.match_indices(word).map(|(at, _)| at).filter(move |at| is_whole(*at))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Quoted,
}

fn blank(byte: u8) -> u8 {
    if byte == b'\n' { byte } else { b' ' }
}

/// What begins at `at`, and where it ends.
fn token(text: &[u8], at: usize) -> (Kind, usize) {
    let rest = text.get(at..).unwrap_or_default();
    let raw = raw_string(rest);
    match rest {
        [b'/', b'/', ..] => (Kind::Comment, at + length(rest, |tail| tail.first() == Some(&b'\n'))),
        [b'/', b'*', ..] => (Kind::Comment, at + block_comment(rest)),
        [b'"', ..] => (Kind::Quoted, at + quoted(rest, b'"')),
        [b'\'', b'\\', ..] => (Kind::Quoted, at + quoted(rest, b'\'')),
        [b'\'', ..] => match character(rest) {
            Some(length) => (Kind::Quoted, at + length),
            None => (Kind::Code, at + 1),
        },
        _ if raw > 0 => (Kind::Quoted, at + raw),
        // A whole word at once, so that the r of `for"` opens no raw string.
        [first, ..] if first.is_ascii_alphanumeric() || *first == b'_' => {
            let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            (Kind::Code, at + length(rest, |tail| !tail.first().is_some_and(|byte| word(*byte))))
        }
        _ => (Kind::Code, at + 1),
    }
}

/// How many bytes pass before `ends`, or all of them.
fn length(rest: &[u8], ends: impl Fn(&[u8]) -> bool) -> usize {
    (0..rest.len()).find(|at| rest.get(*at..).is_some_and(&ends)).unwrap_or(rest.len())
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        match rest.get(at..) {
            None | Some([]) => return rest.len(),
            Some([b'/', b'*', ..]) => (depth, at) = (depth + 1, at + 2),
            Some([b'*', b'/', ..]) => (depth, at) = (depth - 1, at + 2),
            Some(_) => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
}

fn quoted(rest: &[u8], mark: u8) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if *byte == mark => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// A character between quotes; a lifetime is none.
fn character(rest: &[u8]) -> Option<usize> {
    let inside = rest.get(1..)?;
    let width = std::str::from_utf8(inside.get(..inside.len().min(4))?)
        .map_or_else(|why| std::str::from_utf8(inside.get(..why.valid_up_to())?).ok(), Some)?
        .chars()
        .next()?
        .len_utf8();
    (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
}

/// The length of `r"…"`, `r#"…"#`, `br"…"`, `c"…"` and the like, or 0.
fn raw_string(rest: &[u8]) -> usize {
    let prefix = length(rest, |tail| !matches!(tail.first(), Some(b'b' | b'c' | b'r')));
    let is_raw = matches!(rest.get(..prefix), Some(b"r" | b"br" | b"cr"));
    let hashes = length(rest.get(prefix..).unwrap_or_default(), |tail| tail.first() != Some(&b'#'));
    let open = prefix + hashes;
    if !is_raw || rest.get(open) != Some(&b'"') {
        return 0;
    }
    let closing: Vec<u8> = [b'"'].into_iter().chain(std::iter::repeat_n(b'#', hashes)).collect();
    let inside = rest.get(open + 1..).unwrap_or_default();
    (open + 1 + length(inside, |tail| tail.starts_with(&closing)) + closing.len()).min(rest.len())
}

/// `code` with the items under `#[cfg(test)]` blanked.
fn without_tests(code: &str) -> String {
    let mut product: Vec<u8> = code.bytes().collect();
    for (at, attribute) in ["#[cfg(test)]", "#[cfg(all(test,"].iter().flat_map(|mark| code.match_indices(mark)) {
        let rest = code.as_bytes().get(at + attribute.len()..).unwrap_or_default();
        let opening = length(rest, |tail| matches!(tail.first(), Some(b'{' | b';')));
        let mut depth = 0;
        let closing = rest.iter().skip(opening).position(|byte| {
            depth += i32::from(*byte == b'{') - i32::from(*byte == b'}');
            depth == 0
        });
        let end = at + attribute.len() + opening + closing.unwrap_or(rest.len()) + 1;
        for byte in product.iter_mut().take(end).skip(at) {
            *byte = blank(*byte);
        }
    }
    String::from_utf8_lossy(&product).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comment_and_quoted_are_told_apart() {
        let source = Source::read("let a = \"// x\"; // b \"c\n/* d /* e */ */ let f: &'g str = r#\"h\" i\"#; ('j', '\\'', 'ä');");
        assert_eq!(
            source.code.split_whitespace().collect::<Vec<_>>().join(" "),
            "let a = ; let f: &'g str = ; ( , , );"
        );
        assert_eq!(
            source.comments.split_whitespace().collect::<Vec<_>>().join(" "),
            "// b \"c /* d /* e */ */"
        );
        assert_eq!(source.code.len(), source.text.len());
    }

    #[test]
    fn what_tests_see_is_no_product() {
        let source = Source::read("fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\nfn c() {}\n#[cfg(test)]\nmod d;\nfn e() {}");
        assert_eq!(source.product.split_whitespace().collect::<String>(), "fna(){}fnc(){}fne(){}");
    }

    #[test]
    fn a_word_is_whole() {
        assert_eq!(words("unsafe_code unsafe{ not_unsafe", "unsafe").collect::<Vec<_>>(), [12]);
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }
}
