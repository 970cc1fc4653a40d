//! The loop of a run: plan, send, judge, fold, prove, until a budget ends. Main type: [`Run`].

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::afterwards::Afterwards;
use super::book::Book;
use super::budget::Budget;
use super::keep::Keeper;
use super::lineage::Lineage;
use super::pipeline::{Pipeline, Slot};
use super::proving::Proving;
use super::target::{is_refused, probe};
use super::throttle::Throttle;
use super::time::sleep;
use super::witness::Witnesses;
use super::{Error, Options, shares, summary};
use crate::api::{Api, Operation};
use crate::clock;
use crate::engine::{self, Execution, Executor, Health, Latency, Novelty, Planned, Planner};
use crate::finding::Signature;
use crate::generate;
use crate::minimize::Minimizer;
use crate::oracle::Registry;
use crate::report::{Event, Progress, Reporter, Summary};
use crate::resource::Graph;
use crate::seed::Seed;
use crate::spec::Loaded;
use crate::triage::Prover;

/// How often progress is told.
const TICK: Duration = Duration::from_millis(200);
/// How many refused connections in a row count as an outage.
const OUTAGE: u32 = 8;
/// About how many requests the search for a smaller one may take.
const MINIMIZE_BUDGET: u64 = 100;
/// How long the target has to come back.
const RECOVERY: Duration = Duration::from_secs(10);

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Time,
    Requests,
    Exhausted,
    Interrupted,
    Unreachable,
}

pub(super) type Sent = (Slot, Arc<Planned>, Result<Execution, engine::Error>);

pub(super) struct Run<'a> {
    pub(super) executor: Executor,
    pub(super) proving: Proving,
    pub(super) registry: Arc<Registry>,
    pub(super) planner: Planner,
    pub(super) novelty: Novelty,
    pub(super) latency: Latency,
    pub(super) health: Health,
    pub(super) budget: Budget,
    pub(super) keeper: Keeper,
    pub(super) pipeline: Pipeline,
    pub(super) notices: Vec<String>,
    /// Requests of the run itself.
    pub(super) requests: u64,
    pub(super) refused_in_a_row: u32,
    pub(super) throttle: Throttle,
    pub(super) witnesses: Witnesses,
    pub(super) lineage: Lineage,
    pub(super) afterwards: Afterwards,
    /// Whether what may ruin the target has its turn.
    pub(super) is_late: bool,
    /// How many deaths that nobody accounted for were looked into.
    pub(super) inquiries: u32,
    /// How many deaths nobody was found for.
    pub(super) unexplained: usize,
    /// How many searches waited for a death a while after the answer.
    pub(super) late_searches: u32,
    /// Requests that cleaned up.
    pub(super) cleaning: u64,
    pub(super) reporter: &'a mut dyn Reporter,
    pub(super) options: &'a Options,
}

/// The cases that are under way.
pub(super) type UnderWay = FuturesUnordered<BoxFuture<'static, Sent>>;

impl<'a> Run<'a> {
    /// A run that has sent nothing yet.
    pub(super) fn new(
        loaded: &Loaded,
        operations: Vec<Arc<Operation>>,
        graph: Arc<Graph>,
        executor: Executor,
        options: &'a Options,
        reporter: &'a mut dyn Reporter,
    ) -> Result<Self, Error> {
        let identity = options.identity.clone();
        let generators = generate::standard(&options.values);
        let base_path = &options.target.base_path;
        let lineage = Lineage::new(Arc::clone(&graph));
        let mut planner = Planner::new(operations, graph, generators, shares::share, options.seed, identity, base_path);
        if options.races {
            planner.add_races();
        }
        let registry = Arc::new(Registry::default());
        let keeper = Keeper::open(loaded, options)?;
        let rejected = keeper.rejected().iter().map(|one| Signature::from_text(&one.id)).collect();
        let prover = Prover::new(executor.clone(), Arc::clone(&registry), options.proof);
        let minimizer = Minimizer::new(executor.clone(), Arc::clone(&registry), MINIMIZE_BUDGET)
            .keeping(options.values.fixed_texts());
        let names = Seed::new(clock::moment());
        Ok(Self {
            proving: Proving::new(prover, minimizer, names, Book::without(rejected)),
            executor,
            registry,
            planner,
            novelty: Novelty::default(),
            latency: Latency::default(),
            health: Health::new(&options.target.base_url()),
            budget: Budget::start(options.time, options.requests, options.rate),
            keeper,
            pipeline: Pipeline::default(),
            notices: Vec::new(),
            requests: 0,
            refused_in_a_row: 0,
            throttle: Throttle::new(options.concurrency),
            witnesses: Witnesses::default(),
            lineage,
            afterwards: Afterwards::default(),
            is_late: false,
            inquiries: 0,
            unexplained: 0,
            late_searches: 0,
            cleaning: 0,
            reporter,
            options,
        })
    }

