use super::*;

fn long(length: usize) -> Cel {
    made("x".repeat(length))
}

fn list(count: usize) -> Cel {
    Cel::List(Arc::new(vec![Cel::from("a"); count]))
}

#[test]
fn no_function_makes_a_text_of_more_than_a_mebibyte() {
    let half = LONGEST / 2;
    assert_eq!(append(&[long(half), long(half)]).map(|text| length(&[text])), Ok(Ok(Cel::Int(1_048_576))));
    assert!(append(&[long(half), long(half + 1)]).is_err());
    assert!(append(&[long(3000), long(2000)]).is_ok());

    assert!(join(&[long(half), long(half), long(1)]).is_err(), "the separator counts");
    assert!(join(&[long(LONGEST - 2), Cel::from("-")]).is_ok());
    assert!(join(&[long(2000), long(2000), long(2000)]).is_ok());

    let text = Cel::from("a-a-a");
    assert!(replace(&[text.clone(), Cel::from("-"), long(half)]).is_err());
    assert!(replace(&[text, Cel::from("-"), long(half - 5)]).is_ok());
    assert!(replace(&[made("-".repeat(2000)), Cel::from("-"), long(100)]).is_ok());
}

#[test]
fn a_text_is_split_into_500_parts_and_no_more() {
    let parts = |count: usize| split(&[made(vec!["a"; count].join(",")), Cel::from(",")]);
    assert_eq!(parts(500), Ok(list(500)));
    assert!(parts(501).expect_err("too many").contains("500"));
    assert!(parts(502).is_err());
}

#[test]
fn empty_is_what_holds_nothing() {
    let map = |count: usize| {
        let pairs = (0..count).map(|n| (n.to_string(), Cel::Null));
        Cel::Map(pairs.collect::<std::collections::HashMap<_, _>>().into())
    };
    for (value, expected) in [
        (Cel::Null, true),
        (Cel::from(""), true),
        (list(0), true),
        (map(0), true),
        (Cel::from("x"), false),
        (list(1), false),
        (map(1), false),
        (Cel::Int(0), false),
        (Cel::Bool(false), false),
    ] {
        let one = std::slice::from_ref(&value);
        assert_eq!(is_empty(one), Ok(Cel::Bool(expected)), "{value:?}");
        assert_eq!(is_present(one), Ok(Cel::Bool(!expected)), "{value:?}");
        assert_eq!(is_null(one), Ok(Cel::Bool(value == Cel::Null)), "{value:?}");
        let first = if expected { Cel::from("other") } else { value.clone() };
        assert_eq!(coalesce(&[value, Cel::from("other")]), Ok(first));
    }
}

#[test]
fn a_calling_code_has_one_to_three_digits() {
    for wrong in ["", "1234", "8x", "+86"] {
        assert!(phone(&[Cel::from("13800138000"), Cel::from(wrong)]).is_err(), "{wrong}");
    }
    for right in ["1", "49", "852"] {
        let expected = format!("+{right}2345678");
        assert_eq!(phone(&[Cel::from("2345678"), Cel::from(right)]), Ok(made(expected)));
    }
    assert_eq!(phone(&[Cel::from("2345678")]), Ok(Cel::from("2345678")));
    assert_eq!(phone(&[Cel::Null, Cel::from("86")]), Ok(Cel::Null));
}

#[test]
fn about_nothing_is_said_nothing_and_the_answer_is_no() {
    let (null, two) = (Cel::Null, Cel::Int(2));
    for made in [
        item(&[null.clone(), two.clone()]),
        left(&[null.clone(), two.clone()]),
        right(&[null.clone(), two.clone()]),
        mid(&[null.clone(), two.clone(), two.clone()]),
        replace(&[null.clone(), Cel::from("a"), Cel::from("b")]),
        split(&[null.clone(), Cel::from("a")]),
        append(std::slice::from_ref(&null)),
        join(&[null.clone(), Cel::from("-")]),
        item(&[list(1), two.clone()]),
        item(&[list(1), Cel::Int(0)]),
        reference(&[Cel::from("group"), null.clone()]),
        reference(&[Cel::from("group"), Cel::from("")]),
    ] {
        assert_eq!(made, Ok(Cel::Null));
    }
    assert!(item(&[Cel::from("a"), two.clone()]).is_err());
    for answer in [contains, starts_with, ends_with] {
        assert_eq!(answer(&[null.clone(), Cel::from("a")]), Ok(Cel::Bool(false)));
        assert_eq!(answer(&[Cel::from("aba"), Cel::from("a")]), Ok(Cel::Bool(true)));
        assert_eq!(answer(&[Cel::from("aba"), Cel::from("x")]), Ok(Cel::Bool(false)));
    }
    assert_eq!(ends_with(&[Cel::from("ab"), Cel::from("a")]), Ok(Cel::Bool(false)));
    assert_eq!(starts_with(&[Cel::from("ab"), Cel::from("b")]), Ok(Cel::Bool(false)));
    assert_eq!(length(&[null]), Ok(Cel::Int(0)));
    assert_eq!(length(&[list(3)]), Ok(Cel::Int(3)));
    assert_eq!(length(&[Cel::from("中文")]), Ok(Cel::Int(2)));
}

#[test]
fn a_reference_has_an_id_of_1024_bytes_at_most() {
    assert!(reference(&[Cel::from("account"), long(1024)]).is_ok());
    assert!(reference(&[Cel::from("account"), long(1025)]).is_err());
    assert!(reference(&[Cel::from("person"), Cel::from("7")]).is_err());
}

#[test]
fn marks_of_other_writing_stay() {
    for other in ["हिन्दी", "ガギグ", "שָׁלוֹם"] {
        let normal: String = other.nfc().collect();
        assert_eq!(plain(other), Ok(normal));
    }
    assert_eq!(plain("Łódź, Ærø, Straße, Đặng"), Ok("Lodz, AEro, Strasse, Dang".to_owned()));
}

#[test]
fn numbers_and_truth_are_written_out_where_a_text_is_wanted() {
    let args = [Cel::Int(-7), Cel::UInt(7), Cel::Float(1.5), Cel::Bool(true), Cel::from("x")];
    assert_eq!(join(&[args.to_vec(), vec![Cel::from(" ")]].concat()), Ok(Cel::from("-7 7 1.5 true x")));
    assert_eq!(left(&[Cel::from("abc"), Cel::UInt(2)]), Ok(Cel::from("ab")));
    assert!(left(&[Cel::from("abc"), Cel::from("2")]).is_err());
    assert!(left(&[Cel::from("abc"), Cel::Int(-1)]).is_err());
}
