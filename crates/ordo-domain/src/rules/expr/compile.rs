//! Reads a text as CEL and checks it: every name is known, every type fits, and no condition on all
//! lines stands inside of another one.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators,
};
use cel::parser::Parser;

use super::field::{Dial, Field, Variable, Which};
use super::node::{Bool, Compare, Int, Lines, Part, Sum, Text, Texts};
use super::{ExpressionFlaw, LENGTH_MAX, Scope};

/// How deep an expression may be nested.
const DEPTH_MAX: usize = 16;
/// The parser calls itself dozens of times for each bracket and each `?`, more than the stacks of the
/// threads that ask for it hold: unoptimized, 16 brackets take 2 MiB.
const STACK_BYTES: usize = 32 << 20;

type Checked<T> = Result<T, ExpressionFlaw>;

/// Reads a condition.
pub(super) fn condition<S: Scope>(text: &str) -> Checked<Bool> {
    read::<S, _>(text, |reader, tree| reader.bool(tree))
}

/// Reads a whole number.
pub(super) fn number<S: Scope>(text: &str) -> Checked<Int> {
    read::<S, _>(text, |reader, tree| reader.int(tree))
}

fn read<S: Scope, T: Send>(
    text: &str,
    check: impl Fn(&Reader, &IdedExpr) -> Checked<T> + Send,
) -> Checked<T> {
    let whole = |message: String| ExpressionFlaw {
        message,
        line: 1,
        column: 1,
    };
    if text.len() > LENGTH_MAX {
        return Err(whole(format!("it is longer than {LENGTH_MAX} bytes")));
    }
    if text.trim().is_empty() {
        return Err(whole("it is empty".to_owned()));
    }
    if depth(text) > DEPTH_MAX {
        return Err(whole(format!("it is nested more than {DEPTH_MAX} deep")));
    }
    // For a larger stack: whoever asks waits, so that nothing runs side by side.
    #[allow(clippy::disallowed_methods)]
    std::thread::scope(|threads| {
        let deep = std::thread::Builder::new().stack_size(STACK_BYTES);
        let parsing = deep.spawn_scoped(threads, || parse::<S, T>(text, check));
        let parsed = parsing.expect("a thread can be made").join();
        parsed.unwrap_or_else(|_| Err(whole("it cannot be read".to_owned())))
    })
}

fn parse<S: Scope, T>(text: &str, check: impl Fn(&Reader, &IdedExpr) -> Checked<T>) -> Checked<T> {
    match Parser::new().parse_with_source_info(text) {
        Ok((tree, info)) => {
            let reader = Reader {
                info: &info,
                has_location: S::LOCATION,
                has_line: S::LINE,
                each: None,
            };
            check(&reader, &tree)
        }
        Err(errors) => {
            let first = errors.errors.first();
            let place = |at: isize| u32::try_from(at).unwrap_or(1).max(1);
            Err(ExpressionFlaw {
                message: first
                    .map_or_else(|| "it cannot be read".to_owned(), |one| one.msg.clone()),
                line: first.map_or(1, |one| place(one.pos.0)),
                column: first.map_or(1, |one| place(one.pos.1)),
            })
        }
    }
}

/// How deep brackets and choices are nested at most, told without a parser. A bracket within a text
/// counts too: no more is refused by that than should be.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut choices) = (0_usize, 0, 0);
    for one in text.chars() {
        match one {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '?' => choices += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest + choices
}

/// A checked part of an expression.
enum Value {
    Bool(Bool),
    Int(Int),
    Text(Text),
    Texts(Texts),
    Ints(Vec<Int>),
    Lines,
    Variable(Variable),
}

impl Value {
    const fn name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a whole number",
            Self::Text(_) => "a text",
            Self::Texts(_) => "a list of texts",
            Self::Ints(_) => "a list of numbers",
            Self::Lines => "the list of lines",
            Self::Variable(_) => "a variable, of which a field must be named",
        }
    }
}

/// What names stand for at some place of an expression.
#[derive(Clone, Copy)]
struct Reader<'r> {
    info: &'r SourceInfo,
    has_location: bool,
    has_line: bool,
    /// The variable of `lines.exists` and the like, inside of one.
    each: Option<&'r str>,
}

