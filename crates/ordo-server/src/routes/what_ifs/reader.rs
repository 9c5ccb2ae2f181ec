//! Collects what is refused of a form that is put together from the forms of other operations, each of
//! which names its fields from its own beginning.

use ordo_domain::Rejection;
use ordo_domain::check::Check;
use ordo_domain::rejection::FieldProblem;

/// Collects refused fields of all parts.
#[derive(Default)]
pub(super) struct Reader {
    /// Refused fields, with their whole pointers.
    pub check: Check,
    below: Vec<FieldProblem>,
}

impl Reader {
    /// Refuses what is not from `least` to `most`.
    pub fn range(&mut self, field: &str, value: i64, least: i64, most: i64) {
        if !(least..=most).contains(&value) {
            self.check
                .refuse(field, format!("must be from {least} to {most}"));
        }
    }

    /// Refuses a list of more than `most`.
    pub fn most(&mut self, field: &str, count: usize, most: usize) {
        if count > most {
            self.check.refuse(field, format!("holds more than {most}"));
        }
    }

    /// What `read` makes of a part that stands below `at`.
    pub fn below<T>(&mut self, at: &str, read: impl FnOnce(&mut Check) -> T) -> T {
        let mut check = Check::default();
        let value = read(&mut check);
        self.parsed(at, check.finish(()));
        value
    }

    /// What was made of a part that stands below `at`; `None` where it was refused.
    pub fn parsed<T>(&mut self, at: &str, parsed: Result<T, Rejection>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(rejection) => {
                self.below
                    .extend(rejection.fields.into_iter().map(|problem| FieldProblem {
                        field: format!("{at}{}", problem.field),
                        message: problem.message,
                    }));
                None
            }
        }
    }

    /// `value` where nothing was refused.
    pub fn finish<T>(self, value: T) -> Result<T, Rejection> {
        let mut check = self.check;
        for problem in self.below {
            check.refuse(problem.field, problem.message);
        }
        check.finish(value)
    }
}
