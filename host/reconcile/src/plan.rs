//! The digest of a plan: over its steps in the order of the plan, without times and run ids.
//!
//! Steps of different lanes are hashed apart, so that a plan of a million steps can be written lane by lane; the digest
//! is over the lanes in their order.

use crate::canonical::encode_text;
use rosterd_model::Class;
use rosterd_model::outbox::Lane;
use rosterd_model::plan::{Operation, PlanDigest, StateHash, Step, StepObject, Target};

/// The hash of the steps of one lane.
pub type LaneHash = [u8; 32];

/// So many bytes are hashed together: of many the hash is made several at a time.
const TOGETHER: usize = 64 * 1024;

/// Hashes the steps of one lane, one after the other.
#[derive(Debug)]
pub struct StepHasher {
    hasher: blake3::Hasher,
    /// What is not hashed yet.
    rows: Vec<u8>,
}

impl StepHasher {
    /// Starts a lane.
    #[must_use]
    pub fn new(lane: Lane) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[lane as u8]);
        Self { hasher, rows: Vec::new() }
    }

    /// Adds all parts of a step.
    pub fn step(&mut self, step: &Step) {
        for part in &step.parts {
            self.row(&part.target, step.class, part.operation, &step.object, &part.before, &part.after);
        }
    }

    /// Adds one part: where, what kind of object, what is done, to which one, from which state to which.
    pub fn row(
        &mut self,
        target: &Target,
        class: Class,
        operation: Operation,
        object: &StepObject,
        before: &StateHash,
        after: &StateHash,
    ) {
        let row = &mut self.rows;
        // The length of the row, once it is known.
        let start = row.len();
        row.extend_from_slice(&[0; 8]);
        match target {
            Target::Hub => row.push(0),
            Target::Destination(connection) => {
                row.push(1);
                encode_text(connection.as_str(), row);
            }
        }
        row.push(class.code());
        encode_text(operation.as_str(), row);
        match object {
            StepObject::Entity(entity) => {
                row.push(0);
                row.extend_from_slice(entity.as_bytes());
            }
            StepObject::New { connection, id } => {
                row.push(1);
                encode_text(connection.as_str(), row);
                encode_text(id.as_str(), row);
            }
        }
        row.extend_from_slice(before);
        row.extend_from_slice(after);
        let length = (row.len() - start - 8) as u64;
        row[start..start + 8].copy_from_slice(&length.to_be_bytes());
        if row.len() >= TOGETHER {
            self.hasher.update(row);
            row.clear();
        }
    }

    /// The hash of the lane.
    #[must_use]
    pub fn finish(mut self) -> LaneHash {
        self.hasher.update(&self.rows);
        *self.hasher.finalize().as_bytes()
    }
}

/// The digest of a plan from the hashes of its lanes, given in any order. A lane without steps may be left out or given
/// as the hash of nothing: both count the same.
#[must_use]
pub fn plan_digest(lanes: &[(Lane, LaneHash)]) -> PlanDigest {
    let mut lanes: Vec<&(Lane, LaneHash)> =
        lanes.iter().filter(|(lane, hash)| *hash != StepHasher::new(*lane).finish()).collect();
    lanes.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for (lane, hash) in lanes {
        hasher.update(&[*lane as u8]);
        hasher.update(hash);
    }
    PlanDigest(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::plan::{Part, Reason};
    use rosterd_model::{ConnectionId, EntityId};

    fn lane_of(rows: &[(u8, Operation)]) -> LaneHash {
        let mut hasher = StepHasher::new(Lane::Account);
        for (object, operation) in rows {
            let object = StepObject::Entity(EntityId::from_bytes([*object; 16]));
            hasher.row(&Target::Hub, Class::Account, *operation, &object, &[0; 16], &[1; 16]);
        }
        hasher.finish()
    }

    #[test]
    fn every_step_and_its_place_count_and_the_order_of_lanes_does_not() {
        let one = lane_of(&[(1, Operation::Create), (2, Operation::Create)]);
        assert_ne!(one, lane_of(&[(2, Operation::Create), (1, Operation::Create)]));
        assert_ne!(one, lane_of(&[(1, Operation::Create)]));
        assert_ne!(one, lane_of(&[(1, Operation::Create), (2, Operation::Update)]));
        let two = lane_of(&[(3, Operation::Disable)]);
        let digest = plan_digest(&[(Lane::Account, one), (Lane::Disable, two)]);
        assert_eq!(digest, plan_digest(&[(Lane::Disable, two), (Lane::Account, one)]));
        assert_ne!(digest, plan_digest(&[(Lane::Account, two), (Lane::Disable, one)]));
        let nothing = StepHasher::new(Lane::Urgent).finish();
        assert_eq!(digest, plan_digest(&[(Lane::Urgent, nothing), (Lane::Account, one), (Lane::Disable, two)]));
    }

    #[test]
    fn the_hash_of_a_lane_never_changes() {
        // Approvals name plans by it. So many rows are hashed in several portions.
        let rows: Vec<(u8, Operation)> = (0..3_000_u32).map(|number| (number as u8, Operation::Update)).collect();
        let row = |object: u8| [&[0, 1, 6][..], b"update", &[0], &[object; 16], &[0; 16], &[1; 16]].concat();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[Lane::Account as u8]);
        for (object, _) in &rows {
            let row = row(*object);
            hasher.update(&(row.len() as u64).to_be_bytes());
            hasher.update(&row);
        }
        assert_eq!(lane_of(&rows), *hasher.finalize().as_bytes());
    }

    #[test]
    fn a_step_counts_with_all_of_its_parts() {
        let part = |target| Part {
            target,
            operation: Operation::Update,
            before: [0; 16],
            after: [1; 16],
            changes: Vec::new(),
            lifecycle: None,
        };
        let app: ConnectionId = "app".parse().expect("a connection");
        let parts = [part(Target::Hub), part(Target::Destination(app.clone()))];
        let step = |parts: &[Part], object: &StepObject| {
            let mut hasher = StepHasher::new(Lane::Account);
            hasher.step(&Step {
                class: Class::Account,
                object: object.clone(),
                label: "ann".into(),
                reason: Reason::Changed,
                source: None,
                claims: None,
                mapping: [0; 8],
                parts: parts.to_vec(),
            });
            hasher.finish()
        };
        let (new, known) =
            (StepObject::New { connection: app, id: "7".into() }, StepObject::Entity(EntityId::from_bytes([7; 16])));
        let nothing = StepHasher::new(Lane::Account).finish();
        let all = [nothing, step(&parts, &new), step(&parts[..1], &new), step(&parts[1..], &new), step(&parts, &known)];
        let different: std::collections::BTreeSet<LaneHash> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
