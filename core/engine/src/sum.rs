//! A sum of numbers that does not collect the errors of its additions: exact for whole numbers, compensated
//! (Neumaier) for others.
use crate::value::Num;

/// Numbers added up so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Sum {
    whole: i128,
    rest: f64,
    /// What `rest` lost to rounding.
    lost: f64,
    fractions: bool,
}

impl Sum {
    pub(crate) fn add(&mut self, number: Num) {
        match number {
            Num::Int(int) => self.whole += int,
            Num::Float(float) => self.add_float(float),
        }
    }

    fn add_float(&mut self, float: f64) {
        self.fractions |= float != 0.0;
        let sum = self.rest + float;
        self.lost += if self.rest.abs() >= float.abs() {
            (self.rest - sum) + float
        } else {
            (float - sum) + self.rest
        };
        self.rest = sum;
    }

    /// A whole number as long as nothing else was added.
    pub(crate) fn value(mut self) -> Num {
        if !self.fractions {
            return Num::Int(self.whole);
        }
        self.add_float(Num::Int(self.whole).as_f64());
        // An infinity has lost everything else.
        let sum = self.rest + self.lost;
        Num::Float(if self.rest.is_finite() {
            sum
        } else {
            self.rest
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numbers: &[Num], expected: Num) {
        let mut sum = Sum::default();
        for number in numbers {
            sum.add(*number);
        }
        assert_eq!(sum.value().to_value(), expected.to_value());
    }

    #[test]
    fn errors_of_additions_do_not_add_up() {
        use Num::{Float, Int};
        check(&[Float(0.05); 401], Float(20.05));
        check(&[Float(0.1); 10], Float(1.0));
        check(&[Float(1e100), Float(1.0), Float(-1e100)], Float(1.0));
        check(&[Int(3), Float(0.5)], Float(3.5));
        check(&[Int(i128::from(u64::MAX)), Int(1)], Int(1 << 64));
        check(&[], Int(0));
    }
}
