//! Reports of a target that lives on, which no request accounts for: the suspects are sent again, alone. Main function:
//! [`culprit`]. Part of [`Run`].

use std::pin::pin;
use std::time::Duration;

use super::Error;
use super::falls::{Culprit, died, in_sequence};
use super::run::Run;
use super::time::{before, left};
use crate::engine::{self, Alarm, Executor, Manner, Watch};
use crate::scenario::Scenario;
use crate::seed::Seed;

impl Run<'_> {
    /// Looks into the reports that are not accounted for, as far as time allows.
    pub(super) async fn look_into_alarms(&mut self, watch: &Watch) -> Result<(), Error> {
        while let Some(alarm) = watch.take_alarm().await {
            let time = self.budget.left_for_proof().unwrap_or(Duration::MAX);
            let search = Box::pin(culprit(&self.executor, &alarm));
            let Some(found) = before(pin!(left(time)), search).await else { return Ok(()) };
            match found? {
                Search::Found(culprit) => {
                    watch.settle_alarm(&alarm);
                    self.accuse(culprit);
                }
                // Its death is looked into, and has the report for evidence.
                Search::Died => {}
                Search::Nothing => {
                    let (told, number) = (&alarm.told.title, alarm.suspects.len());
                    let notice = format!(
                        "the target reported {told}, and none of the last {number} requests makes it do so again, alone \
                         or in sequence"
                    );
                    self.notice_once(&notice.clone(), || notice)?;
                }
            }
        }
        Ok(())
    }
}

/// What came of a search.
enum Search {
    Found(Culprit),
    /// The target died of one of them.
    Died,
    Nothing,
}

/// Which of the suspects makes the target report the same: one alone, or as few as possible in sequence. What a process
/// tells only once is asked of a new one; anything else first of the one that is there, with all that it knows.
async fn culprit(executor: &Executor, alarm: &Alarm) -> Result<Search, engine::Error> {
    let alone = executor.in_manner(Manner::Alone);
    let afresh = executor.in_manner(Manner::Afresh);
    if !alarm.is_told_once {
        let (named, others) = alarm.suspects.split_at(alarm.named);
        // It was most likely one of the last.
        for (scenario, fresh) in named.iter().chain(others.iter().rev()) {
            let execution = alone.run(scenario, *fresh).await?;
            if alarm.is_raised_by(&execution) {
                return Ok(Search::Found(Culprit::of(scenario, execution)));
            }
        }
    }
    // One new process for all: who is sent when it reports is known, since each is sent alone.
    for (index, (scenario, fresh)) in alarm.suspects.iter().enumerate() {
        let manner = if index == 0 { &afresh } else { &alone };
        // What they make must have names that the target has not seen.
        let execution = manner.run(scenario, fresh.child("alarm", index as u64)).await?;
        if died(&execution) {
            return Ok(Search::Died);
        }
        if !alarm.is_raised_by(&execution) {
            continue;
        }
        let again = afresh.run(scenario, *fresh).await?;
        if alarm.is_raised_by(&again) {
            return Ok(Search::Found(Culprit::of(scenario, again)));
        }
        return sequence(&afresh, alarm, &alarm.suspects[..=index]).await;
    }
    Ok(Search::Nothing)
}

async fn sequence(afresh: &Executor, alarm: &Alarm, suspects: &[(Scenario, Seed)]) -> Result<Search, engine::Error> {
    let found = in_sequence(afresh, suspects, &|execution| alarm.is_raised_by(execution)).await?;
    Ok(found.map_or(Search::Nothing, Search::Found))
}
