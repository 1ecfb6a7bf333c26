//! Printing a tree gives a text that is read back as the same tree.
use std::fmt::Display;

use proptest::prelude::*;
use stocktake_query::*;

use crate::trees;

fn list<T: Display>(items: &[T], between: &str) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(between)
}

proptest! {
    #[test]
    fn a_printed_query_is_read_back(query in trees::query()) {
        let printed = query.to_string();
        prop_assert_eq!(parse(&printed), Ok(query), "{}", printed);
    }

    #[test]
    fn brackets_that_show_the_reading_do_not_change_it(filter in trees::filter()) {
        let printed = format!("{filter:#}");
        let read = parse(&printed).map(|mut query| query.parts.remove(0).filter);
        prop_assert_eq!(read, Ok(filter), "{}", printed);
    }

    #[test]
    fn a_printed_query_is_printed_the_same_way_again(query in trees::query()) {
        let printed = query.to_string();
        prop_assert_eq!(parse(&printed).unwrap().to_string(), printed);
    }

    #[test]
    fn a_printed_path_is_read_back(path in trees::path()) {
        prop_assert_eq!(parse_path(&path.to_string()), Ok(path));
    }

    #[test]
    fn a_printed_aggregation_is_read_back(aggregate in trees::aggregate()) {
        let printed = aggregate.to_string();
        prop_assert_eq!(parse_aggregate(&printed), Ok(aggregate), "{}", printed);
    }

    #[test]
    fn a_printed_template_is_read_back(pieces in trees::pieces()) {
        let printed = list(&pieces, "");
        prop_assert_eq!(parse_template(&printed), Ok(pieces), "{}", printed);
    }

    #[test]
    fn printed_columns_are_read_back(columns in trees::columns()) {
        let printed = list(&columns, ", ");
        prop_assert_eq!(parse_columns(&printed), Ok(columns), "{}", printed);
    }

    #[test]
    fn printed_sort_keys_are_read_back(keys in trees::sort_keys()) {
        let printed = list(&keys, ", ");
        prop_assert_eq!(parse_sort(&printed), Ok(keys), "{}", printed);
    }

    #[test]
    fn resolving_twice_is_resolving_once(query in trees::query()) {
        let once = query.in_section("reported");
        prop_assert_eq!(once.clone().in_section("reported"), once.clone());
        let printed = once.to_string();
        prop_assert_eq!(parse(&printed), Ok(once), "{}", printed);
    }
}