impl Reader<'_> {
    fn flaw(&self, at: &IdedExpr, message: impl Into<String>) -> ExpressionFlaw {
        let start = self
            .info
            .offset_for(at.id)
            .map_or(0, |(start, _)| start as usize);
        let before: Vec<char> = self.info.source.chars().take(start).collect();
        let lines = before.iter().filter(|one| **one == '\n').count();
        let column = before.iter().rev().take_while(|one| **one != '\n').count();
        ExpressionFlaw {
            message: message.into(),
            line: lines as u32 + 1,
            column: column as u32 + 1,
        }
    }

    fn bool(&self, tree: &IdedExpr) -> Checked<Bool> {
        match self.value(tree)? {
            Value::Bool(node) => Ok(node),
            other => Err(self.flaw(tree, format!("this is {}, not true or false", other.name()))),
        }
    }

    fn int(&self, tree: &IdedExpr) -> Checked<Int> {
        match self.value(tree)? {
            Value::Int(node) => Ok(node),
            other => Err(self.flaw(
                tree,
                format!("this is {}, not a whole number", other.name()),
            )),
        }
    }

    fn text(&self, tree: &IdedExpr) -> Checked<Text> {
        match self.value(tree)? {
            Value::Text(node) => Ok(node),
            other => Err(self.flaw(tree, format!("this is {}, not a text", other.name()))),
        }
    }

    fn value(&self, tree: &IdedExpr) -> Checked<Value> {
        match &tree.expr {
            Expr::Literal(literal) => self.literal(tree, literal),
            Expr::Ident(name) => self.variable(tree, name),
            Expr::Select(select) => self.field(tree, select),
            Expr::Call(call) => self.call(tree, call),
            Expr::List(list) => self.list(tree, &list.elements),
            Expr::Comprehension(all) => self.lines(tree, all).map(Value::Bool),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(self.flaw(tree, "maps and messages have no use here"))
            }
        }
    }

    fn literal(&self, tree: &IdedExpr, literal: &LiteralValue) -> Checked<Value> {
        match literal {
            LiteralValue::Boolean(value) => Ok(Value::Bool(Bool::Is(*value.inner()))),
            LiteralValue::Int(value) => Ok(Value::Int(Int::Is(*value.inner()))),
            LiteralValue::String(value) => Ok(Value::Text(Text::Is(value.inner().to_owned()))),
            LiteralValue::Double(_) => {
                let message = "numbers are whole: amounts are in minor units, such as cents";
                Err(self.flaw(tree, message))
            }
            LiteralValue::UInt(_) => Err(self.flaw(tree, "write the number without u")),
            LiteralValue::Bytes(_) => Err(self.flaw(tree, "bytes have no use here")),
            LiteralValue::Null => {
                let message =
                    "nothing is null: what is not known is '' or 0, and has(…) asks for it";
                Err(self.flaw(tree, message))
            }
        }
    }

    fn variable(&self, tree: &IdedExpr, name: &str) -> Checked<Value> {
        let known = match name {
            _ if self.each == Some(name) => Some(Value::Variable(Variable::Line(Which::Each))),
            "order" => Some(Value::Variable(Variable::Order)),
            "customer" => Some(Value::Variable(Variable::Customer)),
            "now" => Some(Value::Variable(Variable::Clock(Dial::Utc))),
            "lines" => Some(Value::Lines),
            "location" if self.has_location => Some(Value::Variable(Variable::Location)),
            "local" if self.has_location => Some(Value::Variable(Variable::Clock(Dial::Local))),
            "line" if self.has_line => Some(Value::Variable(Variable::Line(Which::Given))),
            _ => None,
        };
        known.ok_or_else(|| {
            let mut names = vec!["order", "lines", "customer", "now"];
            names.extend(
                self.has_location
                    .then_some(["location", "local"])
                    .into_iter()
                    .flatten(),
            );
            names.extend(self.has_line.then_some("line"));
            names.extend(self.each);
            self.flaw(
                tree,
                format!("there is no {name} here; there is {}", names.join(", ")),
            )
        })
    }

    fn field(&self, tree: &IdedExpr, select: &SelectExpr) -> Checked<Value> {
        let Value::Variable(variable) = self.value(&select.operand)? else {
            return Err(self.flaw(tree, format!("this has no field {}", select.field)));
        };
        let Some(field) = variable.field(&select.field) else {
            let names = variable.names().join(", ");
            let message = format!("there is no field {}; there is {names}", select.field);
            return Err(self.flaw(tree, message));
        };
        Ok(match (field, select.test) {
            (Field::Flag(flag), _) => Value::Bool(Bool::Flag(flag)),
            (Field::Amount(amount), false) => Value::Int(Int::Amount(amount)),
            (Field::Label(label), false) => Value::Text(Text::Label(label)),
            (Field::Labels(labels), false) => Value::Texts(Texts::Labels(labels)),
            // As in proto3, what has its default value is not there.
            (Field::Amount(amount), true) => {
                let zero = Int::Is(0);
                Value::Bool(Bool::CompareInt(
                    Compare::NotEqual,
                    Int::Amount(amount),
                    zero,
                ))
            }
            (Field::Label(label), true) => {
                let empty = Text::Is(String::new());
                Value::Bool(Bool::CompareText(
                    Compare::NotEqual,
                    Text::Label(label),
                    empty,
                ))
            }
            (Field::Labels(labels), true) => {
                let count = Int::CountOf(Texts::Labels(labels));
                Value::Bool(Bool::CompareInt(Compare::More, count, Int::Is(0)))
            }
        })
    }

    fn list(&self, tree: &IdedExpr, elements: &[IdedExpr]) -> Checked<Value> {
        let mut texts = Vec::new();
        let mut ints = Vec::new();
        for element in elements {
            match self.value(element)? {
                Value::Text(text) => texts.push(text),
                Value::Int(int) => ints.push(int),
                other => {
                    let message = format!("a list holds texts or numbers, not {}", other.name());
                    return Err(self.flaw(element, message));
                }
            }
        }
        match (texts.is_empty(), ints.is_empty()) {
            (false, false) => Err(self.flaw(tree, "a list holds texts or numbers, not both")),
            (true, false) => Ok(Value::Ints(ints)),
            (false, true) => Ok(Value::Texts(Texts::Are(texts))),
            (true, true) => Err(self.flaw(tree, "the list is empty")),
        }
    }

    fn call(&self, tree: &IdedExpr, call: &CallExpr) -> Checked<Value> {
        let mut args: Vec<&IdedExpr> = call.target.as_deref().into_iter().collect();
        args.extend(&call.args);
        let compared = |how| match args.as_slice() {
            [left, right] => self.compare(tree, how, left, right).map(Value::Bool),
            _ => Err(self.unknown(tree, call)),
        };
        let summed = |sum| match args.as_slice() {
            [left, right] => {
                let (left, right) = (self.int(left)?, self.int(right)?);
                Ok(Value::Int(Int::Sum(sum, Box::new(left), Box::new(right))))
            }
            _ => Err(self.unknown(tree, call)),
        };
        let part = |part| match args.as_slice() {
            [text, inner] => {
                let node = Bool::Part(part, self.text(text)?, self.text(inner)?);
                Ok(Value::Bool(node))
            }
            _ => Err(self.unknown(tree, call)),
        };
        match (call.func_name.as_str(), args.as_slice()) {
            (operators::LOGICAL_NOT, [inner]) => Ok(Value::Bool(match self.bool(inner)? {
                Bool::Is(value) => Bool::Is(!value),
                inner => Bool::Not(Box::new(inner)),
            })),
            (operators::LOGICAL_AND, [left, right]) => {
                let (left, right) = (self.bool(left)?, self.bool(right)?);
                Ok(Value::Bool(match (left, right) {
                    (Bool::Is(false), _) | (_, Bool::Is(false)) => Bool::Is(false),
                    (Bool::Is(true), other) | (other, Bool::Is(true)) => other,
                    (left, right) => Bool::And(Box::new(left), Box::new(right)),
                }))
            }
            (operators::LOGICAL_OR, [left, right]) => {
                let (left, right) = (self.bool(left)?, self.bool(right)?);
                Ok(Value::Bool(match (left, right) {
                    (Bool::Is(true), _) | (_, Bool::Is(true)) => Bool::Is(true),
                    (Bool::Is(false), other) | (other, Bool::Is(false)) => other,
                    (left, right) => Bool::Or(Box::new(left), Box::new(right)),
                }))
            }
            (operators::CONDITIONAL, [test, then, other]) => self.choice(test, then, other),
            (operators::EQUALS, _) => compared(Compare::Equal),
            (operators::NOT_EQUALS, _) => compared(Compare::NotEqual),
            (operators::LESS, _) => compared(Compare::Less),
            (operators::LESS_EQUALS, _) => compared(Compare::LessOrEqual),
            (operators::GREATER, _) => compared(Compare::More),
            (operators::GREATER_EQUALS, _) => compared(Compare::MoreOrEqual),
            (operators::ADD, _) => summed(Sum::Plus),
            (operators::SUBSTRACT, _) => summed(Sum::Minus),
            (operators::MULTIPLY, _) => summed(Sum::Times),
            (operators::DIVIDE, _) => summed(Sum::Over),
            (operators::MODULO, _) => summed(Sum::Rest),
            (operators::NEGATE, [inner]) => {
                Ok(Value::Int(Int::Negative(Box::new(self.int(inner)?))))
            }
            (operators::IN, [one, list]) => self.among(list, one).map(Value::Bool),
            ("startsWith", _) => part(Part::Starts),
            ("endsWith", _) => part(Part::Ends),
            ("contains", _) => part(Part::Contains),
            ("size", [inner]) => Ok(Value::Int(match self.value(inner)? {
                Value::Text(text) => Int::LengthOf(text),
                Value::Texts(texts) => Int::CountOf(texts),
                Value::Ints(ints) => Int::Is(ints.len() as i64),
                Value::Lines => Int::LineCount,
                other => {
                    return Err(self.flaw(inner, format!("{} has no size", other.name())));
                }
            })),
            _ => Err(self.unknown(tree, call)),
        }
    }

    fn unknown(&self, tree: &IdedExpr, call: &CallExpr) -> ExpressionFlaw {
        let name = &call.func_name;
        let message = match name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            true => format!(
                "there is no function {name}; there is size, startsWith, endsWith, contains, has, \
                 and lines.exists, all and exists_one"
            ),
            false => format!("the operator {} does not do this", name.replace('_', "")),
        };
        self.flaw(tree, message)
    }

    fn choice(&self, test: &IdedExpr, then: &IdedExpr, other: &IdedExpr) -> Checked<Value> {
        let test = self.bool(test)?;
        match (self.value(then)?, self.value(other)?) {
            (Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(Bool::If(Box::new([test, a, b])))),
            (Value::Int(a), Value::Int(b)) => Ok(Value::Int(Int::If(Box::new((test, a, b))))),
            (Value::Text(a), Value::Text(b)) => Ok(Value::Text(Text::If(Box::new((test, a, b))))),
            (a, b) => {
                let message = format!("one side is {}, the other {}", a.name(), b.name());
                Err(self.flaw(other, message))
            }
        }
    }

    fn compare(
        &self,
        tree: &IdedExpr,
        how: Compare,
        left: &IdedExpr,
        right: &IdedExpr,
    ) -> Checked<Bool> {
        match (self.value(left)?, self.value(right)?) {
            (Value::Int(a), Value::Int(b)) => Ok(Bool::CompareInt(how, a, b)),
            (Value::Text(a), Value::Text(b)) => Ok(Bool::CompareText(how, a, b)),
            (Value::Bool(a), Value::Bool(b)) => match how {
                Compare::Equal => Ok(Bool::Same(Box::new(a), Box::new(b))),
                Compare::NotEqual => {
                    let same = Bool::Same(Box::new(a), Box::new(b));
                    Ok(Bool::Not(Box::new(same)))
                }
                Compare::Less | Compare::LessOrEqual | Compare::More | Compare::MoreOrEqual => {
                    Err(self.flaw(tree, "true is not more than false"))
                }
            },
            (a, b) => {
                let message = format!("{} cannot be compared with {}", a.name(), b.name());
                Err(self.flaw(tree, message))
            }
        }
    }

    fn among(&self, list: &IdedExpr, one: &IdedExpr) -> Checked<Bool> {
        match (self.value(one)?, self.value(list)?) {
            (Value::Text(one), Value::Texts(texts)) => Ok(Bool::TextIn(one, texts)),
            (Value::Int(one), Value::Ints(ints)) => Ok(Bool::IntIn(one, ints)),
            (a, b) => {
                let message = format!("{} is never in {}", a.name(), b.name());
                Err(self.flaw(list, message))
            }
        }
    }

    /// A condition on the lines, told by the shape that the parser gives its macro.
    fn lines(&self, tree: &IdedExpr, all: &ComprehensionExpr) -> Checked<Bool> {
        if self.each.is_some() {
            let message = "a condition on all lines cannot stand inside of another one";
            return Err(self.flaw(tree, message));
        }
        if !matches!(self.value(&all.iter_range)?, Value::Lines) {
            return Err(self.flaw(&all.iter_range, "only lines can be gone through"));
        }
        let only = || self.flaw(tree, "of lines there is exists, all and exists_one only");
        let Expr::Call(step) = &all.loop_step.expr else {
            return Err(only());
        };
        let starts_at = |literal: &LiteralValue| matches!(&all.accu_init.expr, Expr::Literal(first) if first == literal);
        let (how, test) = match (step.func_name.as_str(), step.args.as_slice()) {
            (operators::LOGICAL_OR, [_, test])
                if starts_at(&LiteralValue::Boolean(false.into())) =>
            {
                (Lines::Any, test)
            }
            (operators::LOGICAL_AND, [_, test])
                if starts_at(&LiteralValue::Boolean(true.into())) =>
            {
                (Lines::All, test)
            }
            (operators::CONDITIONAL, [test, _, _]) if starts_at(&LiteralValue::Int(0.into())) => {
                (Lines::One, test)
            }
            _ => return Err(only()),
        };
        let inside = Reader {
            each: Some(&all.iter_var),
            ..*self
        };
        Ok(Bool::Lines(how, Box::new(inside.bool(test)?)))
    }
}
