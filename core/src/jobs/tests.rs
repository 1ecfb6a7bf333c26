//! Jobs: when they are due, what wakes them, what is kept of them.
use super::*;
use crate::{Options, Schedule};

async fn open(dir: &tempfile::TempDir) -> Core {
    let options = Options {
        data_dir: dir.path().to_owned(),
        contexts: Vec::new(),
        schedule: Schedule::Ignore,
    };
    Core::open(options).await.unwrap()
}

fn job(id: &str, schedule: Option<&str>, event: Option<&str>) -> Job {
    Job {
        id: id.to_owned(),
        command: "echo hello".to_owned(),
        active: true,
        schedule: schedule.map(str::to_owned),
        wait_for_event: event.map(str::to_owned),
        timeout_secs: 60,
        env: BTreeMap::new(),
        user: "ada".to_owned(),
        last: None,
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ids(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.id.as_str()).collect()
}

#[tokio::test]
async fn a_tick_counts_once_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (time("2026-03-01T09:59:00Z"), time("2026-03-01T10:00:01Z"));
    let core = open(&dir).await;
    core.save_job(&job("hourly", Some("0 * * * *"), None))
        .unwrap();
    core.save_job(&job("asleep", Some("0 5 * * *"), None))
        .unwrap();
    let paused = Job {
        active: false,
        ..job("paused", Some("0 * * * *"), None)
    };
    core.save_job(&paused).unwrap();
    assert_eq!(ids(&core.due(from, to, &TimeZone::UTC)), ["hourly"]);
    assert_eq!(ids(&core.due(from, to, &TimeZone::UTC)), [""; 0]);
    drop(core);
    let core = open(&dir).await;
    assert_eq!(ids(&core.due(from, to, &TimeZone::UTC)), [""; 0]);
    let later = time("2026-03-01T11:00:00Z");
    assert_eq!(ids(&core.due(to, later, &TimeZone::UTC)), ["hourly"]);
}

#[tokio::test]
async fn a_job_with_both_triggers_waits_for_the_event_after_the_tick() {
    let dir = tempfile::tempdir().unwrap();
    let core = open(&dir).await;
    core.save_job(&job("both", Some("0 * * * *"), Some("post_collect")))
        .unwrap();
    core.save_job(&job("event", None, Some("post_collect")))
        .unwrap();
    assert_eq!(ids(&core.woken("post_collect")), ["event"]);
    let (from, to) = (time("2026-03-01T09:59:00Z"), time("2026-03-01T10:00:01Z"));
    assert_eq!(ids(&core.due(from, to, &TimeZone::UTC)), [""; 0]);
    drop(core);
    let core = open(&dir).await;
    assert_eq!(ids(&core.woken("pre_collect")), [""; 0]);
    assert_eq!(ids(&core.woken("post_collect")), ["both", "event"]);
    assert_eq!(ids(&core.woken("post_collect")), ["event"]);
}

#[tokio::test]
async fn triggers_that_cannot_come_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let core = open(&dir).await;
    let error = core
        .save_job(&job("a", Some("every day"), None))
        .unwrap_err();
    assert!(
        error.message.starts_with("`every day` is not a schedule"),
        "{error}"
    );
    let error = core
        .save_job(&job("a", None, Some("post_colect")))
        .unwrap_err();
    assert_eq!(error.hint.unwrap(), "did you mean `post_collect`?");
    assert!(core.jobs().unwrap().is_empty());
}

#[tokio::test]
async fn a_job_runs_its_line_and_its_end_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let core = open(&dir).await;
    let wrong = Job {
        command: "search is(nothing_like_that)".to_owned(),
        ..job("wrong", None, None)
    };
    for (job, code) in [(job("right", None, None), 0), (wrong, 2)] {
        core.save_job(&job).unwrap();
        let end = core.run_line(&job).await;
        core.remember(&job.id, end);
        let kept: Job = core.jobs_kept().get(&job.id).unwrap().unwrap();
        let last = kept.last.unwrap();
        assert_eq!(last.exit_code, code);
        assert_eq!(last.error.is_some(), code != 0);
    }
    assert!(core.delete_job("right").unwrap());
    assert!(!core.delete_job("right").unwrap());
}

#[tokio::test]
async fn an_interrupted_job_runs_once_more_and_no_oftener() {
    let dir = tempfile::tempdir().unwrap();
    let core = open(&dir).await;
    for id in ["fresh", "old", "second"] {
        core.save_job(&job(id, None, None)).unwrap();
    }
    let hours = |hours| now() - SignedDuration::from_hours(hours);
    for (id, at, resumed) in [
        ("fresh", now(), false),
        ("old", hours(2), false),
        ("second", now(), true),
        ("gone", now(), false),
    ] {
        core.kept(STARTED)
            .put(id, &Started { at, resumed })
            .unwrap();
    }
    core.resume_jobs();
    let running: Vec<String> = core.running_jobs().into_iter().map(|run| run.id).collect();
    assert_eq!(running, ["fresh", "gone"]);
    while !core.running_jobs().is_empty() {
        tokio::task::yield_now().await;
    }
    let left: Vec<Result<(String, Started), _>> = core.kept(STARTED).list("").collect();
    assert!(left.is_empty());
    let ended = |id: &str| {
        let job: Job = core.jobs_kept().get(id).unwrap().unwrap();
        let last = job.last.unwrap();
        (last.exit_code, last.error)
    };
    assert_eq!(ended("fresh"), (0, None));
    let given_up = (1, Some("interrupted by a restart".to_owned()));
    assert_eq!(ended("old"), given_up);
    assert_eq!(ended("second"), given_up);
}

#[tokio::test]
async fn jobs_wait_for_what_the_core_tells_and_for_what_others_do() {
    let dir = tempfile::tempdir().unwrap();
    let core = open(&dir).await;
    for event in [
        "start_collect_workflow",
        "collect_done",
        "task_end",
        "config-updated",
        "deploy_finished",
    ] {
        core.save_job(&job(event, None, Some(event))).unwrap();
        assert_eq!(ids(&core.woken(event)), [event]);
    }
}