    /// Fuzzes until a budget is used up or nothing is left to send, and proves what was seen.
    pub(super) async fn finish(mut self, loaded: &Loaded) -> Result<Summary, Error> {
        let ended = self.drive(&loaded.api).await?;
        let summary = summary::of(&self, &loaded.api, ended);
        self.reporter.event(&Event::Finished(&summary))?;
        Ok(summary)
    }

    async fn drive(&mut self, api: &Api) -> Result<Ended, Error> {
        let mut under_way = UnderWay::new();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let interrupt = tokio::signal::ctrl_c();
        tokio::pin!(interrupt);
        if let Some(process) = &self.executor.process {
            process.watch.forget();
        }
        if !self.options.protection.ruinous_last {
            self.planner.release();
        }
        self.remember(api)?;
        let ended = loop {
            self.look_into_falls().await?;
            self.suspect_deaths();
            if self.budget.is_late() && !self.is_late {
                Box::pin(self.begin_the_last(&mut under_way)).await?;
            }
            self.advance()?;
            self.proving.start(self.requests, false);
            self.dispatch(&mut under_way);
            if under_way.is_empty() && !self.proving.wants_quiet() && !self.pipeline.has_next() {
                break if self.budget.is_spent() { Ended::Requests } else { Ended::Exhausted };
            }
            let proofs_wait = self.proving.open() > 0 || self.pipeline.is_suspicious();
            let left = self.budget.left(proofs_wait).unwrap_or(Duration::MAX);
            let pause = self.budget.pause();
            let is_paused = !pause.is_zero() && self.pipeline.has_next() && !self.proving.wants_quiet();
            tokio::select! {
                biased;
                _ = &mut interrupt => break Ended::Interrupted,
                () = sleep(left) => break Ended::Time,
                _ = tick.tick() => self.progress()?,
                Some(sent) = under_way.next() => self.record_ready(sent, &mut under_way)?,
                Some(proved) = self.proving.next() => self.settle(proved?)?,
                () = tokio::time::sleep(pause), if is_paused => {}
            }
            if self.refused_in_a_row >= OUTAGE && !self.recovers().await? {
                break Ended::Unreachable;
            }
        };
        if ended == Ended::Time {
            self.take_in(&mut under_way).await?;
        }
        drop(under_way);
        self.fold_rest()?;
        if !matches!(ended, Ended::Unreachable | Ended::Interrupted) {
            self.look_into_last_fall().await?;
        }
        if ended == Ended::Time {
            self.last_turns().await?;
        }
        if ended != Ended::Unreachable {
            self.finish_proofs().await?;
        }
        if !matches!(ended, Ended::Unreachable | Ended::Interrupted) {
            Box::pin(self.finish_on_clean_target()).await?;
            self.tell_afterwards()?;
            self.tell_leaks().await?;
        }
        self.tell_deaths()?;
        self.keeper.save();
        self.keeper.keep_lessons(&self.planner.learned());
        self.tell_problems()?;
        self.progress()?;
        Ok(ended)
    }

