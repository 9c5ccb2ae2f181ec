//! The inverse of the small matrix in the middle of the linear program, kept up to date while
//! columns and rows come and go.
//!
//! The matrix has one row per tight limit and one column per extra plan. Its inverse is kept with
//! one vector per tight limit, one entry per extra, so that most of the work runs along vectors.
#![expect(
    clippy::float_arithmetic,
    reason = "prices are approximations; costs never pass here"
)]

#[derive(Debug, Default)]
pub(crate) struct Kernel {
    rows: Vec<Vec<f64>>,
}

/// A pivot smaller than this makes the matrix as good as singular.
const PIVOT_MIN: f64 = 1e-11;

impl Kernel {
    /// What one unit of a tight limit moves each extra by.
    pub fn row(&self, limit: usize) -> &[f64] {
        &self.rows[limit]
    }

    /// Adds a multiple of a row to a sum.
    pub fn add_row(&self, limit: usize, factor: f64, sum: &mut [f64]) {
        subtract(sum, &self.rows[limit], -factor);
    }

    /// Another column takes the place of an extra; `alpha` is it, seen through the inverse.
    pub fn replace_extra(&mut self, extra: usize, alpha: &[f64]) {
        for row in &mut self.rows {
            let share = row[extra] / alpha[extra];
            subtract(row, alpha, share);
            row[extra] = share;
        }
    }

    /// Other entries take the place of a tight limit's.
    pub fn replace_limit(&mut self, limit: usize, entries: &[f64]) {
        let betas: Vec<f64> = self.rows.iter().map(|row| dot(row, entries)).collect();
        let pivot = betas[limit];
        let alpha = self.rows[limit].clone();
        for (at, row) in self.rows.iter_mut().enumerate() {
            let share = if at == limit {
                1.0 - 1.0 / pivot
            } else {
                betas[at] / pivot
            };
            subtract(row, &alpha, share);
        }
    }

    /// A limit and an extra join. `entries` are the old extras on the limit, `alpha` the new extra
    /// seen through the inverse, `corner` the new extra on the limit.
    pub fn grow(&mut self, entries: &[f64], alpha: &[f64], corner: f64) {
        let pivot = corner - dot(alpha, entries);
        for row in &mut self.rows {
            let share = dot(row, entries) / pivot;
            subtract(row, alpha, -share);
            row.push(-share);
        }
        let mut row: Vec<f64> = alpha.iter().map(|entry| -entry / pivot).collect();
        row.push(1.0 / pivot);
        self.rows.push(row);
    }

    /// A limit and an extra leave; the last of each takes their place.
    pub fn shrink(&mut self, limit: usize, extra: usize) {
        let alpha = self.rows.swap_remove(limit);
        for row in &mut self.rows {
            let share = row[extra] / alpha[extra];
            subtract(row, &alpha, share);
            row.swap_remove(extra);
        }
    }

    /// An extra changes places with its order's key column. `mates` are all extras of the order.
    pub fn crown(&mut self, extra: usize, mates: &[usize]) {
        for row in &mut self.rows {
            row[extra] = -mates.iter().map(|&mate| row[mate]).sum::<f64>();
        }
    }

    /// Inverts a matrix given by extra, then limit: elimination with the largest entry of each
    /// column as pivot. What is as good as singular is left as it was.
    pub fn rebuild(&mut self, mut matrix: Vec<Vec<f64>>) {
        let size = matrix.len();
        let unit = |row: usize| (0..size).map(move |at| if at == row { 1.0 } else { 0.0 });
        let mut inverse: Vec<Vec<f64>> = (0..size).map(|row| unit(row).collect()).collect();
        for at in 0..size {
            let mut largest = at;
            for row in at + 1..size {
                if matrix[row][at].abs() > matrix[largest][at].abs() {
                    largest = row;
                }
            }
            matrix.swap(at, largest);
            inverse.swap(at, largest);
            let pivot = matrix[at][at];
            if pivot.abs() < PIVOT_MIN {
                return;
            }
            for entry in matrix[at][at..].iter_mut().chain(&mut inverse[at]) {
                *entry /= pivot;
            }
            let (row, other) = (matrix[at].clone(), inverse[at].clone());
            for below in (0..size).filter(|&below| below != at) {
                let factor = matrix[below][at];
                if factor != 0.0 {
                    subtract(&mut matrix[below][at..], &row[at..], factor);
                    subtract(&mut inverse[below], &other, factor);
                }
            }
        }
        self.rows = inverse;
    }
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn subtract(from: &mut [f64], what: &[f64], factor: f64) {
    for (entry, other) in from.iter_mut().zip(what) {
        *entry -= factor * other;
    }
}
