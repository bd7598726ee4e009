//! The end of a run in this process: what runs is ended, and how it ended is told.

use std::time::Duration;

use actors::plans::forecast;
use protocol::Notice;
use tokio::time::timeout;

use super::{End, Pilot};
use crate::args::OutputFormat;
use crate::failure::{Failure, Kind};
use crate::output;
use crate::run::signals::stopped;
use crate::swarm::report::{Moment, Report};

/// How long a run may take to close.
const CLOSING: Duration = Duration::from_secs(10);

impl Pilot {
    /// Ends what runs; what is not finished can be resumed. A second signal does not wait.
    pub(super) async fn close(&mut self) -> Result<(), Failure> {
        let swarm = self.swarm.clone();
        let closing = async {
            swarm.close().await;
            while let Some(notice) = self.records.next().await {
                if let Notice::Record(record) = notice {
                    self.show.record(&record)?;
                }
            }
            Ok(())
        };
        tokio::select! {
            biased;
            // A run that hangs is left as a crash would leave it.
            _ = self.stops.next() => Ok(()),
            closed = timeout(CLOSING, closing) => closed.unwrap_or(Ok(())),
        }
    }

    /// That there is a plan, and nobody who said that it may be carried out.
    pub(super) fn unapproved(&self) -> Failure {
        let run = self.swarm.id().digits();
        let hint = format_args!("approve it with: formic swarm resume {run} --yes");
        Failure::new(Kind::Unapproved, "plan: nobody approved it", hint)
    }

    /// Says how it ended.
    pub(super) fn tell(&mut self, end: End) -> Result<u8, Failure> {
        self.show.clear();
        let (id, short) = (self.swarm.id(), self.swarm.id().digits());
        match end {
            End::Over if self.terms.dry_run => {
                output::note(&format!(
                    "nothing was done; carry it out with: formic swarm resume {short} --yes"
                ));
                return Ok(0);
            }
            End::Unapproved => {
                let failure = self.unapproved();
                output::note(&failure.to_string());
                return Ok(failure.kind.exit_code());
            }
            End::Over | End::Stopped(_) | End::Halted => {}
        }
        let lanes = self.show.view.lanes();
        let expected = || forecast(&self.show.view.plan(), lanes, &self.terms.tariff.prices);
        let expected = self.forecast.take().unwrap_or_else(expected);
        let moment = Moment::Leaving(self.source.now());
        let report = Report::new(&self.show.view, id, (Some(expected), moment));
        match self.show.format() {
            OutputFormat::Text => output::line(&report.text(self.show.paper()))?,
            OutputFormat::Json | OutputFormat::StreamJson | OutputFormat::Events => {
                self.show.object(report.json())?;
            }
        }
        match end {
            End::Stopped(cause) => {
                let failure = stopped(cause, &format!("formic swarm resume {short}"));
                output::note(&failure.to_string());
                Ok(failure.kind.exit_code())
            }
            End::Over | End::Unapproved | End::Halted => {
                if let Some(halt) = report.halt() {
                    output::note(&halt.to_string());
                }
                Ok(report.code())
            }
        }
    }
}
