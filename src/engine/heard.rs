//! What a target that is watched writes of itself while it lives, and when it is ended. Part of [`Watch`].

use super::alarm::{self, Alarm};
use super::execute::Execution;
use super::past::Recent;
use super::supervised::Watch;
use crate::target::Leaks;
use crate::wire::Outcome;

impl Watch {
    /// A report that nobody accounts for. Waits until nothing is under way if something was written that may be one.
    pub async fn take_alarm(&self) -> Option<Alarm> {
        if self.has_noticed() && !self.passes_over_chatter() {
            let _gate = self.gate.write().await;
            // The rest of the report is on its way.
            self.supervisor.settle(false).await;
            self.take_notice();
        }
        self.past().alarms.take()
    }

    /// The request of this report was found: it is not looked into again.
    pub fn settle_alarm(&self, alarm: &Alarm) {
        self.past().alarms.settle(&alarm.told);
    }

    /// What those told to have leaked that were ended, if they are asked to: one that has carried out something is replaced
    /// for that.
    pub async fn leaks(&self) -> Option<Leaks> {
        self.supervisor.leaks()?;
        let _gate = self.gate.write().await;
        self.stand_up(true).await;
        self.supervisor.leaks()
    }

    /// Passes over what is not worth waiting for, without the gate. Answers whether it did.
    fn passes_over_chatter(&self) -> bool {
        let (noticed, next) = (self.supervisor.noticed(), self.supervisor.mark());
        let mut past = self.past();
        let is_chatter = past.alarms.is_chatter(&self.supervisor.written(past.alarms.mark()));
        if is_chatter {
            past.alarms.look(noticed, next);
        }
        is_chatter
    }

    fn has_noticed(&self) -> bool {
        self.past().alarms.is_news(self.supervisor.noticed())
    }

    /// Looks at what was written since the last time. Called by whoever has the gate alone. What a process reports that
    /// then ends belongs to its death.
    pub(super) fn take_notice(&self) {
        let (noticed, next) = (self.supervisor.noticed(), self.supervisor.mark());
        let mut past = self.past();
        if !past.alarms.is_news(noticed) {
            return;
        }
        let mark = past.alarms.look(noticed, next);
        if self.supervisor.is_up() {
            let (lines, recent) = (self.supervisor.written(mark), std::mem::take(&mut past.recent));
            past.alarms.raise(&lines, &recent);
            past.recent = recent;
        }
    }

    /// Puts what was reported beside the answer of the scenario that was carried out alone.
    pub(super) fn account(&self, lines: &[String], recent: &Recent, execution: &mut Execution) {
        let (noticed, next) = (self.supervisor.noticed(), self.supervisor.mark());
        let mut past = self.past();
        past.alarms.look(noticed, next);
        // A proof looks for its own finding only: what else is reported for the first time is told as well.
        let run_id = recent.errand.run_id.clone();
        past.alarms.raise_once(lines, recent);
        drop(past);
        let reported = alarm::text_of(lines);
        let reported = reported.map(|text| run_id.map_or(text.clone(), |run_id| run_id.without(&text)));
        execution.reported = reported.map(Into::into);
        let last = execution.exchanges.last_mut().map(|exchange| &mut exchange.outcome);
        if let Some(Outcome::Response(response)) = last {
            response.reported.clone_from(&execution.reported);
        }
    }
}
