//! The stream of objects of one cluster: what every cluster has first, then team namespaces until
//! the wished number is reached.
//!
//! How an object looks is decided by the builders; here only what comes next.
use serde_json::{Value, json};

use super::basic;
use super::batch;
use super::deployment::{self, App};
use super::machine;
use super::oddities;
use super::pod::Health;
use super::release;
use super::stateful::{self, Database};
use super::system;
use super::world::{DAY, World};

/// Teams; the namespaces of every cluster begin with these.
const TEAMS: [&str; 16] = [
    "checkout",
    "payments",
    "search",
    "catalog",
    "identity",
    "shipping",
    "billing",
    "ads",
    "mail",
    "media",
    "analytics",
    "fraud",
    "support",
    "reviews",
    "pricing",
    "mobile",
];

/// Applications; the same ones turn up in many namespaces.
const APPS: [&str; 24] = [
    "web",
    "api",
    "worker",
    "cache",
    "gateway",
    "scheduler",
    "importer",
    "exporter",
    "mailer",
    "indexer",
    "auth",
    "session",
    "report",
    "webhook",
    "proxy",
    "queue",
    "notifier",
    "sync",
    "render",
    "archiver",
    "metrics",
    "admin",
    "bot",
    "stream",
];

/// The objects of a cluster, one by one.
#[derive(Debug)]
pub struct Objects {
    world: World,
    release: bool,
    /// How many are still to come.
    left: usize,
    /// The `resourceVersion` given last.
    version: u64,
    step: Step,
    batch: std::vec::IntoIter<Value>,
}

#[derive(Debug)]
enum Step {
    System,
    Oddities,
    Release,
    Node(usize),
    Namespace(usize),
    /// The workloads of a namespace that are still to be built, the next one last.
    Workloads {
        number: usize,
        namespace: String,
        plans: Vec<Plan>,
    },
    End,
}

#[derive(Debug)]
struct Plan {
    app: &'static str,
    form: Form,
    age: i64,
    replicas: usize,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Application(Health),
    Database,
    Cron,
}

impl Objects {
    pub(super) fn new(world: World, size: usize, release: bool) -> Self {
        Self {
            world,
            release,
            left: size,
            version: 1_000,
            step: Step::System,
            batch: Vec::new().into_iter(),
        }
    }

    /// Builds the next batch. `None` after the last one.
    fn advance(&mut self) -> Option<Vec<Value>> {
        let world = &mut self.world;
        // The steps up to the nodes are the same for every size and always complete.
        let (batch, next) = match std::mem::replace(&mut self.step, Step::End) {
            Step::System => (system::system(world), Step::Oddities),
            Step::Oddities => (oddities::oddities(world), Step::Release),
            Step::Release if self.release => (release::release(world), Step::Node(0)),
            Step::Release => (Vec::new(), Step::Node(0)),
            Step::Node(number) => {
                let next = number + 1;
                let step = if next < world.nodes {
                    Step::Node(next)
                } else {
                    Step::Namespace(0)
                };
                (machine::node(world, number), step)
            }
            step => return self.grow(step),
        };
        self.left = self.left.saturating_sub(batch.len());
        self.step = next;
        Some(batch)
    }

    /// Adds a namespace or a workload while it fits, then fills up what is missing.
    fn grow(&mut self, step: Step) -> Option<Vec<Value>> {
        let (batch, next) = match step {
            Step::Namespace(number) => namespace(&self.world, number),
            Step::Workloads {
                number,
                namespace,
                mut plans,
            } => match plans.pop() {
                Some(plan) => {
                    let batch = workload(&mut self.world, &namespace, &plan);
                    (
                        batch,
                        Step::Workloads {
                            number,
                            namespace,
                            plans,
                        },
                    )
                }
                None => (Vec::new(), Step::Namespace(number + 1)),
            },
            _ => return None,
        };
        if batch.len() <= self.left {
            self.left -= batch.len();
            self.step = next;
            return Some(batch);
        }
        Some(settings(&self.world, std::mem::take(&mut self.left)))
    }
}

impl Iterator for Objects {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(mut object) = self.batch.next() {
                self.version += 3;
                object["metadata"]["resourceVersion"] = self.version.to_string().into();
                return Some(object);
            }
            self.batch = self.advance()?.into_iter();
        }
    }
}

/// A team namespace without its workloads, and what is to come in it.
fn namespace(world: &World, number: usize) -> (Vec<Value>, Step) {
    let team = TEAMS[number % TEAMS.len()];
    let name = match TEAMS.get(number) {
        Some(team) => (*team).to_owned(),
        None => format!("{team}-{number:04}"),
    };
    let mut dice = world.dice(&["namespace", &name]);
    let first = dice.below(APPS.len());
    let plans: Vec<Plan> = (0..dice.between(6, 14))
        .map(|place| {
            let form = match dice.below(100) {
                0..74 => Form::Application(match dice.below(100) {
                    0..4 => Health::CrashLoop,
                    4..6 => Health::ImagePull,
                    6..8 => Health::Unschedulable,
                    _ => Health::Running,
                }),
                74..86 => Form::Database,
                _ => Form::Cron,
            };
            Plan {
                app: APPS[(first + place) % APPS.len()],
                form,
                age: i64::try_from(dice.between(1, 90)).unwrap_or(1) * DAY,
                replicas: match form {
                    Form::Application(_) => dice.between(2, 11),
                    Form::Database => dice.between(1, 3),
                    Form::Cron => 0,
                },
            }
        })
        .collect();
    let pods = plans.iter().map(|plan| plan.replicas).sum();
    let mut objects = basic::namespace(world, &name, team, 100 * DAY);
    objects.extend(basic::limits(world, &name, pods, 100 * DAY));
    (
        objects,
        Step::Workloads {
            number,
            namespace: name,
            plans,
        },
    )
}

fn workload(world: &mut World, namespace: &str, plan: &Plan) -> Vec<Value> {
    let Plan {
        app,
        form,
        age,
        replicas,
    } = *plan;
    match form {
        Form::Application(health) => {
            let healthy = if health == Health::Running {
                replicas
            } else {
                replicas / 2
            };
            let app = App {
                namespace,
                name: app,
                age,
                replicas,
                health,
                healthy,
            };
            deployment::application(world, &app)
        }
        Form::Database => {
            let name = format!("{app}-db");
            stateful::database(
                world,
                Database {
                    namespace,
                    name: &name,
                    age,
                    replicas,
                },
            )
        }
        Form::Cron => batch::cron(world, namespace, &format!("{app}-nightly"), age),
    }
}

/// Plain config maps, so that the number of objects comes out as wished.
fn settings(world: &World, count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| {
            let name = format!("settings-{number:04}");
            basic::config_map(world, "default", &name, json!({"enabled": "true"}), DAY).done()
        })
        .collect()
}
