//! Proofs beside a run. Main type: [`Proving`].
//!
//! A grave suspicion is proved at once and alone, while nothing else is sent: what load does must not look like a bug. A
//! lesser one, such as an input that should have been refused, does not depend on load and is proved beside the run,
//! within a share of the requests. Contract remarks wait for the end.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;

use super::book::Book;
use super::proof::{Proof, Settled};
use crate::engine;
use crate::finding::{Finding, OracleId};
use crate::minimize::Minimizer;
use crate::report::Effort;
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::triage::{Confirmed, Prover, Suspicion};

/// One request in so many may prove lesser suspicions while the run goes on.
const SHARE: u64 = 6;
/// How many lesser suspicions are proved at once: beside the run, and when it is over.
const BESIDE: usize = 1;
const AT_END: usize = 4;

type Proved = Result<Settled, engine::Error>;

/// Suspicions, and the proofs under way.
pub(super) struct Proving {
    proof: Proof,
    book: Book,
    alone: Option<BoxFuture<'static, Proved>>,
    beside: FuturesUnordered<BoxFuture<'static, Proved>>,
    /// To be proved once more while nothing else is sent.
    doubted: Vec<Suspicion>,
    requests: u64,
    /// Requests of each search for something smaller.
    minimised: Vec<u64>,
    hurry: watch::Sender<bool>,
}

impl Proving {
    pub(super) fn new(prover: Prover, minimizer: Minimizer, names: Seed, book: Book) -> Self {
        let (hurry, hurried) = watch::channel(false);
        let proof = Proof { prover, minimizer, names, turns: Arc::default(), hurry: hurried };
        Self {
            hurry,
            proof,
            book,
            alone: None,
            beside: FuturesUnordered::new(),
            doubted: Vec::new(),
            requests: 0,
            minimised: Vec::new(),
        }
    }

    /// What was found.
    pub(super) fn book(&self) -> &Book {
        &self.book
    }

    /// Requests that proofs took.
    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    /// By which findings are sent again.
    pub(super) fn prover(&self) -> Prover {
        self.proof.prover.clone()
    }

    /// Another one each time.
    pub(super) fn fresh(&self) -> Seed {
        self.proof.fresh()
    }

    /// Proves and minimises a suspicion while nothing else is done. Nothing, if the target answered nobody.
    pub(super) async fn try_now(&mut self, suspicion: Suspicion) -> Result<Option<Confirmed>, engine::Error> {
        let settled = Box::pin(self.proof.clone().settle(suspicion)).await?;
        self.requests += settled.requests;
        self.minimised.extend(settled.minimising);
        Ok(settled.outcome.ok())
    }

    /// Proves a suspicion as it is while nothing else is done.
    pub(super) async fn prove_now(&mut self, suspicion: Suspicion) -> Result<Confirmed, engine::Error> {
        let proved = Box::pin(self.proof.prove(suspicion)).await?;
        self.requests += proved.requests;
        Ok(proved.confirmed)
    }

    /// Counts requests that proofs took.
    pub(super) fn spent(&mut self, requests: u64) {
        self.requests += requests;
    }

    /// What making findings smaller took.
    pub(super) fn minimisation(&self) -> Effort {
        Effort::of(self.minimised.clone())
    }

    /// Takes a suspicion in.
    pub(super) fn suspect(&mut self, suspicion: Suspicion) {
        self.book.suspect(suspicion);
    }

    /// Whether there is time only for what is grave, and none for making it smaller: a finding that is proved is kept as it
    /// is.
    pub(super) fn hurry(&mut self, is_hurried: bool) {
        self.hurry.send_replace(is_hurried);
    }

    /// Lets go of the proofs under way.
    pub(super) fn give_up(&mut self) {
        self.alone = None;
        self.beside.clear();
    }

    /// Begins what is due; `sent` requests went out in the run itself.
    pub(super) fn start(&mut self, sent: u64, is_over: bool) {
        while self.alone.is_none() {
            let Some(suspicion) = self.doubted.pop().or_else(|| self.book.next_grave()) else { break };
            let is_slow = Prover::is_slow(&suspicion) && !suspicion.is_quiet;
            let proof = self.proof.clone().settle(suspicion).boxed();
            if is_slow {
                // It makes the target hang again: the run need not wait for that.
                self.beside.push(proof);
            } else {
                self.alone = Some(proof);
            }
        }
        if *self.hurry.borrow() {
            return;
        }
        let (room, is_due) = if is_over { (AT_END, true) } else { (BESIDE, self.requests * SHARE <= sent) };
        while is_due && self.beside.len() < room {
            let Some(suspicion) = self.book.next_lesser(is_over) else { break };
            self.beside.push(self.proof.clone().settle(suspicion).boxed());
        }
    }

    /// Whether nothing else is to be sent now.
    pub(super) fn wants_quiet(&self) -> bool {
        self.alone.is_some() || self.book.is_pressing() || !self.doubted.is_empty()
    }

    /// Whether no proof is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.alone.is_none() && self.beside.is_empty()
    }

    /// How many suspicions are not settled.
    pub(super) fn open(&self) -> usize {
        self.book.waiting() + self.doubted.len() + self.beside.len() + usize::from(self.alone.is_some())
    }

    /// The next proof that ends; `None` if none is under way.
    pub(super) async fn next(&mut self) -> Option<Proved> {
        let (alone, beside) = (&mut self.alone, &mut self.beside);
        let proved = match alone {
            None => beside.next().await?,
            Some(proof) => {
                tokio::select! {
                    biased;
                    proved = proof => {
                        *alone = None;
                        proved
                    }
                    Some(proved) = beside.next() => proved,
                }
            }
        };
        Some(proved)
    }

    /// Takes the outcome of a proof in. Answers the finding if it is to be reported now.
    pub(super) fn settle(
        &mut self,
        Settled { suspected, outcome, requests, minimising }: Settled,
    ) -> Option<Confirmed> {
        self.requests += requests;
        self.minimised.extend(minimising);
        match outcome {
            Ok(confirmed) => self.book.prove(&suspected, &confirmed.finding, confirmed.ratio).then_some(confirmed),
            Err(suspicion) => {
                self.doubted.push(Suspicion { is_quiet: true, ..*suspicion });
                None
            }
        }
    }

    /// Whether the oracle may say something new of this scenario.
    pub(super) fn wants(&self, oracle: OracleId, scenario: &Scenario) -> bool {
        self.book.wants(oracle, scenario)
    }

    /// Whether a finding is worth keeping the traffic of.
    pub(super) fn is_new(&self, finding: &Finding) -> bool {
        self.book.is_new(finding)
    }
}