    /// Begins with what earlier runs found worth keeping; at least half of the requests are left for what is new.
    fn remember(&mut self, api: &Api) -> Result<(), Error> {
        self.planner.recall(self.keeper.take_lessons());
        if let Some(recorded) = &self.options.recorded {
            self.planner.send_only_remembered();
            self.planner.release();
            let (room, all) = (self.budget.room(usize::MAX), recorded.iter().map(|one| one.scenario.steps.len()).sum());
            self.planner.remember(recorded.clone(), room);
            if room < all {
                self.notice(format!("of {all} requests only {room} are sent; a larger --requests sends the rest"))?;
            }
            return self.tell_problems();
        }
        let remembered = self.keeper.remembered(api);
        self.tell_problems()?;
        self.planner.remember(remembered, self.budget.room(usize::MAX) / 2);
        Ok(())
    }

    pub(super) fn tell_problems(&mut self) -> Result<(), Error> {
        for problem in self.keeper.take_problems() {
            self.notice(problem)?;
        }
        Ok(())
    }

    /// Plans and folds as far as the pipeline allows.
    fn advance(&mut self) -> Result<(), Error> {
        loop {
            if self.pipeline.wants_plan() {
                let size = self.budget.next_epoch(self.planner.epoch_size());
                let cases = self.planner.plan(size);
                self.budget.planned(cases.iter().map(Planned::requests).sum());
                self.pipeline.push(cases);
            } else if let Some(folded) = self.pipeline.fold() {
                self.fold(folded)?;
            } else {
                return Ok(());
            }
        }
    }

    /// Sends cases until enough are in flight. While a proof is under way nothing new is sent.
    fn dispatch(&mut self, under_way: &mut UnderWay) {
        let is_quiet = self.proving.wants_quiet();
        while !is_quiet && under_way.len() < self.throttle.window() && self.budget.pause().is_zero() {
            let Some((slot, planned)) = self.pipeline.next() else { return };
            self.budget.sent(planned.requests());
            let executor = self.executor.clone();
            // Where the target may be started anew, what it knew is gone.
            let whole = executor.process.as_ref().map(|_| self.planner.replayable(&planned));
            under_way.push(
                async move {
                    let result = executor.run_or(&planned.scenario, whole, planned.fresh).await;
                    (slot, planned, result)
                }
                .boxed(),
            );
        }
    }

    /// Judges what arrived, and what else has arrived by now: the next requests then go out together, and the target is
    /// woken once for all of them.
    fn record_ready(&mut self, first: Sent, under_way: &mut UnderWay) -> Result<(), Error> {
        let mut next = Some(first);
        while let Some(sent) = next {
            self.record(sent)?;
            next = under_way.next().now_or_never().flatten();
        }
        Ok(())
    }

    /// Nobody listens any more: waits for the target to come back.
    async fn recovers(&mut self) -> Result<bool, Error> {
        if let Some(trouble) = self.executor.process.as_ref().and_then(|process| process.watch.trouble()) {
            self.notice(format!("the target is down, and the run ends here: {trouble}"))?;
            return Ok(false);
        }
        self.notice("the target refuses connections; waiting for it to come back".to_owned())?;
        let mut waited = Duration::ZERO;
        while waited < RECOVERY {
            if !is_refused(&probe(&self.executor, self.options).await?) {
                self.refused_in_a_row = 0;
                self.notice("the target is back; the run goes on".to_owned())?;
                return Ok(true);
            }
            tokio::time::sleep(TICK).await;
            waited += TICK;
        }
        self.notice("the target did not come back; the run ends here".to_owned())?;
        Ok(false)
    }

    fn progress(&mut self) -> Result<(), Error> {
        let progress = Progress {
            elapsed: self.budget.elapsed(),
            time: self.options.time,
            requests: self.requests + self.proving.requests(),
            budget: self.options.requests,
            operations: self.planner.reports().count(),
            reached: self.planner.reached(),
            findings: self.proving.book().counts().clone(),
        };
        Ok(self.reporter.event(&Event::Progress(&progress))?)
    }

    pub(super) fn notice(&mut self, notice: String) -> Result<(), Error> {
        self.reporter.event(&Event::Notice(&notice))?;
        self.notices.push(notice);
        Ok(())
    }

    /// Gives a notice unless one that holds `key` was given.
    pub(super) fn notice_once(&mut self, key: &str, notice: impl FnOnce() -> String) -> Result<(), Error> {
        if self.notices.iter().any(|given| given.contains(key)) {
            return Ok(());
        }
        self.notice(notice())
    }
}
