//! The checked form of an expression: one tree per type, so that evaluation never asks for a type.

use super::field::{Amount, Flag, Label, Labels};

/// True or false.
#[derive(Debug, Clone)]
pub(super) enum Bool {
    Is(bool),
    Flag(Flag),
    Not(Box<Bool>),
    And(Box<Bool>, Box<Bool>),
    Or(Box<Bool>, Box<Bool>),
    If(Box<[Bool; 3]>),
    Same(Box<Bool>, Box<Bool>),
    CompareInt(Compare, Int, Int),
    CompareText(Compare, Text, Text),
    IntIn(Int, Vec<Int>),
    TextIn(Text, Texts),
    Part(Part, Text, Text),
    Lines(Lines, Box<Bool>),
}

/// A whole number.
#[derive(Debug, Clone)]
pub(super) enum Int {
    Is(i64),
    Amount(Amount),
    LineCount,
    LengthOf(Text),
    CountOf(Texts),
    Negative(Box<Int>),
    Sum(Sum, Box<Int>, Box<Int>),
    If(Box<(Bool, Int, Int)>),
}

/// A text.
#[derive(Debug, Clone)]
pub(super) enum Text {
    Is(String),
    Label(Label),
    If(Box<(Bool, Text, Text)>),
}

/// Several texts.
#[derive(Debug, Clone)]
pub(super) enum Texts {
    Are(Vec<Text>),
    Labels(Labels),
}

/// How two of a kind are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

/// How two numbers become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    Plus,
    Minus,
    Times,
    Over,
    Rest,
}

/// Where a text stands in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Starts,
    Ends,
    Contains,
}

/// How many lines must have something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    Any,
    All,
    One,
}
