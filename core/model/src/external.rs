//! References that leave an account: the other resource is known by its kind and one property until the account it
//! lives in was collected too. Finding it is the engine's business.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Direction, EdgeType, Relation};

/// The property of the reported section that lists [`ExternalReference`]s.
pub const EXTERNAL_REFERENCES: &str = "external_references";

/// One resource of another account, as the holder of the reference knows it.
///
/// It is joined when exactly one resource fits; otherwise it stays what it is: known by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalReference {
    /// Kind, or base kind, of the other resource.
    pub kind: String,
    /// Property of its reported section that tells it apart, e.g. `id` or `name`.
    pub property: String,
    /// What stands there. Upper and lower case count only where several resources would fit otherwise.
    pub value: String,
    /// Further properties it must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, String>,
    /// Id or name of the account it must be in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Id or name of the zone it must be in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What the edge means.
    #[serde(default = "represents", skip_serializing_if = "is_represents")]
    pub relation: Relation,
    /// Which walks the edge takes part in.
    #[serde(default, skip_serializing_if = "is_default")]
    pub edge_type: EdgeType,
    /// Whether the edge leaves the holder of the reference, or enters it (a machine represents a node).
    #[serde(default = "inward", skip_serializing_if = "is_inward")]
    pub direction: Direction,
}

impl ExternalReference {
    /// The resource of this kind with this value as a property; it represents the holder.
    pub fn new(
        kind: impl Into<String>,
        property: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self {
            kind: kind.into(),
            property: property.into(),
            value: value.into(),
            also: BTreeMap::new(),
            account: None,
            zone: None,
            relation: represents(),
            edge_type: EdgeType::Default,
            direction: inward(),
        }
    }

    /// The same, in this account only.
    #[must_use]
    pub fn in_account(self, account: impl Into<String>) -> Self {
        Self {
            account: Some(account.into()),
            ..self
        }
    }

    /// The same, in this zone only.
    #[must_use]
    pub fn in_zone(self, zone: impl Into<String>) -> Self {
        Self {
            zone: Some(zone.into()),
            ..self
        }
    }

    /// The same, with a further property.
    #[must_use]
    pub fn and(mut self, property: impl Into<String>, value: impl Into<String>) -> Self {
        self.also.insert(property.into(), value.into());
        self
    }
}

fn represents() -> Relation {
    Relation::Represents
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde calls"
)]
fn is_represents(relation: &Relation) -> bool {
    *relation == represents()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde calls"
)]
fn is_default(edge_type: &EdgeType) -> bool {
    *edge_type == EdgeType::Default
}

fn inward() -> Direction {
    Direction::In
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde calls"
)]
fn is_inward(direction: &Direction) -> bool {
    *direction == inward()
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn a_reference_is_written_without_what_goes_without_saying() {
        let machine = ExternalReference::new("aws_ec2_instance", "id", "i-0abc");
        let short = json!({"kind": "aws_ec2_instance", "property": "id", "value": "i-0abc"});
        assert_eq!(to_value(&machine).unwrap(), short);
        assert_eq!(from_value::<ExternalReference>(short).unwrap(), machine);
        let disk = ExternalReference::new("gcp_disk", "name", "d")
            .in_account("p")
            .in_zone("z")
            .and("pool", "a");
        let long = to_value(&disk).unwrap();
        assert_eq!(long["also"], json!({"pool": "a"}));
        assert_eq!(from_value::<ExternalReference>(long).unwrap(), disk);
    }
}
